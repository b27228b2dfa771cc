import { array, assert, double, integer, nat, oneof, property, tuple, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { TelnetClient } from '../../src/web/telnet/telnet-client.ts';
import { TelnetParser } from '../../src/web/telnet/telnet-parser.ts';

const [SE, SB, IAC] = [240, 250, 255] as const;

/** Bytes with each IAC doubled. */
function escaped(bytes: Uint8Array): number[] {
  return Array.from(bytes).flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte]));
}

/** What a server may say: text, options, parameters, and commands. */
const utterance = oneof(
  uint8Array({ maxLength: 8 }).map((text) => escaped(text)),
  tuple(integer({ min: 251, max: 254 }), nat(255)).map(([verb, option]) => [IAC, verb, option]),
  tuple(nat(255), uint8Array({ maxLength: 6 })).map(([option, parameters]) =>
    [IAC, SB, option].concat(escaped(parameters), [IAC, SE]),
  ),
  integer({ min: 241, max: 249 }).map((command) => [IAC, command]),
);
const speech = array(utterance, { maxLength: 12 }).map((parts) => Uint8Array.from(parts.flat()));
const rubbish = uint8Array({ maxLength: 64 });

/** Cuts bytes at places that are given as fractions. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** Everything that a parser finds in these pieces, as one line. */
function found(pieces: readonly Uint8Array[]): string {
  let text = '';
  const parser = new TelnetParser({
    onData: (bytes) => (text += Buffer.from(bytes).toString('hex')),
    onNegotiation: (verb, option) => (text += ` ${verb}-${option} `),
    onSubnegotiation: (option, parameters) => (text += ` SB-${option}-${Buffer.from(parameters).toString('hex')} `),
  });
  for (const piece of pieces) parser.push(piece);
  return text;
}

test('what a TELNET parser finds does not depend on how the bytes are split', () => {
  const places = array(double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  assert(
    property(oneof(speech, rubbish), places, (bytes, at) => {
      const whole = found([bytes]);
      expect(found(cut(bytes, at))).toBe(whole);
      expect(found(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(whole);
    }),
  );
});

test('a TELNET client sends well-formed commands only, and at most some bytes for each one it gets', () => {
  assert(
    property(oneof(speech, rubbish), (bytes) => {
      const sent: number[] = [];
      const client = new TelnetClient({
        terminalTypes: ['XTERM'],
        columns: 255,
        rows: 24,
        onSend: (more) => sent.push(...more),
        onAnswer: (more) => sent.push(...more),
        onData: () => {},
        onMode: () => {},
      });
      client.receive(bytes);
      expect(sent.length).toBeLessThanOrEqual(bytes.length * 5 + 3);
      // No text, and nothing cut off: the parser of the other side finds commands alone.
      expect(found([Uint8Array.from(sent), Uint8Array.from(Buffer.from('end'))])).toMatch(
        /^( (WILL|WONT|DO|DONT|SB)-\S+ )*656e64$/,
      );
    }),
  );
});

test('typed bytes come out on the other side as they were, with line ends as CR LF', () => {
  assert(
    property(rubbish, (typed) => {
      const sent: number[] = [];
      const client = new TelnetClient({
        terminalTypes: ['XTERM'],
        columns: 80,
        rows: 24,
        onSend: (more) => sent.push(...more),
        onAnswer: (more) => sent.push(...more),
        onData: () => {},
        onMode: () => {},
      });
      client.send(typed);
      const wanted = Buffer.from(typed).toString('latin1').replaceAll(/\r\n?/g, '\r\n');
      expect(found([Uint8Array.from(sent)])).toBe(Buffer.from(wanted, 'latin1').toString('hex'));
    }),
  );
});
