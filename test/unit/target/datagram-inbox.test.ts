import { describe, expect, test } from 'vitest';
import { DatagramInbox } from '../../../src/target/datagram-inbox.ts';

function inbox(): { box: DatagramInbox; seen: string[]; onDeliver: { call: (text: string) => void } } {
  const seen: string[] = [];
  const onDeliver = { call: (_text: string): void => {} };
  const box = new DatagramInbox((data) => {
    seen.push(data.toString());
    onDeliver.call(data.toString());
  });
  return { box, seen, onDeliver };
}

const push = (box: DatagramInbox, ...texts: string[]): void => {
  for (const text of texts) box.push(Buffer.from(text));
};

describe('an inbox of datagrams', () => {
  test('keeps what comes before the first resume and then delivers at once', () => {
    const { box, seen } = inbox();
    push(box, 'a', 'b');
    expect(seen).toEqual([]);
    box.resume();
    push(box, 'c');
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('stops in the middle when its owner pauses, and keeps the order', () => {
    const { box, seen, onDeliver } = inbox();
    push(box, 'a', 'b', 'c');
    onDeliver.call = () => box.pause();
    box.resume();
    expect(seen).toEqual(['a']);
    push(box, 'd');
    onDeliver.call = () => {};
    box.resume();
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  test('keeps the order of what comes during a delivery', () => {
    const { box, seen, onDeliver } = inbox();
    push(box, 'a', 'b');
    onDeliver.call = (text) => {
      if (text === 'a') push(box, 'c');
    };
    box.resume();
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('is not confused by a resume during a delivery', () => {
    const { box, seen, onDeliver } = inbox();
    push(box, 'a', 'b', 'c');
    onDeliver.call = () => {
      box.pause();
      box.resume();
    };
    box.resume();
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('drops what is beyond 256 KiB', () => {
    const { box, seen } = inbox();
    for (let count = 0; count < 10; count++) box.push(Buffer.alloc(60_000));
    box.resume();
    expect(seen.length).toBe(4);
    box.pause();
    push(box, 'room again');
    box.resume();
    expect(seen.length).toBe(5);
  });

  test('drops empty datagrams beyond 1024', () => {
    const { box, seen } = inbox();
    for (let count = 0; count < 5000; count++) box.push(Buffer.alloc(0));
    box.resume();
    expect(seen.length).toBe(1024);
  });

  test('delivers nothing after clear, not even in the middle of a delivery', () => {
    const { box, seen, onDeliver } = inbox();
    push(box, 'a', 'b');
    onDeliver.call = () => box.clear();
    box.resume();
    push(box, 'c');
    expect(seen).toEqual(['a']);
  });
});
