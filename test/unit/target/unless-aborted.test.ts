import { EventEmitter, getEventListeners, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { unlessAborted } from '../../../src/target/unless-aborted.ts';

describe('waiting unless aborted', () => {
  test('gives what the promise gives and leaves no listener', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    await Promise.resolve();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('rejects with the reason of the abort, and hands what comes too late to discard', async () => {
    const abort = new AbortController();
    const discarded: number[] = [];
    const source = new EventEmitter();
    const promise = once(source, 'value').then(([value]) => value as number);
    const waiting = unlessAborted(promise, abort.signal, (late) => discarded.push(late));
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    source.emit('value', 7);
    await expect.poll(() => discarded).toEqual([7]);
  });

  test('leaves no rejection unhandled when the promise fails after the abort', async () => {
    const reason = new Error('enough');
    const failing = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error('too late')), 5);
    });
    await expect(unlessAborted(failing, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(failing).rejects.toThrow('too late');
  });
});
