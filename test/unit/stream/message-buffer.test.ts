import { describe, expect, it } from 'vitest';
import { MessageBuffer } from '../../../src/stream/message-buffer.ts';

describe('a message buffer', () => {
  it('joins slices, then starts an empty message', () => {
    const message = new MessageBuffer();
    const source = Buffer.from('..abc..');
    message.append(source, 2, 5);
    source.fill('x');
    message.append(Buffer.from('def'), 0, 3);
    expect(message.length).toBe(6);
    expect(message.take().toString()).toBe('abcdef');
    expect(message.length).toBe(0);
    expect(message.take()).toHaveLength(0);
  });

  it('gives messages that share no memory', () => {
    const message = new MessageBuffer();
    message.append(Buffer.from('one'), 0, 3);
    const one = message.take();
    message.append(Buffer.from('two'), 0, 3);
    expect([one.toString(), message.take().toString()]).toEqual(['one', 'two']);
  });

  it('takes one byte at a time with memory in proportion to the bytes', () => {
    const message = new MessageBuffer();
    const byte = Buffer.alloc(1);
    for (let i = 0; i < 65_507; i++) {
      byte[0] = i;
      message.append(byte, 0, 1);
    }
    const whole = message.take();
    expect(whole.every((value, index) => value === (index & 255))).toBe(true);
    expect(whole.buffer.byteLength).toBeLessThanOrEqual(2 * 65_507);
  });

  it('holds nothing for an empty slice', () => {
    const message = new MessageBuffer();
    message.append(Buffer.from('abc'), 1, 1);
    expect(message.length).toBe(0);
  });
});
