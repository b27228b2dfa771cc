import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Credentials } from '../../../../src/web/vnc/credentials.ts';
import { MAX_RETRIES, retryDelay } from '../../../../src/web/vnc/retry.ts';
import type { VncState } from '../../../../src/web/vnc/session-state.ts';
import { LASTING, OPEN_DEADLINE, STEP_DEADLINE, VncSession } from '../../../../src/web/vnc/session.ts';

const ADDRESS = new URL('ws://bridge.test/');

/** A WebSocket under the hand of the test. */
class FakeChannel extends EventTarget {
  readyState = 0;
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  /** The other side, or the network, ends it. noVNC hears of that first, as with the real one. */
  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.screen?.tell('disconnect', { clean: true });
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
  close(): void {
    this.readyState = 3;
  }
  screen: FakeScreen | null = null;
}

/** noVNC's RFB under the hand of the test. */
class FakeScreen extends EventTarget {
  onfailure: ((details: string) => void) | null = null;
  readonly channel: FakeChannel;
  readonly preset: Credentials;
  readonly given: Credentials[] = [];
  approvals = 0;

  constructor(channel: FakeChannel, preset: Credentials) {
    super();
    this.channel = channel;
    this.preset = preset;
    channel.screen = this;
  }
  tell(type: string, detail: unknown = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), { detail }));
  }
  /** Gives up, as RFB does on what it does not understand. */
  fail(details: string): void {
    this.onfailure?.(details);
    this.tell('disconnect', { clean: false });
  }
  disconnect(): void {
    this.channel.readyState = 2;
    queueMicrotask(() => this.channel.end(1000));
  }
  sendCredentials(credentials: Credentials): void {
    this.given.push(credentials);
  }
  approveServer(): void {
    this.approvals += 1;
  }
}

/** A session with everything that it made and told. */
function setUp(): {
  session: VncSession<FakeScreen, FakeChannel>;
  screens: FakeScreen[];
  states: VncState[];
  last: () => FakeScreen;
} {
  const screens: FakeScreen[] = [];
  const states: VncState[] = [];
  const session = new VncSession<FakeScreen, FakeChannel>({
    openChannel: () => new FakeChannel(),
    openScreen: (channel, credentials) => new FakeScreen(channel, credentials),
    onScreen: (screen) => screens.push(screen),
    onState: (state) => states.push(state),
  });
  return { session, screens, states, last: () => screens.at(-1)! };
}

/** A session that has reached the screen. */
function connected(): ReturnType<typeof setUp> {
  const parts = setUp();
  parts.session.connect(ADDRESS);
  reach(parts.last());
  return parts;
}

function reach(screen: FakeScreen): void {
  screen.channel.open();
  screen.tell('desktopname', { name: 'desk' });
  screen.tell('connect');
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  if (vi.getTimerCount() > 0) throw new Error('a timer is left over');
  vi.useRealTimers();
});

describe('a visit', () => {
  test('goes from the bridge over the greeting to the screen', async () => {
    const { session, states, last } = connected();
    expect(states).toEqual([{ name: 'connecting' }, { name: 'greeting' }, { name: 'connected', desktop: 'desk' }]);
    last().tell('desktopname', { name: 'renamed' });
    expect(session.state).toEqual({ name: 'connected', desktop: 'renamed' });
    session.disconnect();
    expect(session.state).toEqual({ name: 'closing' });
    await vi.runAllTimersAsync();
    expect(session.state).toEqual({ name: 'ended', end: { by: 'user' } });
    expect(session.screen).toBeNull();
  });

  test('cannot be begun twice, and can be begun again', async () => {
    const { session, screens } = connected();
    session.connect(ADDRESS);
    expect(screens).toHaveLength(1);
    session.disconnect();
    await vi.runAllTimersAsync();
    session.connect(ADDRESS);
    expect(screens).toHaveLength(2);
    session.disconnect();
    await vi.runAllTimersAsync();
  });

  test.each([
    ['before the bridge answered', () => {}, 1006, 'opening'],
    ['before the greeting', (screen: FakeScreen) => screen.channel.open(), 1011, 'greeting'],
    [
      'during the login',
      (screen: FakeScreen) => {
        screen.channel.open();
        screen.tell('credentialsrequired', { types: ['password'] });
      },
      1000,
      'login',
    ],
    ['with a screen', reach, 1011, 'screen'],
  ] as const)('that ends %s keeps code, reason and stage', async (_when, prepare, code, stage) => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    prepare(last());
    last().channel.end(code, 'a reason');
    await vi.runAllTimersAsync();
    expect(session.state).toEqual({ name: 'ended', end: { by: 'close', code, reason: 'a reason', stage } });
  });

  test('ends with the words of noVNC when it is not VNC', async () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().fail('Invalid server version HTTP');
    await vi.runAllTimersAsync();
    expect(session.state).toMatchObject({
      end: { by: 'protocol', details: 'Invalid server version HTTP', stage: 'greeting' },
    });
    expect(last().channel.readyState).toBe(3);
  });

  test('does not take the end of the channel for a failure of noVNC', async () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().channel.readyState = 3;
    last().onfailure?.('Connection closed (code: 1011)');
    last().channel.end(1011, 'The target refused the connection.');
    await vi.runAllTimersAsync();
    expect(session.state).toMatchObject({ end: { by: 'close', code: 1011 } });
  });

  test('ends when the browser does not connect at all', () => {
    const states: VncState[] = [];
    const session = new VncSession<FakeScreen, FakeChannel>({
      openChannel: () => {
        throw new Error('forbidden');
      },
      openScreen: (channel, credentials) => new FakeScreen(channel, credentials),
      onScreen: () => {},
      onState: (state) => states.push(state),
    });
    session.connect(ADDRESS);
    expect(states.at(-1)).toEqual({ name: 'ended', end: { by: 'browser', details: 'forbidden' } });
  });
});

describe('a deadline', () => {
  test.each([
    ['the bridge', OPEN_DEADLINE, () => {}, 'opening'],
    ['the greeting', STEP_DEADLINE, (screen: FakeScreen) => screen.channel.open(), 'greeting'],
  ] as const)('ends the wait for %s', async (_what, deadline, prepare, stage) => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    prepare(last());
    await vi.advanceTimersByTimeAsync(deadline - 1);
    expect(session.state.name).not.toBe('ended');
    await vi.advanceTimersByTimeAsync(2);
    expect(session.state).toEqual({ name: 'ended', end: { by: 'deadline', stage } });
  });

  test('is none for the visitor', async () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('credentialsrequired', { types: ['password'] });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(session.state.name).toBe('login');
    session.login({ password: 'a' });
    await vi.advanceTimersByTimeAsync(STEP_DEADLINE + 1);
    expect(session.state).toEqual({ name: 'ended', end: { by: 'deadline', stage: 'login' } });
  });
});

describe('a login', () => {
  test('gives what was asked for', () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('credentialsrequired', { types: ['username', 'password'] });
    expect(session.state).toEqual({ name: 'login', kinds: ['username', 'password'], refusal: null });
    session.login({ username: 'u', password: 'p' });
    expect(session.state).toEqual({ name: 'authenticating' });
    expect(last().given).toEqual([{ username: 'u', password: 'p' }]);
    last().tell('connect');
    expect(session.state.name).toBe('connected');
  });

  test('that is refused is asked for again, over a new connection', async () => {
    const { session, screens, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('credentialsrequired', { types: ['password'] });
    session.login({ password: 'wrong' });
    last().tell('securityfailure', { status: 1, reason: 'no' });
    last().fail('Security negotiation failed');
    expect(session.state).toEqual({ name: 'login', kinds: ['password'], refusal: 'no' });
    session.login({ password: 'right' });
    expect(screens).toHaveLength(2);
    expect(last().preset).toEqual({ password: 'right' });
    reach(last());
    expect(session.state.name).toBe('connected');
  });

  test('that is given up ends the visit', () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('credentialsrequired', { types: ['password'] });
    session.login({ password: 'wrong' });
    last().tell('securityfailure', { status: 1 });
    last().fail('Security negotiation failed');
    session.disconnect();
    expect(session.state).toEqual({ name: 'ended', end: { by: 'user' } });
  });

  test('that the server refuses unasked ends the visit', async () => {
    const { session, last } = setUp();
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('securityfailure', { status: 1, reason: 'Too many security failures' });
    last().fail('Security negotiation failed');
    expect(session.state).toEqual({ name: 'ended', end: { by: 'login', reason: 'Too many security failures' } });
  });

  test('waits until the key of the server is approved, once for each key', async () => {
    const { session, last, screens } = setUp();
    session.reconnect = true;
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('serververification', { type: 'RSA', publickey: Uint8Array.of(1, 2) });
    expect(session.state).toEqual({ name: 'identity', key: Uint8Array.of(1, 2) });
    expect(last().approvals).toBe(0);
    session.approve();
    expect(last().approvals).toBe(1);
    last().tell('connect');
    last().channel.end(1006);
    await vi.advanceTimersByTimeAsync(retryDelay(1));
    expect(screens).toHaveLength(2);
    last().channel.open();
    last().tell('serververification', { type: 'RSA', publickey: Uint8Array.of(1, 2) });
    expect(last().approvals).toBe(1);
    last().tell('connect');
    await vi.advanceTimersByTimeAsync(LASTING);
    last().channel.end(1006);
    await vi.advanceTimersByTimeAsync(retryDelay(1));
    last().channel.open();
    last().tell('serververification', { type: 'RSA', publickey: Uint8Array.of(3) });
    expect(session.state.name).toBe('identity');
    session.disconnect();
    await vi.runAllTimersAsync();
  });
});

describe('a lost connection', () => {
  test('is made again with the same password, and the count begins anew', async () => {
    const { session, last, screens } = setUp();
    session.reconnect = true;
    session.connect(ADDRESS);
    last().channel.open();
    last().tell('credentialsrequired', { types: ['password'] });
    session.login({ password: 'p' });
    last().tell('connect');
    last().channel.end(1011, 'The target broke the connection.');
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toMatchObject({ name: 'waiting', attempt: 1 });
    await vi.advanceTimersByTimeAsync(retryDelay(1));
    last().channel.open();
    last().channel.end(1011, 'The target refused the connection.');
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toMatchObject({ name: 'waiting', attempt: 2 });
    await vi.advanceTimersByTimeAsync(retryDelay(2));
    expect(screens).toHaveLength(3);
    expect(last().preset).toEqual({ password: 'p' });
    reach(last());
    await vi.advanceTimersByTimeAsync(LASTING);
    last().channel.end(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toMatchObject({ name: 'waiting', attempt: 1 });
    session.disconnect();
    expect(session.state).toEqual({ name: 'ended', end: { by: 'user' } });
  });

  test('is given up after so many tries', async () => {
    const { session, last, screens } = connected();
    session.reconnect = true;
    last().channel.end(1006);
    for (let attempt = 1; attempt <= MAX_RETRIES; attempt++) {
      await vi.advanceTimersByTimeAsync(retryDelay(attempt));
      last().channel.end(1006);
    }
    await vi.advanceTimersByTimeAsync(1);
    expect(session.state.name).toBe('ended');
    expect(screens).toHaveLength(1 + MAX_RETRIES);
  });

  test('is given up after so many screens that did not last, such as where another viewer takes each of them', async () => {
    const { session, last, screens } = connected();
    session.reconnect = true;
    for (let attempt = 1; attempt <= MAX_RETRIES; attempt++) {
      await vi.advanceTimersByTimeAsync(LASTING - 1);
      last().channel.end(1000);
      await vi.advanceTimersByTimeAsync(0);
      expect(session.state).toMatchObject({ name: 'waiting', attempt });
      await vi.advanceTimersByTimeAsync(retryDelay(attempt));
      reach(last());
    }
    last().channel.end(1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state.name).toBe('ended');
    expect(screens).toHaveLength(1 + MAX_RETRIES);
  });

  test('is not made again when the bridge ended it by its rules', async () => {
    const { session, last } = connected();
    session.reconnect = true;
    await vi.advanceTimersByTimeAsync(LASTING);
    last().channel.end(1008, 'The session reached its time limit.');
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toMatchObject({ name: 'ended', end: { code: 1008 } });
  });

  test('is not made again unless that is wanted', async () => {
    const { session, last } = connected();
    last().channel.end(1006);
    await vi.runAllTimersAsync();
    expect(session.state.name).toBe('ended');
  });

  test('is not made again when the first one never reached the screen', async () => {
    const { session, last } = setUp();
    session.reconnect = true;
    session.connect(ADDRESS);
    last().channel.open();
    last().channel.end(1011, 'The target refused the connection.');
    await vi.runAllTimersAsync();
    expect(session.state.name).toBe('ended');
  });

  test('can be made again at once, or not at all', async () => {
    const { session, last, screens } = connected();
    session.reconnect = true;
    last().channel.end(1006);
    await vi.advanceTimersByTimeAsync(0);
    session.retryNow();
    expect(screens).toHaveLength(2);
    reach(last());
    last().channel.end(1001);
    await vi.advanceTimersByTimeAsync(0);
    session.reconnect = false;
    expect(session.state).toMatchObject({ name: 'ended', end: { code: 1001 } });
  });
});
