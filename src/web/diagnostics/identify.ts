import type { Conversation } from './conversation.ts';
import { deferred } from './deferred.ts';

/** What answers behind an address. */
export type TargetKind = 'load' | 'echo' | 'other';

/** What was found out about a target. */
export interface Finding {
  readonly kind: TargetKind;
  /** How it introduced itself, printable; '' when it said nothing. */
  readonly said: string;
}

/** Its first word comes at once, or the target waits for ours, in ms. */
const SILENCE = 700;
const ECHO_TIME = 2000;
/** What is kept of what it says, in bytes. */
const MOST_SAID = 200;

/**
 * Finds out what the target is: load: greets, echo: gives back what it gets, and whatever greets otherwise is left alone.
 *
 * A target that says nothing at first is sent one line of text.
 */
export async function identify(link: Conversation, silence: number = SILENCE): Promise<Finding> {
  let said = '';
  let heard = deferred();
  const decoder = new TextDecoder('latin1');
  link.listen((bytes) => {
    if (said.length < MOST_SAID) said += decoder.decode(bytes.subarray(0, MOST_SAID));
    heard.resolve();
  });
  /** Waits until `enough` holds, or for so many ms. */
  const hear = async (enough: () => boolean, ms: number): Promise<void> => {
    const end = performance.now() + ms;
    while (!enough() && performance.now() < end) {
      const left = end - performance.now();
      heard = deferred();
      setTimeout(heard.resolve, left);
      await link.wait(heard.promise);
    }
  };
  await hear(() => said !== '', silence);
  if (said !== '') {
    const greeting = 'bascule-load ';
    // Its greeting may come in pieces.
    if (greeting.startsWith(said.slice(0, greeting.length)) || said.startsWith(greeting))
      await hear(() => said.includes('\n'), silence);
    return { kind: /^bascule-load 1 .*\n$/.test(said) ? 'load' : 'other', said: printable(said) };
  }
  const probe = `bascule-probe ${Math.random().toString(36).slice(2)}\n`;
  await link.send(probe);
  await hear(() => said.length >= probe.length || !probe.startsWith(said), ECHO_TIME);
  return { kind: said === probe ? 'echo' : 'other', said: said === probe ? '' : printable(said) };
}

/** The first line of a text, with dots for what cannot be printed. */
function printable(text: string): string {
  const [line = ''] = text.split(/\r?\n/);
  return line.slice(0, 60).replaceAll(/[^\u0020-\u007e]/g, '·');
}
