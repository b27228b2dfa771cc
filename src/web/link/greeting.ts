/** Servers that say who they are as soon as somebody connects. */
export type ServerKind = 'demo' | 'load' | 'ssh' | 'telnet' | 'vnc';

const DIGIT = '0123456789';
const [IAC, VERBS] = ['\u00ff', '\u00fb\u00fc\u00fd\u00fe'];

/**
 * How the greetings of servers begin, for each byte those that may stand there: Bascule's demo and load test;
 * RFC 4253 §4.2; RFC 6143 §7.1.1; an option of RFC 854.
 */
const GREETINGS: readonly (readonly [ServerKind, readonly string[]])[] = [
  ['demo', Array.from('Hello, this is the demo target of Bascule.')],
  ['load', [...Array.from('bascule-load '), DIGIT]],
  ['ssh', [...Array.from('SSH-'), DIGIT]],
  ['vnc', [...Array.from('RFB '), DIGIT, DIGIT, DIGIT, '.', DIGIT, DIGIT, DIGIT, '\n']],
  ['telnet', [IAC, VERBS]],
];

/** What kind of server sent these first bytes; null when they tell nothing. */
export function recogniseServer(first: Uint8Array): ServerKind | null {
  return GREETINGS.find(([, greeting]) => first.length >= greeting.length && agrees(first, greeting))?.[0] ?? null;
}

/** Whether these first bytes are the beginning of a greeting, and the next ones will tell of which. */
export function isUndecided(first: Uint8Array): boolean {
  return GREETINGS.some(([, greeting]) => first.length < greeting.length && agrees(first, greeting));
}

/** Whether no byte speaks against a greeting, as far as both go. */
function agrees(first: Uint8Array, greeting: readonly string[]): boolean {
  const length = Math.min(first.length, greeting.length);
  return greeting.slice(0, length).every((allowed, index) => allowed.includes(String.fromCharCode(first[index]!)));
}
