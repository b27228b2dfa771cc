/** Servers that say who they are as soon as somebody connects. */
export type ServerKind = 'demo' | 'load' | 'ssh' | 'telnet' | 'vnc';

/** How the greetings of servers begin: Bascule's demo and load test; RFC 4253 §4.2; RFC 6143 §7.1.1; an option of RFC 854. */
const GREETINGS: readonly (readonly [ServerKind, RegExp])[] = [
  ['demo', /^Hello, this is the demo target of Bascule\./],
  ['load', /^bascule-load \d/],
  ['ssh', /^SSH-\d/],
  ['vnc', /^RFB \d{3}\.\d{3}\n/],
  ['telnet', /^\u00ff[\u00fb-\u00fe]/],
];

/** What kind of server sent these first bytes; null when they tell nothing. */
export function recogniseServer(first: Uint8Array): ServerKind | null {
  const text = String.fromCharCode(...first.subarray(0, 64));
  return GREETINGS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
