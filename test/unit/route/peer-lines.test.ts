import { describe, expect, test } from 'vitest';
import { choosePeerLine, parsePeerLines } from '../../../src/route/peer-lines.ts';

const lineFor = (text: string, ...offered: string[]): number | null =>
  choosePeerLine(parsePeerLines(text), offered)?.line ?? null;

describe('the lines of a peer file', () => {
  test('have a peer, a subprotocol, and perhaps a framing with its config', () => {
    const text = [
      '# consoles',
      '',
      'tcp://vm:5900 binary',
      '\tudp://vm:53   *  auto \r',
      'unix:///run/app.sock chat newline crlf',
      'tcp://vm:7 raw separator a b  c ',
    ].join('\n');
    expect(parsePeerLines(text)).toEqual([
      { line: 3, subprotocol: 'binary', peer: { kind: 'tcp', host: 'vm', port: 5900 }, framing: null },
      {
        line: 4,
        subprotocol: '*',
        peer: { kind: 'udp', host: 'vm', port: 53 },
        framing: { name: 'auto', config: null },
      },
      {
        line: 5,
        subprotocol: 'chat',
        peer: { kind: 'unix', path: '/run/app.sock' },
        framing: { name: 'newline', config: 'crlf' },
      },
      {
        line: 6,
        subprotocol: 'raw',
        peer: { kind: 'tcp', host: 'vm', port: 7 },
        framing: { name: 'separator', config: 'a b  c' },
      },
    ]);
  });

  test.each([
    ['tcp://vm chat', "'tcp://vm': the port is missing"],
    ['echo: chat', "'echo:': the port is missing"],
    ['https://vm:1 chat', "'https://vm:1': a peer has no scheme 'https'"],
    ['tcp://vm:1', 'there is no subprotocol'],
    ['tcp://vm:1 a,b', 'that is no subprotocol'],
  ])('may be wrong: %s', (text, wrong) => {
    expect(parsePeerLines(text)).toEqual([expect.objectContaining({ line: 1, peer: { wrong } })]);
  });

  test('are for nobody in an empty file', () => {
    expect(lineFor('# nothing\n')).toBeNull();
    expect(lineFor('', 'chat')).toBeNull();
  });

  const text = 'tcp://a:1 chat\ntcp://b:1 vnc\ntcp://c:1 chat\ntcp://d:1 *\ntcp://e:1 late\n';

  test.each([
    [[], 1],
    [['chat'], 1],
    [['vnc'], 2],
    // The order of the lines decides, not that of the client.
    [['vnc', 'chat'], 1],
    [['other'], 4],
    [['late'], 4],
  ])('are chosen by subprotocol: %j', (offered, line) => expect(lineFor(text, ...offered)).toBe(line));

  test('are for nobody whose subprotocols they do not have', () => {
    expect(lineFor('tcp://a:1 chat\n', 'Chat', 'vnc')).toBeNull();
  });

  test('harm everybody where they do not say whom they are for', () => {
    expect(lineFor('tcp://a:1\ntcp://b:1 chat\n', 'chat')).toBe(1);
  });
});
