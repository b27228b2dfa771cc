import { describe, expect, test } from 'vitest';
import { TelnetClient } from '../../../../src/web/telnet/telnet-client.ts';

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255] as const;
const [ECHO, SGA, TTYPE, NAWS] = [1, 3, 24, 31] as const;
/** What a client offers once, as soon as it sees that the server speaks TELNET. */
const OFFER = [IAC, WILL, NAWS];

/** A client with what it sent and showed since it was asked last. */
function client(): {
  readonly telnet: TelnetClient;
  readonly receive: (...bytes: number[]) => number[];
  readonly type: (text: string) => number[];
  readonly sent: () => number[];
  readonly shown: () => string;
  readonly modes: () => number;
} {
  let bytes: number[] = [];
  let text = '';
  let modes = 0;
  const telnet = new TelnetClient({
    terminalTypes: ['XTERM', 'VT100'],
    columns: 80,
    rows: 24,
    onSend: (more) => bytes.push(...more),
    onAnswer: (more) => bytes.push(...more),
    onData: (more) => (text += Buffer.from(more).toString('latin1')),
    onMode: () => (modes += 1),
  });
  const sent = (): number[] => bytes.splice(0);
  return {
    telnet,
    receive(...more) {
      telnet.receive(Uint8Array.from(more));
      return sent();
    },
    type(typed) {
      telnet.send(Buffer.from(typed, 'latin1'));
      return sent();
    },
    sent,
    shown: () => text,
    modes: () => modes,
  };
}

/** A client that has made its offer and got no for an answer. */
function begun(): ReturnType<typeof client> {
  const one = client();
  one.receive(IAC, DONT, NAWS);
  one.receive(IAC, DONT, NAWS);
  return one;
}

describe('negotiation', () => {
  test('waits for the server', () => {
    const { receive, shown } = client();
    expect(receive(...Buffer.from('220 ready\r\n'))).toEqual([]);
    expect(shown()).toBe('220 ready\r\n');
  });

  test('takes the echo and the keys of the server, and says so', () => {
    const { receive, telnet, modes } = client();
    expect([telnet.remoteEcho, telnet.byKey]).toEqual([false, false]);
    expect(receive(IAC, WILL, ECHO)).toEqual([IAC, DO, ECHO, ...OFFER]);
    expect(receive(IAC, WILL, SGA)).toEqual([IAC, DO, SGA]);
    expect([telnet.remoteEcho, telnet.byKey, modes()]).toEqual([true, true, 2]);
    expect(receive(IAC, WONT, ECHO)).toEqual([IAC, DONT, ECHO]);
    expect([telnet.remoteEcho, telnet.byKey, modes()]).toEqual([false, true, 3]);
  });

  test.each([
    ['an option of the server', WILL, DONT, 5],
    ['an option of this side', DO, WONT, 39],
    ['an echo by this side, which would never end', DO, WONT, ECHO],
    ['the last option there is', WILL, DONT, 255],
  ])('refuses %s, each time it is asked', (_name, asked, answer, option) => {
    const { receive } = begun();
    expect(receive(IAC, asked, option)).toEqual([IAC, answer, option]);
    expect(receive(IAC, asked, option)).toEqual([IAC, answer, option]);
  });

  test.each([
    ['consent to what is on', WILL, ECHO],
    ['refusal of what is off', WONT, SGA],
    ['refusal of what was refused', DONT, 39],
  ])('is silent to %s', (_name, verb, option) => {
    const { receive } = begun();
    receive(IAC, WILL, ECHO);
    expect(receive(IAC, verb, option, IAC, verb, option)).toEqual([]);
  });

  test('two of its kind come to an end', () => {
    const [left, right] = [client(), client()];
    let words = left.receive(IAC, DO, NAWS, IAC, WILL, ECHO, IAC, DO, TTYPE, IAC, WILL, 200);
    let rounds = 0;
    for (; words.length > 0 && rounds < 20; rounds++) words = (rounds % 2 ? left : right).receive(...words);
    expect(rounds).toBeLessThan(6);
  });
});

describe('the size', () => {
  test('is told when the server asks, and when it changes', () => {
    const { receive, telnet, sent } = client();
    expect(receive(IAC, DO, NAWS)).toEqual([IAC, WILL, NAWS, IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE]);
    telnet.resize(300, 255);
    expect(sent()).toEqual([IAC, SB, NAWS, 1, 44, 0, IAC, IAC, IAC, SE]);
    telnet.resize(300, 255);
    expect(sent()).toEqual([]);
  });

  test('is offered, and told when the server agrees', () => {
    const { receive, telnet, sent } = client();
    expect(receive(IAC, WILL, SGA)).toEqual([IAC, DO, SGA, ...OFFER]);
    telnet.resize(100, 30);
    expect(sent()).toEqual([]);
    expect(receive(IAC, DO, NAWS)).toEqual([IAC, SB, NAWS, 0, 100, 0, 30, IAC, SE]);
  });

  test('is kept to itself when the server does not want it', () => {
    const { receive, telnet, sent } = client();
    receive(IAC, WILL, SGA);
    expect(receive(IAC, DONT, NAWS)).toEqual([]);
    telnet.resize(100, 30);
    expect(sent()).toEqual([]);
  });
});

describe('the terminal type', () => {
  const is = (name: string): number[] => [IAC, SB, TTYPE, 0, ...Buffer.from(name), IAC, SE];
  const SEND = [IAC, SB, TTYPE, 1, IAC, SE];

  test('goes through the names, the last one twice, and begins anew', () => {
    const { receive } = begun();
    expect(receive(IAC, DO, TTYPE)).toEqual([IAC, WILL, TTYPE]);
    const names = ['XTERM', 'VT100', 'VT100', 'XTERM'];
    for (const name of names) expect(receive(...SEND)).toEqual(is(name));
  });

  test('is not told before it was agreed on', () => {
    expect(begun().receive(...SEND)).toEqual([]);
  });

  test('answers nothing but SEND', () => {
    const { receive } = begun();
    receive(IAC, DO, TTYPE);
    expect(receive(IAC, SB, TTYPE, 0, 65, IAC, SE)).toEqual([]);
    expect(receive(IAC, SB, NAWS, 1, IAC, SE)).toEqual([]);
  });
});

describe('typed bytes', () => {
  test.each([
    ['a line end is CR LF', 'ls\r', 'ls\r\n'],
    ['one that is CR LF stays', 'ls\r\n', 'ls\r\n'],
    ['several', '\r\r', '\r\n\r\n'],
    ['a line feed alone stays', 'a\nb', 'a\nb'],
    ['IAC is doubled', 'a\xffb', 'a\xff\xffb'],
  ])('%s', (_name, typed, sent) => {
    expect(Buffer.from(client().type(typed)).toString('latin1')).toBe(sent);
  });
});
