/*
 * How fast the WebSocket codec is, without sockets: parser, mask, UTF-8 and writer.
 *
 *   npm run build && node bench/micro/websocket.mjs [directory of the build to measure]
 *
 * Every figure is the best of several rounds: on a shared machine the best is the one least disturbed.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const dist = resolve(process.argv[2] ?? `${import.meta.dirname}/../../dist`);
const load = (file) => import(pathToFileURL(`${dist}/websocket/${file}`).href);
const { Parser } = await load('parser.js');
const { unmask, useNativeMask } = await load('mask.js');
const { Utf8Validator } = await load('utf8.js');
const { frame, headerSize, writeHeader } = await load('writer.js');

const CHUNK = 64 * 1024;
const ROUNDS = 100;
const ROUND_NS = 1e6;

/** Nanoseconds per call of `work`, which is told how often to do its thing. */
function best(work) {
  let calls = 1;
  for (let spent = 0; spent < ROUND_NS; calls = Math.ceil(calls * Math.min(10, (1.3 * ROUND_NS) / (spent + 1)))) {
    spent = time(work, calls);
    if (spent >= ROUND_NS) break;
  }
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, time(work, calls) / calls);
  return least;
}

function time(work, calls) {
  const start = performance.now();
  work(calls);
  return (performance.now() - start) * 1e6;
}

/** A masked frame as a client sends it. */
function clientFrame(opcode, payload) {
  const header = Buffer.alloc(headerSize(payload.length) + 4);
  const size = writeHeader(header, 0, opcode, payload.length);
  header[1] |= 0x80;
  const key = randomBytes(4);
  key.copy(header, size);
  return Buffer.concat([header, payload.map((byte, index) => byte ^ key[index & 3])]);
}

/** As many frames as fit into one chunk; a frame that does not fit is cut by the chunk's end and goes on in the next. */
function stream(opcode, payload) {
  const one = clientFrame(opcode, payload);
  const count = Math.max(16, Math.ceil((4 * CHUNK) / one.length));
  return { bytes: Buffer.concat(Array.from({ length: count }, () => one)), count };
}

/** Feeds a stream of frames through the one read buffer, chunk by chunk, as a socket would. */
function parse(opcode, size, chunkSize) {
  const payload = opcode === 1 ? Buffer.alloc(size, 'a lazy dog, ') : randomBytes(size);
  const { bytes, count } = stream(opcode, payload);
  const shared = Buffer.from(new ArrayBuffer(chunkSize + 16)).subarray(16);
  let seen = 0;
  const handler = {
    onData(_buffer, start, end) {
      seen += end - start;
    },
    onPing() {},
    onPong() {},
    onClose() {},
  };
  const parser = new Parser(handler);
  const filling = best((calls) => {
    for (let call = 0; call < calls; call++) {
      for (let at = 0; at < bytes.length; at += chunkSize) bytes.copy(shared, 0, at, at + chunkSize);
    }
  });
  const all = best((calls) => {
    for (let call = 0; call < calls; call++) {
      for (let at = 0; at < bytes.length; at += chunkSize) {
        const length = bytes.copy(shared, 0, at, at + chunkSize);
        const error = parser.push(shared, 0, length);
        if (error !== null) throw error;
      }
    }
  });
  if (seen % (count * size) !== 0 || !parser.idle) throw new Error('the parser lost bytes');
  const ns = (all - filling) / count;
  return { nsPerFrame: ns, mbPerSecond: (size / ns) * 1000 };
}

const line = (name, ...figures) => console.log(name.padEnd(34), ...figures.map((figure) => figure.padStart(16)));
const ns = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ns`;
const gb = (value) => `${value.toFixed(2)} GB/s`;
const mb = (value) => `${value.toFixed(0)} MB/s`;

console.log(`node ${process.version}, ${dist}\n`);

for (const native of [true, false]) {
  const used = useNativeMask(native);
  if (native && !used) continue;
  const suffix = used ? 'native mask' : 'JavaScript mask';
  for (const [label, opcode, size, chunk] of [
    ['binary 64 KiB', 2, 65536, CHUNK],
    ['binary 4 KiB', 2, 4096, CHUNK],
    ['binary 1 KiB', 2, 1024, CHUNK],
    ['binary 256 B', 2, 256, CHUNK],
    ['binary 64 B', 2, 64, CHUNK],
    ['binary 64 B, one per chunk', 2, 64, 70],
    ['binary 8 B', 2, 8, CHUNK],
    ['text 64 KiB', 1, 65536, CHUNK],
    ['text 1 KiB', 1, 1024, CHUNK],
    ['text 64 B', 1, 64, CHUNK],
    ['ping 16 B', 9, 16, CHUNK],
  ]) {
    if (opcode === 9) {
      if (!used) line('parse ping 16 B', ns(parsePings()));
      continue;
    }
    const { nsPerFrame, mbPerSecond } = parse(opcode, size, chunk);
    line(`parse ${label}, ${suffix}`, mb(mbPerSecond), `${ns(nsPerFrame)}/frame`);
  }
}

function parsePings() {
  const { bytes, count } = stream(9, randomBytes(16));
  const copy = Buffer.from(bytes);
  const parser = new Parser({ onData() {}, onPing() {}, onPong() {}, onClose() {} });
  return (
    best((calls) => {
      for (let call = 0; call < calls; call++) {
        bytes.copy(copy);
        parser.push(copy, 0, copy.length);
      }
    }) / count
  );
}

console.log();
for (const native of [true, false]) {
  if (useNativeMask(native) !== native) continue;
  for (const size of [16, 64, 256, 512, 1024, 4096, 65536]) {
    const buffer = Buffer.from(new ArrayBuffer(CHUNK + 64));
    const spent = [0, 6].map((shift) =>
      best((calls) => {
        for (let call = 0; call < calls; call++) unmask(buffer, 14, 14 + size, 14 - shift, 0x12345678, call & 3);
      }),
    );
    line(
      `unmask ${size} B, ${native ? 'native' : 'JavaScript'}`,
      ...spent.flatMap((each) => [gb(size / each), ns(each)]),
    );
  }
}

console.log();
for (const [label, text] of [
  ['ASCII', 'a lazy dog, '],
  ['Greek', 'κόσμε, '],
]) {
  for (const size of [16, 64, 256, 1024, 65536]) {
    const buffer = Buffer.from(text.repeat(size).slice(0, size));
    const validator = new Utf8Validator();
    const spent = best((calls) => {
      for (let call = 0; call < calls; call++) if (!validator.push(buffer, 0, buffer.length)) throw new Error(label);
    });
    line(`UTF-8 ${label} ${buffer.length} B`, gb(buffer.length / spent), ns(spent));
  }
}

console.log();
for (const size of [16, 1024, 65536]) {
  const buffer = Buffer.alloc(16 + size);
  const headers = best((calls) => {
    for (let call = 0; call < calls; call++) writeHeader(buffer, 16 - headerSize(size), 2, size);
  });
  line(`write header for ${size} B`, ns(headers));
  const payload = buffer.subarray(16);
  if (size > 1024) continue;
  const whole = best((calls) => {
    for (let call = 0; call < calls; call++) frame(2, payload);
  });
  line(`frame ${size} B`, ns(whole));
}
