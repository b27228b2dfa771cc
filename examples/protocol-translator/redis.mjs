// Lets a browser talk to Redis in JSON: each text message is a command, ["SET", "greeting", "hello"], and is answered by
// { "reply": … } or { "error": "…" }, in order. The server's own protocol (RESP2) stays on this side.

import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createBridge } from 'bascule';

const { LISTEN = 6080, REDIS_HOST = '127.0.0.1', REDIS_PORT = 6379, ORIGIN } = process.env;

/** What clients may do. Redis has commands that nobody on the network should have. */
const ALLOWED = new Set(['PING', 'ECHO', 'GET', 'SET', 'DEL', 'INCR', 'RPUSH', 'LRANGE', 'HSET', 'HGETALL']);

/** The longest reply that is passed on, in bytes. */
const LONGEST_REPLY = 1024 * 1024;

const bridge = createBridge({
  listen: LISTEN,
  onSession: translate,
  ...(ORIGIN ? { auth: { origins: [ORIGIN] } } : {}),
});

/**
 * Serves one client with a connection to Redis of its own. Each pipeline waits for its slower end, so that a client that
 * is behind stops Redis, and Redis the client. A client that leaves has its last command carried out.
 */
async function translate(session) {
  const redis = connect({ host: REDIS_HOST, port: Number(REDIS_PORT), noDelay: true });
  try {
    await Promise.all([
      pipeline(commands(session), redis),
      pipeline(redis, (source) => answer(session, parseReplies(source))),
    ]);
  } catch (error) {
    console.error(`session ${session.id}: ${error.message}`);
    await session.close(1011, 'Redis is out of reach');
  }
}

/** The client's commands as Redis reads them. Ends when the client leaves, or is sent away for what it said. */
async function* commands(session) {
  for await (const message of session.messages) {
    const command = readCommand(message);
    if (command === null) void session.close(4000, 'send a JSON array of strings');
    else if (!ALLOWED.has(command[0].toUpperCase())) void session.close(4003, `${command[0]} is not allowed`);
    else yield writeCommand(command);
  }
}

/** Passes replies on. Those for a client that has left are read, too: Redis may still be at its commands. */
async function answer(session, replies) {
  for await (const reply of replies) await session.send(JSON.stringify(reply)).catch(() => {});
}

/** The command in a message; null for anything but a JSON array of strings. */
function readCommand(message) {
  if (typeof message !== 'string') return null;
  try {
    const command = JSON.parse(message);
    const isCommand = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string');
    return isCommand ? command : null;
  } catch {
    return null;
  }
}

/** A command as Redis reads it: an array of strings, each with its length in bytes in front. */
function writeCommand(command) {
  const strings = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${strings.join('')}`;
}

/** Cuts Redis's bytes into replies. */
async function* parseReplies(source) {
  let bytes = Buffer.alloc(0);
  for await (const chunk of source) {
    bytes = Buffer.concat([bytes, chunk]);
    for (let found = parse(bytes, 0); found; found = parse(bytes, 0)) {
      yield found.value instanceof Error ? { error: found.value.message } : { reply: found.value };
      bytes = bytes.subarray(found.end);
    }
    if (bytes.length > LONGEST_REPLY) throw new Error(`a reply is longer than ${LONGEST_REPLY} bytes`);
  }
}

/** The reply that begins at `bytes[at]`, and where it ends; null while it is not all there. */
function parse(bytes, at) {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd === -1) return null;
  const line = bytes.toString('utf8', at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[at])) {
    case '+':
      return { value: line, end };
    case '-':
      return { value: new Error(line), end };
    case ':':
      return { value: readNumber(line), end };
    case '$': {
      const length = readLength(line);
      if (length === -1) return { value: null, end };
      const stringEnd = end + length;
      return bytes.length < stringEnd + 2
        ? null
        : { value: bytes.toString('utf8', end, stringEnd), end: stringEnd + 2 };
    }
    case '*': {
      const length = readLength(line);
      return length === -1 ? { value: null, end } : parseArray(bytes, end, length);
    }
    default:
      throw new Error('this is not Redis');
  }
}

/** What stands behind ':'. A number that JavaScript cannot hold comes as text, as it was. */
function readNumber(line) {
  if (!/^[+-]?\d+$/.test(line)) throw new Error('a number of Redis is none');
  return Number.isSafeInteger(Number(line)) ? Number(line) : line;
}

/** How long a string or an array is; -1 for null. Anything else and the place of the next reply were unknown. */
function readLength(line) {
  if (!/^(-1|\d{1,10})$/.test(line)) throw new Error('a length of Redis is none');
  if (Number(line) > LONGEST_REPLY) throw new Error(`a reply is longer than ${LONGEST_REPLY} bytes`);
  return Number(line);
}

/** The array of `length` replies that begins at `bytes[start]`; null while it is not all there. */
function parseArray(bytes, start, length) {
  const values = [];
  let end = start;
  while (values.length < length) {
    const found = parse(bytes, end);
    if (!found) return null;
    values.push(found.value instanceof Error ? found.value.message : found.value);
    end = found.end;
  }
  return { value: values, end };
}

await bridge.listen();
console.log(`redis translator: ${bridge.addresses[0].url.replace('http', 'ws')}`);
process.once('SIGINT', () => bridge.close());
process.once('SIGTERM', () => bridge.close());
