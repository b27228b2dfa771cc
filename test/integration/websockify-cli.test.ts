import { lookup } from 'node:dns/promises';
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, spawnBridge } from '../support/bridge-process.ts';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { findProgram, suite } from '../support/packages.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Misuse that both refuse. Port 1 of localhost is never reached: nothing may be started. */
const MISUSE = [
  '',
  '6080',
  'a localhost:1',
  'x:y localhost:1',
  '6080 nowhere',
  '6080 localhost:x',
  '6080 localhost:1 more',
  '--token-source=x 6080',
  '--host-token 6080',
  '--auth-source=x 6080 localhost:1',
  '--web-auth 6080 localhost:1',
  '--web-auth --auth-plugin=BasicHTTPAuth 6080 localhost:1',
  '--legacy-syslog 6080 localhost:1',
  '--syslog=a:b 6080 localhost:1',
  '--ssl-only 6080 localhost:1',
  '--ssl-only --cert=missing.pem 6080 localhost:1',
  '--ssl 6080 localhost:1',
  '--timeout=soon 6080 localhost:1',
  '--idle-timeout=1.5 6080 localhost:1',
  '--heartbeat=x 6080 localhost:1',
  '--timeout',
  '6080 localhost:1 --record',
  '--daemon=yes 6080 localhost:1',
  '--verbose=1 6080 localhost:1',
  '--nosuch 6080 localhost:1',
  '-x 6080 localhost:1',
  '--ssl-version=tls 6080 localhost:1',
  '--ssl-version=tlsv1 6080 localhost:1',
  '--wrap-mode=never 6080 localhost:1',
  '6080 --',
  '--token-plugin=TokenFile 6080 localhost:1',
  '--unix-target=/x 6080 localhost:1',
  '--target-config=x 6080 localhost:1',
  '--inetd',
];

/** What ends both before anything is started, with status 0. */
const HELP = ['--help', '-h', '-6h', '--hel', '--help --nosuch'];

async function outcome(program: string, args: readonly string[]): Promise<{ status: number | null; text: string }> {
  const { code, stdout, stderr } = await runChild(program, args, { cwd: tempDir() });
  return { status: code, text: code === 0 ? stdout : stderr };
}

/** The long options that a help describes. */
const optionsIn = (text: string): string[] => text.match(/(?<=^\s+(?:-\w, )?(?:-\w, )?)--[\w-]+/gm) ?? [];

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

suite('misuse of the command line', { needs: ['websockify'] }, () => {
  const ancestor = findProgram('websockify') ?? '';

  test.each(MISUSE)('websockify %s', async (line) => {
    const [theirs, ours] = await Promise.all([
      outcome(ancestor, words(line)),
      outcome(process.execPath, [BIN, 'websockify', ...words(line)]),
    ]);
    expect(theirs.status).toBe(2);
    expect(ours.status).toBe(2);
    for (const { text } of [theirs, ours]) expect(text).toMatch(/^Usage:\s+websockify \[options\] /);
    expect(ours.text).toMatch(/\nbascule: error USAGE: [^\n]+\n$/);
  });

  test.each(HELP)('websockify %s', async (line) => {
    const [theirs, ours] = await Promise.all([
      outcome(ancestor, words(line)),
      outcome(process.execPath, [BIN, 'websockify', ...words(line)]),
    ]);
    expect([theirs.status, ours.status]).toEqual([0, 0]);
    // Every option of theirs is in our help, too.
    for (const option of optionsIn(theirs.text)) expect(optionsIn(ours.text)).toContain(option);
  });
});

describe('a link to bascule', () => {
  test('takes the command line of its name, wherever it is called', async () => {
    const directory = tempDir();
    const made = await runChild(process.execPath, [BIN, 'link', 'websockify', '--dir', directory]);
    expect(made).toMatchObject({ code: 0, stdout: `${join(directory, 'websockify')}\n` });
    const { code, stderr } = await runChild(join(directory, 'websockify'), ['--ssl'], { cwd: '/' });
    expect(code).toBe(2);
    expect(stderr).toContain('--ssl may mean');
  });

  test('is put beside the link by which bascule itself was called', async () => {
    const directory = tempDir();
    const program = join(directory, 'bascule');
    symlinkSync(BIN, program);
    const env = { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}` };
    for (const name of ['websockify', 'wsproxy', 'wswrap']) {
      const { code, stderr } = await runChild(program, ['link', name], { env });
      expect(`${code} ${stderr}`).toBe('0 ');
      const help = await runChild(name, ['--help'], { env });
      expect(help.stdout).toContain(`Usage: ${name} [options]`);
    }
    expect(readlinkSync(join(directory, 'wsproxy'))).toBe(BIN);
  });

  test('is made once, and over nothing that is not ours', async () => {
    const directory = tempDir();
    const link = (name: string): ReturnType<typeof runChild> =>
      runChild(process.execPath, [BIN, 'link', name, '--dir', directory]);
    expect((await link('wswrap')).code).toBe(0);
    expect(await link('wswrap')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is there already') as string,
    });
    writeFileSync(join(directory, 'websockify'), 'another program');
    symlinkSync('/nowhere', join(directory, 'wsproxy'));
    for (const name of ['websockify', 'wsproxy']) {
      const { code, stderr } = await link(name);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^bascule: error LINK_FAILED: .* is there already and is not ours/);
    }
  });

  test('has a name that means something', async () => {
    const { code, stderr } = await runChild(process.execPath, [BIN, 'link', 'websokify', '--dir', tempDir()]);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean websockify?');
  });

  test('needs a directory when bascule stands in its own package', async () => {
    const { code, stderr } = await runChild(process.execPath, [BIN, 'link', 'websockify']);
    expect(code).toBe(1);
    expect(stderr).toContain('--dir');
  });
});

test('a bare port listens on every IPv4 address, with -6 on every address', async () => {
  const target = await TcpTarget.listen(echo);
  for (const [flags, addresses] of [
    [[], ['127.0.0.1', '127.0.0.2']],
    [['-6'], ['127.0.0.1', '[::1]']],
  ] as const) {
    const bridge = await spawnBridge(['websockify', ...flags, '0', target.address]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    for (const address of addresses) {
      const client = await WsClient.open(`ws://${address}:${bridge.port}/websockify`);
      client.send('hello');
      expect((await client.receive(5)).toString()).toBe('hello');
      await client.close();
    }
    expect(bridge.output).not.toContain('only this machine');
    await bridge.stop();
  }
});

test('a host name is listened on at its IPv4 address, with -6 at its IPv6 address where it has one', async () => {
  const target = await TcpTarget.listen(echo);
  const hasIpv6 = (await lookup('localhost', { all: true })).some(({ family }) => family === 6);
  for (const [flags, address] of [
    [[], '127.0.0.1'],
    [['-6'], hasIpv6 ? '[::1]' : '127.0.0.1'],
  ] as const) {
    const bridge = await spawnBridge(['websockify', ...flags, 'localhost:0', target.address]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const client = await WsClient.open(`ws://${address}:${bridge.port}/`);
    expect(await client.close()).toMatchObject({ code: 1000 });
    await bridge.stop();
  }
});

suite("noVNC's novnc_proxy", { needs: ['novnc'] }, () => {
  test('runs the first websockify in PATH, and gets what it needs', async () => {
    const directory = tempDir();
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    writeFileSync(join(directory, 'vnc.html'), '<title>a page</title>');
    await runChild(process.execPath, [BIN, 'link', 'websockify', '--dir', bin]);
    const target = await TcpTarget.listen(echo);
    const port = await freePort();
    const PATH = [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    const proxy = new Child(
      '/usr/share/novnc/utils/novnc_proxy',
      [
        `--listen ${port} --vnc ${target.address} --web ${directory} --heartbeat 20`.split(' '),
        `--idle-timeout 60 --timeout 60 --record ${join(directory, 'session')}`.split(' '),
      ].flat(),
      { cwd: directory, env: { ...process.env, PATH }, detached: true },
    );
    atTestEnd(() => process.kill(-proxy.pid, 'SIGTERM'));
    await proxy.waitForOutput(/Navigate to this URL/);
    expect(proxy.output).toContain(`Using installed websockify at ${join(bin, 'websockify')}`);
    // It says so after a second, whether its bridge listens or not.
    const page = await until('the bridge listens', () => pageAt(`http://127.0.0.1:${port}/vnc.html`).catch(() => null));
    expect(page).toContain('a page');
    const client = await WsClient.open(`ws://127.0.0.1:${port}/websockify`, { protocols: ['binary'] });
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
    await client.close();
  });
});

function pageAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
