import { describe, expect, it } from 'vitest';
import { MessageInbox } from '../../../src/target/message-inbox.ts';
import { MessageIterator } from '../../../src/target/message-iterator.ts';

describe('an inbox', () => {
  it('gives messages in order, text as strings, and counts what they cost', () => {
    const inbox = new MessageInbox();
    expect([inbox.take(), inbox.queuedBytes, inbox.isEmpty]).toEqual([undefined, 0, true]);
    inbox.push(Buffer.from('ü'), 1);
    inbox.push(Buffer.of(7), 2);
    inbox.push(Buffer.from('t'), 1);
    const full = inbox.queuedBytes;
    expect(full).toBeGreaterThan(3 * 200);
    expect([inbox.take(), inbox.take()]).toEqual(['ü', Buffer.of(7)]);
    expect(inbox.queuedBytes).toBeLessThan(full / 2);
    expect([inbox.takeBytes(), inbox.queuedBytes, inbox.isEmpty]).toEqual([Buffer.from('t'), 0, true]);
  });

  it('keeps the order over many messages that come and go', () => {
    const inbox = new MessageInbox();
    let [next, expected] = [0, 0];
    for (let round = 0; round < 5000; round++) {
      for (let i = 0; i < 3; i++) inbox.push(Buffer.from(String(next++)), 1);
      for (let i = 0; i < (round < 2500 ? 2 : 3); i++) expect(inbox.take()).toBe(String(expected++));
    }
    for (let rest = inbox.take(); rest !== undefined; rest = inbox.take()) expect(rest).toBe(String(expected++));
    expect(expected).toBe(next);
  });

  it('takes nothing after its end, and gives what came before', () => {
    const inbox = new MessageInbox();
    inbox.push(Buffer.from('a'), 1);
    inbox.end();
    inbox.push(Buffer.from('b'), 1);
    expect([inbox.take(), inbox.take(), inbox.ended]).toEqual(['a', undefined, true]);
  });

  it('forgets what waits when it is cleared', () => {
    const inbox = new MessageInbox();
    inbox.push(Buffer.from('a'), 1);
    inbox.clear();
    expect([inbox.take(), inbox.queuedBytes, inbox.isEmpty]).toEqual([undefined, 0, true]);
  });
});

describe('an iterator', () => {
  it('answers those who wait in their order, and all of them at the end', async () => {
    const inbox = new MessageInbox();
    const messages = new MessageIterator(inbox);
    const results = Promise.all([messages.next(), messages.next(), messages.next()]);
    inbox.push(Buffer.from('1'), 1);
    inbox.push(Buffer.from('2'), 1);
    inbox.end();
    expect((await results).map(({ value, done }) => [value, done])).toEqual([
      ['1', false],
      ['2', false],
      [undefined, true],
    ]);
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it('gives an empty text as a message, not as the end', async () => {
    const inbox = new MessageInbox();
    inbox.push(Buffer.alloc(0), 1);
    expect(await new MessageIterator(inbox).next()).toEqual({ done: false, value: '' });
  });
});
