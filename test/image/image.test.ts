import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';
import { buildah, Container } from './container.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const IMAGE = 'localhost/bascule-test';
const { version, dependencies, devDependencies, peerDependencies } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
) as Record<'dependencies' | 'devDependencies' | 'peerDependencies', Record<string, string>> & { version: string };

let container: Container;
/** The files of the image. */
let files: string;

beforeAll(() => {
  execFileSync(process.execPath, [path.join(ROOT, 'scripts/image.mjs'), '--tag', IMAGE], { stdio: 'inherit' });
  container = new Container(IMAGE);
  files = buildah('mount', container.name);
}, 1_200_000);

afterAll(() => container.remove());

function inImage(file: string): string {
  return path.join(files, file);
}

describe('the image', () => {
  test('is small', () => {
    const size = buildah('images', '--format', '{{.Size}}', IMAGE);
    process.stdout.write(`The image has ${size}.\n`);
    const [, number = '', unit = ''] = /^([\d.]+) (\w+)$/.exec(size) ?? [];
    expect(unit).toBe('MB');
    expect(Number(number)).toBeLessThan(250);
  });

  test('says how it wants to be run', () => {
    const { User, ExposedPorts, Volumes, Healthcheck, Labels } = container.config;
    expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(Object.keys(ExposedPorts).toSorted()).toEqual(['443/tcp', '80/tcp']);
    expect(Object.keys(Volumes).toSorted()).toEqual(['/opt/websockify/config', '/opt/websockify/data']);
    expect(Healthcheck.Test[0]).toBe('CMD');
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'Bascule',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'MIT',
    });
  });

  test.each(['bascule', 'websockify', 'wsproxy', 'wswrap', 'websocksy', 'wsecho', 'wstest'])(
    'has %s in its path',
    (name) => {
      expect(readlinkSync(inImage(`usr/local/bin/${name}`))).toBe('/opt/bascule/bin/bascule.mjs');
    },
  );

  test('has what the bridge needs, and nothing that built it', () => {
    const packages = readdirSync(inImage('opt/bascule/node_modules')).flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(inImage(`opt/bascule/node_modules/${name}`)).map((inner) => `${name}/${inner}`)
        : [name],
    );
    const wanted = [
      ...Object.keys(dependencies),
      ...Object.keys(peerDependencies).filter((name) => devDependencies[name]),
    ];
    expect(packages).toEqual(expect.arrayContaining(wanted));
    expect(packages.filter((name) => name in devDependencies && !(name in peerDependencies))).toEqual([]);
    const tools = ['cc', 'gcc', 'make', 'npm', 'npx', 'python3', 'git'];
    const places = ['usr/bin', 'usr/local/bin'];
    expect(places.flatMap((place) => tools.filter((tool) => existsSync(inImage(`${place}/${tool}`))))).toEqual([]);
    expect(readdirSync(inImage('opt/bascule')).toSorted()).toEqual([
      'LICENSE',
      'bin',
      'dist',
      'docker',
      'node_modules',
      'package.json',
    ]);
  });

  test('has the native parts', () => {
    const parts = readdirSync(inImage('opt/bascule/dist/native'), { recursive: true, encoding: 'utf8' });
    expect(parts.map((part) => path.basename(part))).toEqual(expect.arrayContaining(['rebind.so', 'unix-dgram.node']));
  });

  test('tells nothing of the machine and the settings it was built with', () => {
    const settings = ['root/.npmrc', 'root/.npm', 'run/secrets', 'etc/apt/apt.conf'];
    expect(settings.filter((file) => existsSync(inImage(file)))).toEqual([]);
    // A container engine lays its own over these; where they are, they are empty.
    const ofTheEngine = ['etc/resolv.conf', 'etc/hostname', 'etc/hosts']
      .map(inImage)
      .filter((file) => existsSync(file));
    expect(ofTheEngine.map((file) => readFileSync(file, 'utf8')).join('')).toBe('');
  });
});

describe('its entry point', () => {
  test('is websockify', async () => {
    const { code, stderr } = await container.start('no-port', 'target:1');
    expect(code).toBe(2);
    expect(stderr).toContain('[source_addr:]source_port');
  });

  test.each([
    [['bascule', '--version'], new RegExp(`^bascule ${version.replaceAll('.', '\\.')}\n`)],
    [['bascule', 'run', '--help'], /TARGET/],
    [['websockify', '--help'], /source_port/],
    [['wsproxy', '--help'], /source_port/],
    [['wswrap', '--help'], /wswrap/],
    [['websocksy', '--help'], /websocksy CONFIG_FILE/],
  ])('takes a command line by its name: %j', async (words, output) => {
    const { code, stdout } = await container.start(...words);
    expect(stdout).toMatch(output);
    expect(code).toBe(0);
  });
});

describe('the bridge in the image', () => {
  test('serves a session, is not root, is healthy, and ends cleanly', async () => {
    const target = await TcpTarget.listen(echo);
    const port = await freePort();
    const service = await container.serve([String(port), target.address]);
    expect(service.userIds).toEqual([10_001, 10_001, 10_001, 10_001]);

    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    const data = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff));
    client.send(data);
    expect((await client.receive(data.length)).equals(data)).toBe(true);

    expect(await container.checkHealth()).toMatchObject({ code: 0, stdout: `127.0.0.1:${port}: fine\n` });
    expect(await service.stop('SIGTERM')).toBe(0);
    expect((await client.whenClosed()).code).toBe(1001);
  });

  test("takes the line that the image of websockify was started with: port 80, nobody's privilege", async () => {
    const service = await container.serveAlone(['80', 'localhost:5900']);
    expect(service.userIds).not.toContain(0);
    expect(await container.checkHealth(service)).toMatchObject({ code: 0, stdout: '127.0.0.1:80: fine\n' });
  });

  test('finds certificates in its volume, by their relative path', async () => {
    const config = tempDir();
    chmodSync(config, 0o755);
    const { cert, key } = makeCertificate();
    writeFileSync(path.join(config, 'server.pem'), cert + key);
    const target = await TcpTarget.listen(echo);
    const port = await freePort();
    const volume = ['--volume', `${config}:/opt/websockify/config:ro`];
    await container.serve([String(port), target.address, '--cert=config/server.pem', '--ssl-only'], volume);
    const client = await WsClient.open(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false });
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
    expect(await container.checkHealth()).toMatchObject({ code: 0 });
  });

  test('may write to the data volume', async () => {
    const { code, stderr } = await container.run(['sh', '-c', 'echo x >data/x && rm data/x']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('serves a config file with its native command line', async () => {
    const config = tempDir();
    chmodSync(config, 0o755);
    const port = await freePort();
    writeFileSync(path.join(config, 'bridge.yaml'), `listen: 127.0.0.1:${port}\ntarget: 'echo:'\n`);
    const words = ['serve', '--config', '/opt/websockify/config/bridge.yaml'];
    const command = [...container.config.Entrypoint, 'bascule', ...words];
    const volume = ['--volume', `${config}:/opt/websockify/config:ro`];
    await container.spawn(container.command(command, volume), words);
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('native');
    expect((await client.receive(6)).toString()).toBe('native');
  });

  test('is not healthy when it hangs or is gone', async () => {
    const port = await freePort();
    const service = await container.serve([String(port), 'localhost:1']);
    process.kill(service.pid, 'SIGSTOP');
    expect(await container.checkHealth()).toMatchObject({ code: 1 });
    process.kill(service.pid, 'SIGCONT');
    await until('it is healthy again', async () => (await container.checkHealth()).code === 0);
    await service.stop('SIGTERM');
    const { code, stderr } = await container.checkHealth();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^no bridge is running\n/);
  });
});
