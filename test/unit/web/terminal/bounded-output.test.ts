import { expect, test } from 'vitest';
import { BoundedOutput } from '../../../../src/web/terminal/bounded-output.ts';

const MB = 1024 * 1024;

/** An output to a terminal that draws when it is told to. */
function output(): {
  readonly output: BoundedOutput;
  readonly draw: () => void;
  readonly texts: string[];
  readonly idle: () => number;
} {
  const waiting: (() => void)[] = [];
  const texts: string[] = [];
  let idle = 0;
  const terminal = {
    write(text: string | Uint8Array, done?: () => void): void {
      texts.push(String(text));
      if (done) waiting.push(done);
    },
  };
  return {
    output: new BoundedOutput(terminal, () => (idle += 1)),
    draw: () => waiting.shift()?.(),
    texts,
    idle: () => idle,
  };
}

/** Whether a promise is settled by now. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

test('a little is drawn without waiting, and the end is told', async () => {
  const { output: out, draw, idle } = output();
  expect(await settled(out.write('a'))).toBe(true);
  expect(await settled(out.write('b'))).toBe(true);
  expect([out.drawn, idle()]).toEqual([false, 0]);
  draw();
  draw();
  expect([out.drawn, idle()]).toEqual([true, 1]);
});

test('a writer waits until the terminal has drawn', async () => {
  const { output: out, draw } = output();
  const written = out.write('x'.repeat(MB));
  expect(await settled(written)).toBe(false);
  draw();
  expect(await settled(written)).toBe(true);
});

test('what comes faster from a writer that does not wait is left out, and the terminal says so', () => {
  const { output: out, draw, texts } = output();
  for (let i = 0; i < 10; i++) void out.write('x'.repeat(MB));
  expect(texts).toHaveLength(4);
  for (let i = 0; i < 4; i++) draw();
  expect(texts.at(-1)).toContain('6.3 MB left out');
  void out.write('after');
  expect(texts.at(-1)).toBe('after');
});
