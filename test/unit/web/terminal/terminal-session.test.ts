import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ServerKind } from '../../../../src/web/link/greeting.ts';
import { TerminalSession } from '../../../../src/web/terminal/terminal-session.ts';
import { type FakeWebSocket, fakeWebSockets } from '../../browser/fake-web-socket.ts';

const [SE, SB, WILL, DO, IAC] = [240, 250, 251, 253, 255] as const;
const [ECHO, TTYPE] = [1, 24] as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Visit {
  readonly session: TerminalSession;
  readonly server: FakeWebSocket;
  /** Connects again, once the connection is over. */
  readonly again: () => Promise<FakeWebSocket>;
  readonly shown: () => string;
  readonly servers: readonly ServerKind[];
  readonly troubles: readonly string[];
}

/** Lets what is due happen. */
const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** An open session without a screen, and the server that it talks to. */
async function visit(): Promise<Visit> {
  const { WebSocket, made } = fakeWebSockets();
  vi.stubGlobal('WebSocket', WebSocket);
  const [servers, troubles]: [ServerKind[], string[]] = [[], []];
  let shown = '';
  const view = {
    active: false,
    columns: 80,
    rows: 24,
    style: { edit: true, echo: true, newlines: true },
    write: async (text: string): Promise<void> => void (shown += text),
  };
  const session = new TerminalSession(view, {
    onState: () => {},
    onMode: () => {},
    onServer: (kind) => servers.push(kind),
    onTrouble: (text) => troubles.push(text),
  });
  void session.connect(new URL('ws://bridge.test/'));
  await tick();
  const server = made[0]!.accept();
  await tick();
  expect(session.link.state).toBe('open');
  const again = async (): Promise<FakeWebSocket> => {
    void session.connect(new URL('ws://bridge.test/other'));
    await tick();
    const next = made.at(-1)!.accept();
    await tick();
    return next;
  };
  return { session, server, again, shown: () => shown, servers, troubles };
}

test('speaks TELNET with a server whose first byte comes alone', async () => {
  const { session, server, shown, servers } = await visit();
  server.deliverOctets(Uint8Array.of(IAC, WILL, ECHO, 104, 105));
  await tick();
  expect(session.mode).toBe('telnet');
  expect(servers).toEqual(['telnet']);
  expect(shown()).toBe('hi');
  expect(server.sent).toContainEqual(Uint8Array.of(IAC, DO, ECHO));
});

test('TELNET that a server began with ends with its connection', async () => {
  const { session, server, again, shown } = await visit();
  server.deliverOctets(Uint8Array.of(IAC, WILL, ECHO));
  await tick();
  expect(session.mode).toBe('telnet');
  server.end(1000);
  await tick();
  const other = await again();
  expect(session.mode).toBe('line');
  other.deliver(Uint8Array.of(0x61, IAC, IAC, 0x62));
  await tick();
  expect(shown()).toBe('a\ufffd\ufffdb');

  other.end(1000);
  await tick();
  session.followsServer = false;
  session.mode = 'telnet';
  await again();
  expect(session.mode).toBe('telnet');
});

test('shows the beginning of a greeting that never ends: after a second, or when the connection closes', async () => {
  const late = await visit();
  late.server.deliver(Uint8Array.from(Buffer.from('RFB')));
  await tick();
  expect(late.shown()).toBe('');
  await vi.advanceTimersByTimeAsync(1000);
  expect(late.shown()).toBe('RFB');
  expect(late.servers).toEqual([]);

  const cut = await visit();
  cut.server.deliver(Uint8Array.from(Buffer.from('SS')));
  cut.server.end(1000);
  await tick();
  expect(cut.session.link.state).toBe('closed');
  expect(cut.shown()).toBe('SS');
});

test('a server that asks on and on and reads no answer is left, with little kept', async () => {
  const { session, server, troubles } = await visit();
  server.deliver(Uint8Array.of(IAC, DO, TTYPE));
  await tick();
  server.stuck = true;
  const question = [IAC, SB, TTYPE, 1, IAC, SE];
  const questions = Uint8Array.from(Array.from({ length: 1000 }, () => question).flat());
  let rounds = 0;
  for (; session.link.state === 'open' && rounds < 1000; rounds++) {
    server.deliver(questions);
    await tick();
  }
  expect(session.link.state).toBe('closing');
  expect(troubles).toEqual([expect.stringMatching(/reads no answer/)]);
  // What the browser takes before writes wait (1 MiB), and 64 KiB of ours.
  expect(server.bufferedAmount).toBeLessThan(1.2 * 1024 * 1024);
  const { length } = server.sent;
  server.deliver(questions);
  await tick();
  expect(server.sent).toHaveLength(length);
});

test('an answer goes through beside a long text that waits', async () => {
  const { session, server, troubles } = await visit();
  server.deliver(Uint8Array.of(IAC, DO, TTYPE));
  await tick();
  server.stuck = true;
  session.sendBytes(new Uint8Array(4 * 1024 * 1024));
  server.deliver(Uint8Array.of(IAC, SB, TTYPE, 1, IAC, SE));
  await tick();
  expect(session.link.state).toBe('open');
  expect(troubles).toEqual([]);
  // There is a limit for what is typed as well.
  session.sendBytes(new Uint8Array(5 * 1024 * 1024));
  expect(troubles).toEqual([expect.stringMatching(/was not sent/)]);
  expect(session.link.state).toBe('open');
});
