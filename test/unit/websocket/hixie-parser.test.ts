import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { HixieParser, type HixieHandler } from '../../../src/websocket/hixie-parser.ts';

/** Writes down what a parser hands on, as text. */
class Log implements HixieHandler {
  readonly events: string[] = [];
  onData(buffer: Buffer, start: number, end: number, opcode: number, last: boolean): void {
    this.events.push(`${opcode} ${buffer.toString('latin1', start, end)}${last ? '.' : ''}`);
  }
  onClose(): void {
    this.events.push('close');
  }
}

interface Outcome {
  readonly events: string[];
  readonly error: ErrorCode | null;
}

/** Feeds chunks to a parser, in memory that is used again. */
function parse(chunks: readonly string[], maxMessage = 0): Outcome {
  const log = new Log();
  const parser = new HixieParser(log, maxMessage);
  const memory = Buffer.alloc(1000, 0xff);
  let error: ErrorCode | null = null;
  for (const chunk of chunks) {
    memory.write(chunk, 100, 'latin1');
    error = parser.push(memory, 100, 100 + chunk.length)?.code ?? null;
    memory.fill(0xff);
  }
  return { events: log.events, error };
}

describe('frames', () => {
  test('are text between 0x00 and 0xFF', () => {
    expect(parse(['\0aGk=\xff\0\xff\0eA==\xff'])).toEqual({ events: ['1 aGk=.', '1 .', '1 eA==.'], error: null });
  });

  test('are handed on as they arrive', () => {
    expect(parse(['\0aG', 'k', '=', '\xff', '\0', 'x'])).toEqual({
      events: ['1 aG', '1 k', '1 =', '1 .', '1 x'],
      error: null,
    });
  });

  test('have their text moved together within a chunk', () => {
    const places: number[][] = [];
    const handler = {
      onData: (_buffer: Buffer, start: number, end: number) => places.push([start, end]),
      onClose: () => {},
    };
    const bytes = Buffer.from('\0abc\xff\0\xff\0de\xff\0f', 'latin1');
    new HixieParser(handler).push(bytes, 0, bytes.length);
    expect(places).toEqual([
      [1, 4],
      [4, 4],
      [4, 6],
      [6, 7],
    ]);
    expect(bytes.toString('latin1', 1, 7)).toBe('abcdef');
  });

  test('may be of any length without a limit, and up to the limit with one', () => {
    expect(parse(['\0abcd\xff', '\0ab', 'cd\xff'], 4).error).toBeNull();
    expect(parse(['\0abcde\xff'], 4)).toEqual({ events: [], error: 'WS_MESSAGE_TOO_LARGE' });
    expect(parse(['\0abc', 'de'], 4)).toEqual({ events: ['1 abc'], error: 'WS_MESSAGE_TOO_LARGE' });
  });
});

describe('the closing handshake', () => {
  test.each([[['\xff\0']], [['\xff', '\0']]])('is 0xFF 0x00: %j', (chunks) => {
    expect(parse(chunks)).toEqual({ events: ['close'], error: null });
  });

  test('is the last thing that counts', () => {
    expect(parse(['\0a\xff\xff\0\0b\xff', '\0c\xff\x80'])).toEqual({ events: ['1 a.', 'close'], error: null });
  });
});

describe('what is refused', () => {
  test.each([
    ['a frame with a length in front', '\x80\x05hello'],
    ['a frame of an unknown type', '\x01a\xff'],
    ['an RFC 6455 frame', '\x82\x80abcd'],
    ['bytes between frames', 'a'],
    ['0xFF and something else', '\xff\xff\0'],
    ['0xFF and a length', '\xff\x03abc'],
  ])('%s', (_name, bytes) => {
    expect(parse([`\0a\xff${bytes}`])).toEqual({ events: ['1 a.'], error: 'WS_HIXIE_FRAME' });
    expect(parse(['\0a\xff', ...bytes.split('')])).toEqual({ events: ['1 a.'], error: 'WS_HIXIE_FRAME' });
  });

  test('ends everything', () => {
    expect(parse(['\x80', '\0a\xff', '\xff\0'])).toEqual({ events: [], error: 'WS_HIXIE_FRAME' });
  });
});
