// A framing for bascule that speaks RESP, the protocol of Redis and Valkey (https://redis.io/docs/latest/develop/reference/protocol-spec/).
//
// Each reply of the server is one message, as it stands in the protocol: text where it is valid UTF-8, else binary. Each
// message of the client is one command: a JSON array of texts and numbers, such as ["SET", "greeting", "hello"].
//
//   bascule 6080 localhost:6379 --framing ./resp-framing.mjs --client-framing ./resp-framing.mjs

import { isUtf8 } from 'node:buffer';

export const apiVersion = 1;

const NEWLINE = 0x0a;
/** The line that begins a reply, or is all of it. */
const LONGEST_LINE = 64 * 1024;

/** @returns {import('bascule/plugin').PluginFraming} */
export function createFraming() {
  return {
    createFramer: ({ limit }) => new Replies(limit),
    createUnframer: () => ({ push: command }),
  };
}

/** Cuts the stream of a server into replies. Every byte is looked at once, however the stream arrives. */
class Replies {
  #limit;
  /** The reply so far, as far as it came in earlier chunks. */
  #reply = new Gathering();
  /** The line so far. */
  #line = '';
  /** How many values the reply still needs. */
  #values = 1;
  /** How many bytes of a value still pass unread. */
  #bytes = 0;

  constructor(limit) {
    this.#limit = limit;
  }

  push(chunk) {
    const messages = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      at = this.#bytes > 0 ? this.#pass(chunk, at) : this.#read(chunk, at);
      if (this.#reply.length + at - start > this.#limit) throw new Error('a reply is larger than the limit');
      if (this.#values > 0 || this.#bytes > 0) continue;
      this.#reply.add(chunk.subarray(start, at));
      const data = this.#reply.take();
      messages.push({ type: isUtf8(data) ? 'text' : 'binary', data });
      this.#values = 1;
      start = at;
    }
    this.#reply.add(chunk.subarray(start));
    return messages;
  }

  /** A server that ends inside a reply: what there is of it is told from replies by being binary. */
  end() {
    const data = this.#reply.take();
    return data.length > 0 ? [{ type: 'binary', data }] : [];
  }

  dispose() {
    this.#reply.take();
  }

  #pass(chunk, at) {
    const end = Math.min(chunk.length, at + this.#bytes);
    this.#bytes -= end - at;
    return end;
  }

  #read(chunk, at) {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline === -1 ? chunk.length : newline + 1;
    this.#line += chunk.toString('latin1', at, end);
    if (this.#line.length > LONGEST_LINE) throw new Error('a line is too long for RESP');
    if (newline !== -1) this.#take(this.#line);
    return end;
  }

  /** Takes a line that begins a value: its type, and for some the number of bytes or values that follow. */
  #take(line) {
    this.#line = '';
    const type = line[0];
    this.#values -= 1;
    if ('+-:_,#('.includes(type)) return;
    const [, digits] = /^.(-1|\d{1,10})\r\n$/.exec(line) ?? [];
    const count = Number(digits);
    if (digits === undefined || !'$!=*~>%|'.includes(type)) throw new Error('this is not RESP');
    if (count === -1) return;
    if ('$!='.includes(type)) this.#bytes = count + 2;
    else if (type === '%') this.#values += 2 * count;
    else if (type === '|') this.#values += 2 * count + 1;
    else this.#values += count;
  }
}

/** Gathers bytes in memory that doubles. */
class Gathering {
  #memory = Buffer.alloc(0);
  length = 0;

  add(bytes) {
    const needed = this.length + bytes.length;
    if (needed > this.#memory.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(grown, 0, 0, this.length);
      this.#memory = grown;
    }
    bytes.copy(this.#memory, this.length);
    this.length = needed;
  }

  take() {
    const bytes = this.#memory.subarray(0, this.length);
    this.#memory = Buffer.alloc(0);
    this.length = 0;
    return bytes;
  }
}

/** Writes a command as RESP. */
function command({ data }) {
  const words = parse(data.toString());
  const isCommand =
    Array.isArray(words) && words.length > 0 && words.every((word) => /string|number/.test(typeof word));
  // The code says whose mistake it is: the client is told 1007 and not 1011.
  if (!isCommand) throw Object.assign(new Error('a command is a JSON array of texts and numbers'), { code: 'CLIENT' });
  const parts = words.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${parts.length}\r\n${parts.join('')}`;
}

/** Reads JSON; undefined for what is none. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
