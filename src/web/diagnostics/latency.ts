import { ANSWER_TIME, type Conversation, turn } from './conversation.ts';
import { deferred } from './deferred.ts';
import type { TargetKind } from './identify.ts';
import { RecordParser } from './record-parser.ts';

/** Round trips that are made first and not counted: both sides warm up. */
export const WARM_UP = 20;

/**
 * Measures round trips one after the other, `count` of them or until the signal fires, and tells each, in ms.
 *
 * load: answers a ping, echo: gives it back. Throws when something else comes back, or nothing.
 */
export async function measureLatency(
  link: Conversation,
  kind: TargetKind,
  count: number,
  onSample: (ms: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const prefix = kind === 'load' ? 'pong' : 'ping';
  let expected = '';
  let answer = deferred();
  const parser = new RecordParser({
    onLine(line) {
      if (line !== expected) throw new Error(`Something else came back: ${line.slice(0, 60)}`);
      answer.resolve();
      return 0;
    },
    onPayload: () => undefined,
  });
  link.listen((bytes) => parser.push(bytes));
  for (let number = 0; number < count + WARM_UP && !signal.aborted; number++) {
    expected = `${prefix} ${number}`;
    answer = deferred();
    const start = performance.now();
    // The answer may be there before the write is done.
    await Promise.all([link.wait(answer.promise, ANSWER_TIME), link.send(`ping ${number}\n`)]);
    const time = performance.now() - start;
    if (number >= WARM_UP) onSample(time);
    // Now and then the page gets a turn to draw.
    if (number % 50 === 49) await turn();
  }
}

/** The step of this page's clock, in ms: browsers make clocks coarse so that pages cannot spy with them. */
export function clockStep(): number {
  let step = Infinity;
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    step = Math.min(step, now - start);
  }
  return step;
}
