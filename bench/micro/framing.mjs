/*
 * How fast the framers are, without sockets: one stream for each, in reads of 64 KiB, 1 KiB and 1 byte.
 *
 *   npm run build && node bench/micro/framing.mjs [directory of the build to measure]
 *
 * Processor time is counted, which other programs do not disturb as they do the clock, and every figure is the best of
 * several rounds. Before it is measured, each stream is checked: the payloads have to be what went in.
 */
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = resolve(process.argv[2] ?? `${import.meta.dirname}/../../dist`);
const { createFraming } = await import(pathToFileURL(`${dist}/framing/create-framing.js`).href);

const ROUNDS = 7;
/** A round takes about this long, in ms of processor time. */
const ROUND = 150;
const READS = [65_536, 1024, 1];
const SIZE = 1024 * 1024;
const fill = (text, size = SIZE) => Buffer.alloc(size - (size % Buffer.byteLength(text)), text);

/** A stream of messages, each behind its length. */
function prefixed(payload, width, write) {
  const one = Buffer.alloc(width + payload);
  one[write](payload, 0);
  return Buffer.concat(Array.from({ length: Math.floor(SIZE / one.length) }, () => one));
}

const object = `${JSON.stringify({ id: 12345, name: 'Ada Lovelace', tags: ['a', 'b'], ok: true, note: 'first \\ "programmer"' })}\n`;

const CASES = [
  ['auto, ASCII', 'auto', null, fill('a lazy dog, ')],
  ['auto, Greek', 'auto', null, fill('κόσμε, ')],
  ['auto, binary', 'auto', null, fill(Buffer.of(0, 200, 255, 7).toString('latin1'))],
  ['text, Greek', 'text', null, fill('κόσμε, ')],
  ['binary', 'binary', null, fill(Buffer.of(0, 200, 255, 7).toString('latin1'))],
  ['passthrough', 'passthrough', null, fill(Buffer.of(0, 200, 255, 7).toString('latin1'))],
  ['newline, lines of 80 B', 'newline', null, fill(`${'x'.repeat(79)}\n`)],
  ['newline, lines of 10 B', 'newline', null, fill(`${'x'.repeat(9)}\n`)],
  ['newline crlf, lines of 80 B', 'newline', 'crlf', fill(`${'x'.repeat(78)}\r\n`)],
  ['newline, a line of 1 MiB', 'newline', null, fill('x')],
  ['separator ;END;, 100 B', 'separator', ';END;', fill(`${'x'.repeat(95)};END;`)],
  ['fixedlength 100', 'fixedlength', '100', fill('x')],
  ['fixedlength 16', 'fixedlength', '16', fill('x')],
  ['dynamic32, 100 B', 'dynamic32', null, prefixed(96, 4, 'writeUInt32LE')],
  ['length16, 100 B', 'length16', null, prefixed(98, 2, 'writeUInt16BE')],
  ['length32, 4 KiB', 'length32', null, prefixed(4092, 4, 'writeUInt32BE')],
  ['json, objects of 110 B', 'json', null, fill(object)],
  ['json, numbers', 'json', null, fill('12345 ')],
  ['json, a text of 1 MiB', 'json', null, Buffer.from(`"${'x'.repeat(SIZE)}"`)],
];

/** What passes as it comes, without any framer, unless the messages of the client are framed. */
const PASSING = new Set(['binary', 'passthrough']);
const CLIENT = { name: 'newline', config: null };

/** Puts the stream through a new framer, and gives how many messages and payload bytes there were. */
function run(name, config, chunks) {
  const unframer = PASSING.has(name) ? CLIENT : null;
  const { framer } = createFraming({ framer: { name, config }, unframer }, { limit: 0, target: 'stream' });
  let messages = 0;
  let bytes = 0;
  for (const chunk of chunks) {
    for (const { data } of framer.push(chunk)) {
      messages++;
      bytes += data.length;
    }
  }
  for (const { data } of framer.end()) {
    messages++;
    bytes += data.length;
  }
  if (framer.error) throw framer.error;
  return { messages, bytes };
}

function cut(stream, size) {
  return Array.from({ length: Math.ceil(stream.length / size) }, (_, at) =>
    stream.subarray(at * size, (at + 1) * size),
  );
}

/** Processor time of this process so far, in ms. */
function spentTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Megabytes of stream per second of processor time. */
function measure(name, config, stream, size) {
  const chunks = cut(stream, size);
  const { bytes, messages } = run(name, config, chunks);
  const stripped = name.startsWith('length') ? messages * (name === 'length16' ? 2 : 4) : 0;
  if (bytes + stripped !== stream.length) throw new Error(`${name} lost bytes`);
  let calls = 1;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = spentTime();
    for (let call = 0; call < calls; call++) run(name, config, chunks);
    const spent = Math.max(0.1, spentTime() - start);
    // The first round warms up.
    if (round > 0) best = Math.min(best, spent / calls);
    else calls = Math.max(1, Math.round(ROUND / spent));
  }
  return stream.length / best / 1000;
}

const cell = (value) => value.toFixed(value < 100 ? 1 : 0).padStart(10);
console.log(`Node ${process.version}, ${cpus()[0].model}\n`);
console.log(`| MB/s of stream                | ${READS.map((size) => `reads of ${size} B`).join(' | ')} |`);
console.log(
  `| ----------------------------- | ${READS.map((size) => '-'.repeat(`reads of ${size} B`.length)).join(' | ')} |`,
);
for (const [label, name, config, stream] of CASES) {
  const figures = READS.map((size) => measure(name, config, stream, size));
  console.log(
    `| ${label.padEnd(29)} | ${figures.map((figure, at) => cell(figure).padStart(`reads of ${READS[at]} B`.length)).join(' | ')} |`,
  );
}
