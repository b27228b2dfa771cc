import { beforeEach, describe, expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { EventHub, type SessionEnd } from '../../../src/observe/events.ts';
import { logEvents } from '../../../src/observe/log.ts';
import type { LogFields, LogLevel } from '../../../src/observe/logger.ts';
import { sessionView } from './session-view.ts';

interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

let events: EventHub;
let entries: Entry[];
let stop: () => void;

beforeEach(() => {
  events = new EventHub();
  entries = [];
  stop = logEvents(events, {
    log: (level, message, fields) => void entries.push({ level, message, fields }),
    enabled: () => true,
  });
});

const ended = (changes: Partial<SessionEnd> = {}): SessionEnd => ({
  code: 1000,
  reason: '',
  by: 'target',
  error: null,
  duration: 0,
  ...changes,
});

/** The line and level that a closing session gives. */
function close(changes: Partial<SessionEnd>, bytes: { bytesIn?: number; bytesOut?: number } = {}): string {
  events.publish('session:close', { session: sessionView(bytes), end: ended(changes) });
  const { level, message } = entries.at(-1)!;
  return `${level} ${message}`;
}

describe('the log', () => {
  test('tells where the bridge listens', () => {
    const url = 'http://127.0.0.1:6080/';
    events.publish('listener:open', { listener: 'a', address: '127.0.0.1:6080', url, secure: false });
    events.publish('listener:open', { listener: 'b', address: '/run/b.sock', url: '', secure: false });
    expect(entries.map(({ level, message }) => [level, message])).toEqual([
      ['info', `listening on ${url}`],
      ['info', 'listening on /run/b.sock'],
    ]);
  });

  test('has a line for a session that opens', () => {
    events.publish('session:open', { session: sessionView({ secure: true }) });
    expect(entries).toEqual([
      {
        level: 'info',
        message: '#3 open: 192.0.2.7:50000 /vnc → tcp://localhost:5900 over TLS',
        fields: {
          event: 'session:open',
          session: 3,
          listener: '127.0.0.1:6080',
          route: 'default',
          client: '192.0.2.7:50000',
          user: '',
          path: '/vnc',
          target: 'tcp://localhost:5900',
          subprotocol: 'binary',
          secure: true,
        },
      },
    ]);
  });

  test('has a line for a session that closes: how long, who, why, how much', () => {
    expect(
      close({ duration: 12_345, code: 4001, reason: 'bye', by: 'client' }, { bytesIn: 1023, bytesOut: 3_500_000 }),
    ).toBe(
      'info #3 closed by the client after 12.3 s: 4001 "bye", 1023 B in, 3.3 MiB out (192.0.2.7:50000 /vnc → tcp://localhost:5900)',
    );
    expect(entries.at(-1)!.fields).toMatchObject({
      event: 'session:close',
      duration: 12_345,
      code: 4001,
      reason: 'bye',
      by: 'client',
      bytesIn: 1023,
      bytesOut: 3_500_000,
    });
  });

  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [59_940, '59.9 s'],
    [90_000, '1 min'],
    [3_600_000 * 27 + 60_000 * 5, '27 h 5 min'],
  ])('writes %d ms as %s', (duration, text) => {
    expect(close({ duration })).toContain(`after ${text}: `);
  });

  test.each([
    ['info', new BridgeError('CLIENT_GONE')],
    ['info', new BridgeError('SHUTDOWN')],
    ['info', new BridgeError('SESSION_LIMIT')],
    ['warn', new BridgeError('TARGET_REFUSED', { detail: 'localhost:5900' })],
    ['warn', new BridgeError('TARGET_NAME_NOT_FOUND')],
    ['warn', new BridgeError('TARGET_RESET')],
    ['error', new BridgeError('INTERNAL')],
  ] as const)('logs at level %s a session that ended by %s', (level, error) => {
    const line = close({ error });
    expect(line).toMatch(new RegExp(`^${level} .*; ${error.code}: `));
    expect(entries.at(-1)!.fields).toMatchObject({ error: error.code, detail: error.message, remedy: error.remedy });
  });

  test('gives the remedy for what an operator can mend', () => {
    expect(close({ error: new BridgeError('TARGET_REFUSED') })).toContain('— Start the target');
    expect(close({ error: new BridgeError('WS_UNMASKED') })).not.toContain('Mask every frame');
  });

  test('has a line for a refused session', () => {
    const error = new BridgeError('ROUTE_NOT_FOUND', { detail: 'path /x' });
    events.publish('session:refused', { session: sessionView({ path: '/x', target: '' }), error });
    expect(entries[0]).toMatchObject({
      level: 'info',
      message: '#3 refused: ROUTE_NOT_FOUND: path /x: no route leads from this address. (192.0.2.7:50000 /x)',
      fields: { event: 'session:refused', error: 'ROUTE_NOT_FOUND', side: 'client', stage: 'route' },
    });
  });

  test('leaves the rubbish of strangers to those who want every detail', () => {
    const client = { family: 'ipv6', address: '2001:db8::1', port: 1 } as const;
    events.publish('connection:refused', { listener: 'a', client, error: new BridgeError('HTTP_BAD_REQUEST') });
    events.publish('connection:refused', { listener: 'a', client, error: new BridgeError('LIMIT_CONNECTIONS') });
    expect(entries.map(({ level }) => level)).toEqual(['debug', 'warn']);
    expect(entries[0]!.message).toMatch(/^\[2001:db8::1\]:1 refused: HTTP_BAD_REQUEST: /);
  });

  test('tells stages to those who want every detail', () => {
    events.publish('session:stage', { session: sessionView(), stage: 'dial' });
    expect(entries[0]).toMatchObject({ level: 'debug', message: '#3 dial' });
  });

  test('passes warnings on', () => {
    events.publish('warning', { message: 'the sky is falling' });
    expect(entries[0]).toMatchObject({ level: 'warn', message: 'the sky is falling' });
  });

  test('tells what wrapped programs say and how they end', () => {
    events.publish('program:output', { target: 'program', line: 'ready\u001B[1m' });
    events.publish('program:exit', { target: 'program', status: 3 });
    expect(entries.map(({ message }) => message)).toEqual(['program: ready\\x1b[1m', 'program: ended with status 3']);
  });

  test('lets nobody forge a line or steer the terminal', () => {
    const evil = 'x\n12:00:00 #4 open\u001B[2J\u202E';
    const error = new BridgeError('WS_KEY', { detail: evil });
    const client = { family: 'unix', address: evil, port: 0 } as const;
    events.publish('session:open', { session: sessionView({ path: evil, target: evil, client }) });
    events.publish('session:refused', { session: sessionView({ path: evil }), error });
    events.publish('connection:refused', { listener: 'a', client, error });
    events.publish('session:close', { session: sessionView({ path: evil }), end: ended({ reason: evil, error }) });
    events.publish('warning', { message: evil });
    expect(entries).toHaveLength(5);
    for (const { message } of entries) expect(message).not.toMatch(/[\p{Cc}\u202E]/u);
  });

  test('names the user', () => {
    events.publish('session:open', { session: sessionView({ user: 'ann\n' }) });
    expect(entries[0]!.message).toMatch(/^#3 open: 192\.0\.2\.7:50000 \(ann\\n\) \/vnc/);
    expect(entries[0]!.fields['user']).toBe('ann\n');
  });

  test('names a client without an address', () => {
    events.publish('session:open', { session: sessionView({ client: { family: 'unix', address: '', port: 0 } }) });
    expect(entries[0]!.message).toMatch(/^#3 open: unix \/vnc/);
  });

  test('stops when it is told to', () => {
    stop();
    events.publish('session:open', { session: sessionView() });
    expect(entries).toEqual([]);
    expect(events.has('session:stage')).toBe(false);
  });
});
