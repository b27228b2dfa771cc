import { expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { runPython } from '../support/python.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';

const TALK = `subprotocol binary
echo 3000000
fragments fragments
text Grüße
ping
closed 1000
extensions 0
`;

suite("Python's websockets as the client", { needs: ['python:websockets', 'openssl'] }, () => {
  test('talks through the bridge', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address);
    expect(await runPython('python_client.py', [bridge.url])).toBe(TALK);
  });

  test('talks through the bridge over TLS', async () => {
    const target = await TcpTarget.listen(echo);
    const { certFile, keyFile } = makeCertificate();
    const bridge = await startBridge(target.address, '--cert', certFile, '--key', keyFile);
    expect(await runPython('python_client.py', [`wss://localhost:${bridge.port}/`, certFile])).toBe(TALK);
  });
});
