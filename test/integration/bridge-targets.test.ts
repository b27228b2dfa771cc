import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { BIN, spawnBridge, startBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { clientFrame, CONTINUATION, handshakeRequest, RawClient } from '../support/raw-client.ts';
import { echo, greeter, sha256, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** A UDP service that answers each datagram with its length and its bytes. */
async function udpService(host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<number> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (data, from) => {
    socket.send(Buffer.concat([Buffer.from(`${data.length}:`), data]), from.port, from.address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  atTestEnd(() => socket.close());
  return socket.address().port;
}

/** A TLS server that echoes, until the test ends. */
async function tlsTarget(options: TlsOptions): Promise<number> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => undefined);
    echo(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTestEnd(() => server.close());
  return (server.address() as { port: number }).port;
}

/** Starts the bridge on a Unix socket. */
async function spawnUnix(path: string, target: string): Promise<Child> {
  const bridge = new Child(process.execPath, [BIN, `unix:${path}`, target]);
  atTestEnd(() => bridge.stop('SIGKILL'));
  await until('the socket is there', () => {
    if (bridge.ended) throw new Error(bridge.output);
    return statSync(path, { throwIfNoEntry: false })?.isSocket();
  });
  return bridge;
}

describe('a UDP target', () => {
  test('gets one datagram for one message and gives one message for one datagram', async () => {
    const bridge = await startBridge(`udp://127.0.0.1:${await udpService()}`);
    const client = await WsClient.open(bridge.url);
    const messages = [Buffer.from('one'), Buffer.alloc(0), randomBytes(1400), randomBytes(9000)];
    for (const [i, message] of messages.entries()) {
      client.send(message);
      const answer = await until('the answer has come', () => client.messages[i]);
      expect(answer.data).toEqual(Buffer.concat([Buffer.from(`${message.length}:`), message]));
    }
    expect((await client.close()).code).toBe(1000);
  });

  test('gets a fragmented message as one datagram', async () => {
    const bridge = await startBridge(`udp://127.0.0.1:${await udpService()}`);
    const client = await RawClient.open(bridge.port);
    client.write(clientFrame('frag', { fin: false }));
    client.write(clientFrame('men', { fin: false, opcode: CONTINUATION }));
    client.write(clientFrame('ts', { opcode: CONTINUATION }));
    expect((await client.readFrame()).payload.toString()).toBe('9:fragments');
  });

  test('cannot be sent more than a datagram holds', async () => {
    const bridge = await startBridge(`udp://127.0.0.1:${await udpService()}`);
    const client = await WsClient.open(bridge.url);
    client.send(Buffer.alloc(70_000));
    expect(await client.whenClosed()).toEqual({ code: 1009, reason: 'The message is too large for a datagram.' });
  });

  test('may have an IPv6 address', async () => {
    const bridge = await startBridge(`udp://[::1]:${await udpService('::1')}`);
    const client = await WsClient.open(bridge.url);
    client.send('six');
    expect((await client.receive(5)).toString()).toBe('3:six');
  });
});

describe('a Unix socket', () => {
  test('as a target carries megabytes', async () => {
    const path = join(tempDir(), 'target.sock');
    await TcpTarget.listen(greeter('hello from a file\n'), { path });
    const bridge = await startBridge(`unix:${path}`);
    const client = await WsClient.open(bridge.url);
    expect((await client.receive(18)).toString()).toBe('hello from a file\n');
    const data = randomBytes(2_000_000);
    client.send(data);
    expect(sha256((await client.receive(18 + data.length)).subarray(18))).toBe(sha256(data));
  });

  test('as a listener takes clients, and only those of its owner', async () => {
    const target = await TcpTarget.listen(echo);
    const path = join(tempDir(), 'bridge.sock');
    const bridge = await spawnUnix(path, target.address);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = connect(path);
    atTestEnd(() => client.destroy());
    client.write(Buffer.concat([Buffer.from(handshakeRequest(0)), clientFrame('over a file')]));
    let received = '';
    client.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    await until('the echo has come', () => received.endsWith('over a file'));
    client.destroy();
    await bridge.stop();
    expect(() => statSync(path)).toThrow(/ENOENT/);
  });
});

/** Answers each datagram with its bytes reversed, to whoever sent it. */
const DATAGRAM_PEER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True:
    data, peer = s.recvfrom(1 << 20)
    s.sendto(data[::-1], peer)
`;

suite('a Unix datagram target', { needs: ['cc', 'C headers', 'python:websockets'] }, () => {
  test('gets one datagram for one message and gives one message for one datagram', async () => {
    const path = join(tempDir(), 'peer.sock');
    const peer = new Child(PYTHON, ['-u', '-c', DATAGRAM_PEER, path]);
    atTestEnd(() => peer.stop('SIGKILL'));
    await peer.waitForOutput(/ready/);
    const bridge = await startBridge(`unix-dgram:${path}`);
    const client = await WsClient.open(bridge.url);
    const messages = [Buffer.from('stressed'), randomBytes(10_000), Buffer.from('a')];
    for (const [i, message] of messages.entries()) {
      client.send(message);
      expect((await until('the answer has come', () => client.messages[i])).data).toEqual(
        Buffer.from(message.toReversed()),
      );
    }
    await client.close();
  });
});

suite('TLS', { needs: ['openssl'] }, () => {
  test('clients with and without it share a port', async () => {
    const target = await TcpTarget.listen(echo);
    const { cert, certFile, keyFile } = makeCertificate();
    const bridge = await startBridge(target.address, '--cert', certFile, '--key', keyFile);
    expect(bridge.url).toMatch(/^wss:/);
    const data = randomBytes(3_000_000);
    for (const url of [`wss://127.0.0.1:${bridge.port}/`, `ws://127.0.0.1:${bridge.port}/`]) {
      const client = await WsClient.open(url, { ca: cert });
      client.send(data);
      expect(sha256(await client.receive(data.length))).toBe(sha256(data));
      expect((await client.close()).code).toBe(1000);
    }
  });

  test('is demanded by --tls-only', async () => {
    const target = await TcpTarget.listen(echo);
    const { cert, certFile, keyFile } = makeCertificate();
    const bridge = await startBridge(target.address, '--cert', certFile, '--key', keyFile, '--tls-only');
    const plain = new RawClient(bridge.port);
    plain.write(handshakeRequest(bridge.port));
    await plain.whenEnded();
    const client = await WsClient.open(bridge.url, { ca: cert });
    client.send('safe');
    expect((await client.receive(4)).toString()).toBe('safe');
  });

  test('is not spoken in old versions', async () => {
    const target = await TcpTarget.listen(echo);
    const { certFile, keyFile } = makeCertificate();
    const bridge = await startBridge(target.address, '--cert', certFile, '--key', keyFile, '--verbose');
    const old = {
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const;
    const error = await new Promise<Error>((resolve) => {
      get(`https://127.0.0.1:${bridge.port}/`, old).on('error', resolve);
    });
    expect(error.message).toMatch(/version|alert|ECONNRESET|socket hang up/);
    await bridge.waitForLine(/TLS_HANDSHAKE_FAILED/);
  });

  test('to a target is verified', async () => {
    const ca = makeCertificate({ cn: 'Test Authority', authority: true });
    const { cert, key } = makeCertificate({ cn: 'target.example', ca });
    const port = await tlsTarget({ cert, key });
    const bridge = await startBridge(`tls://127.0.0.1:${port}`, '--target-ca', ca.certFile);
    const client = await WsClient.open(bridge.url);
    const data = randomBytes(3_000_000);
    client.send(data);
    expect(sha256(await client.receive(data.length))).toBe(sha256(data));
    await client.close();
  });

  test('to a target that nobody vouches for is refused', async () => {
    const { cert, key } = makeCertificate();
    const port = await tlsTarget({ cert, key });
    const refused = await startBridge(`tls://127.0.0.1:${port}`);
    const client = await WsClient.open(refused.url);
    expect(await client.whenClosed()).toEqual({ code: 1011, reason: 'The TLS handshake with the target failed.' });
    const careless = await startBridge(`tls://127.0.0.1:${port}`, '--target-no-verify');
    const trusting = await WsClient.open(careless.url);
    trusting.send('anyway');
    expect((await trusting.receive(6)).toString()).toBe('anyway');
  });

  test('to a target with another name is refused, unless that name is asked for', async () => {
    const ca = makeCertificate({ cn: 'Test Authority', authority: true });
    const { cert, key } = makeCertificate({ cn: 'right.example', ca });
    const target = `tls://127.0.0.1:${await tlsTarget({ cert, key })}`;
    const wrong = await startBridge(target, '--target-ca', ca.certFile, '--target-servername', 'wrong.example');
    expect((await (await WsClient.open(wrong.url)).whenClosed()).code).toBe(1011);
    const right = await startBridge(target, '--target-ca', ca.certFile, '--target-servername', 'right.example');
    const client = await WsClient.open(right.url);
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
  });

  test('to a target shows a client certificate that is asked for', async () => {
    const ca = makeCertificate({ cn: 'Test Authority', authority: true });
    const { cert, key } = makeCertificate({ cn: 'right.example', ca });
    const ours = makeCertificate({ cn: 'bridge.example', ca });
    const port = await tlsTarget({ cert, key, ca: ca.cert, requestCert: true, rejectUnauthorized: true });
    const certificate = ['--target-cert', ours.certFile, '--target-key', ours.keyFile];
    const bridge = await startBridge(`tls://127.0.0.1:${port}`, '--target-ca', ca.certFile, ...certificate);
    const client = await WsClient.open(bridge.url);
    client.send('it is me');
    expect((await client.receive(8)).toString()).toBe('it is me');
  });
});

describe('the built-in targets', () => {
  test('echo: sends everything back', async () => {
    const bridge = await startBridge('echo:');
    const client = await WsClient.open(bridge.url);
    const data = randomBytes(500_000);
    client.send(data);
    expect(sha256(await client.receive(data.length))).toBe(sha256(data));
  });

  test('demo: greets and counts lines', async () => {
    const bridge = await startBridge('demo:');
    const client = await WsClient.open(bridge.url);
    await until('it has greeted', () => client.received > 0);
    client.send('lines 500\r\n');
    await until('it has counted to 500', () => /\b500\b/.test(client.data.toString().split('lines 500').at(-1)!));
    expect((await client.close()).code).toBe(1000);
  });
});

describe('routes', () => {
  test('lead by path and by host to their targets', async () => {
    const [vnc, ssh, other] = await Promise.all(['vnc', 'ssh', 'other'].map((name) => TcpTarget.listen(greeter(name))));
    const config = join(tempDir(), 'bridge.yaml');
    const text = `listen: 127.0.0.1:0
routes:
  - path: /vnc
    target: ${vnc!.address}
  - path: /shells/*
    target: tcp://${ssh!.address}
  - host: other.example
    target: ${other!.address}
`;
    writeFileSync(config, text);
    const bridge = await spawnBridge(['serve', '--config', config]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const greeting = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
      const client = await WsClient.open(new URL(path, bridge.url).href, { headers });
      await until('it has greeted', () => client.received > 0);
      return client.data.toString();
    };
    expect(await greeting('/vnc')).toBe('vnc');
    expect(await greeting('/vnc?token=1')).toBe('vnc');
    expect(await greeting('/shells/7')).toBe('ssh');
    expect(await greeting('/', { Host: 'OTHER.example:99' })).toBe('other');
    const lost = new RawClient(bridge.port);
    lost.write(handshakeRequest(bridge.port, '/nowhere'));
    expect(await lost.readHead()).toMatch(/^HTTP\/1\.1 404 /);
  });
});

suite('an inherited listener', { needs: ['python:websockets'] }, () => {
  test('is taken over from the parent process', async () => {
    const target = await TcpTarget.listen(echo);
    const program = `
import os, socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(16)
print('port', s.getsockname()[1], flush=True)
os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
os.execv(sys.argv[1], sys.argv[1:])
`;
    const bridge = new Child(PYTHON, ['-c', program, process.execPath, BIN, 'fd:3', target.address]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const [, port] = await bridge.waitForOutput(/port (\d+)/);
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('inherited');
    expect((await client.receive(9)).toString()).toBe('inherited');
    expect((await bridge.stop()).code).toBe(0);
  });
});
