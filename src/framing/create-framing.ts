import { nearest } from '../address/nearest.ts';
import { quoted } from '../address/host-port.ts';
import type { FramerConfig, FramingConfig, PluginConfig } from '../config/model.ts';
import { AppendingUnframer } from './append.ts';
import { ArrivingFramer, asText, asWhatItIs, type Judge } from './arriving.ts';
import { CuttingFramer } from './cutter.ts';
import { type Framer, Framing, type Unframer } from './framing.ts';
import { BadFramingConfig, badFraming, readFields, readNumber, readSeparator, readWord } from './framing-text.ts';
import { JsonBoundary } from './json.ts';
import { FixedBoundary, LengthBoundary, type LengthField } from './length.ts';
import { asBinary, PassingFramer, PassingUnframer } from './passing.ts';
import type { LoadedFraming } from './plugin-calls.ts';
import { PluginFramer } from './plugin-framer.ts';
import { pluginUnframer } from './plugin-unframer.ts';
import { createPrefix } from './prefix.ts';
import { SeparatorBoundary } from './separator.ts';

/** Greatest message that is put together where the config sets no limit, in bytes. */
const LIMIT = 16 * 1024 * 1024;

/** What a framing is made for. */
export interface FramingOptions {
  /** Greatest message that is put together, in bytes; 0 = 16 MiB. */
  readonly limit: number;
  /** What the target gives. Datagrams and messages need no cutting, so what cuts a stream is refused for them. */
  readonly target: 'stream' | 'datagram' | 'message';
}

/** Gives a plugin that has been loaded. */
export type LoadedPlugin = (config: PluginConfig) => LoadedFraming;

interface Kind {
  /** Absent: it is for the other direction only. `limit` is in bytes. */
  readonly framer?: (config: string | null, limit: number) => Framer;
  readonly unframer?: (config: string | null, limit: number) => Unframer;
  /** Makes a message of a datagram; absent: it cannot. */
  readonly judge?: Judge;
  /** Takes no config. */
  readonly bare?: true;
}

const SEQUENCES = { lf: '\n', crlf: '\r\n', lfcr: '\n\r', cr: '\r' } as const;

/** THE table of framings. */
const KINDS: Readonly<Record<string, Kind>> = {
  auto: { framer: () => new ArrivingFramer(asWhatItIs), judge: asWhatItIs, bare: true },
  text: { framer: () => new ArrivingFramer(asText), judge: asText, bare: true },
  binary: { framer: () => new PassingFramer(asBinary), judge: asBinary, bare: true },
  passthrough: {
    framer: () => new PassingFramer(asBinary),
    unframer: () => new PassingUnframer(),
    judge: asBinary,
    bare: true,
  },
  separator: {
    framer: (config, limit) => new CuttingFramer(new SeparatorBoundary(readSeparator(config), false), limit),
    unframer: (config) => new AppendingUnframer(readSeparator(config)),
  },
  newline: {
    framer: (config, limit) => new CuttingFramer(new SeparatorBoundary(readNewline(config), true), limit),
    unframer: (config) => new AppendingUnframer(readNewline(config)),
  },
  fixedlength: {
    framer: (config, limit) =>
      new CuttingFramer(new FixedBoundary(readNumber('the length of fixedlength', config ?? '', 1, limit)), limit),
  },
  dynamic32: ofLength((config, limit) => {
    const fields = readFields('dynamic32', config, ['offset', 'static', 'endian']);
    return {
      name: 'dynamic32',
      offset: readNumber('offset of dynamic32', fields.get('offset') ?? '0', 0, limit - 4),
      width: 4,
      extra: readNumber('static of dynamic32', fields.get('static') ?? '0', -(2 ** 31), 2 ** 31 - 1),
      endian: readWord('endian of dynamic32', fields.get('endian') ?? 'little', ['big', 'little']),
      stripped: false,
    };
  }),
  length16: ofLength((config) => prefixField('length16', 2, config)),
  length32: ofLength((config) => prefixField('length32', 4, config)),
  json: { framer: (_config, limit) => new CuttingFramer(new JsonBoundary(), limit), bare: true },
};

/**
 * Makes the framing of a session: what cuts the target's stream, and what puts the client's messages into it. Gives null
 * when both pass as they come. Throws FRAMING_INVALID for a name or config that stands for nothing.
 */
export function createFraming(
  { framer, unframer }: FramingConfig,
  { limit, target }: FramingOptions,
  plugin: LoadedPlugin,
): Framing | null {
  const most = limit === 0 ? LIMIT : limit;
  if (target === 'message') return ofMessages(framer ?? unframer);
  if (target === 'datagram') return ofDatagrams(framer, unframer);
  const cut = framer ? makeFramer(framer, most, plugin) : new PassingFramer(asBinary);
  let framing: Framing;
  try {
    framing = new Framing(cut, unframer ? makeUnframer(unframer, most, plugin) : new PassingUnframer());
  } catch (error) {
    cut.dispose();
    throw error;
  }
  return isAsItComes(framer) && isAsItComes(unframer) ? null : framing;
}

/** Checks a framing as far as it can be told without its plugins. Throws FRAMING_INVALID. */
export function checkFraming({ framer, unframer }: FramingConfig, options: FramingOptions): void {
  const known =
    options.target === 'stream' ? { framer: builtIn(framer), unframer: builtIn(unframer) } : { framer, unframer };
  createFraming(known, options, ({ module }) => {
    throw badFraming(`plugin ${module} is not loaded`, 'use it for a stream');
  });
}

function builtIn(config: FramerConfig | null): FramerConfig | null {
  return config?.plugin ? null : config;
}

/** Whether bytes pass without any framing, which is faster. */
function isAsItComes(config: FramerConfig | null): boolean {
  return config === null || (!config.plugin && ['binary', 'passthrough'].includes(config.name));
}

function makeFramer({ name, config, plugin }: FramerConfig, limit: number, loaded: LoadedPlugin): Framer {
  if (plugin) return new PluginFramer(loaded(plugin), limit);
  const kind = kindOf(name, config);
  if (kind.framer) return kind.framer(config, limit);
  throw badFraming(`${name} does not cut a stream`, `use ${namesWith('framer')}`);
}

function makeUnframer({ name, config, plugin }: FramerConfig, limit: number, loaded: LoadedPlugin): Unframer {
  if (plugin) return pluginUnframer(loaded(plugin), limit);
  const kind = kindOf(name, config);
  if (kind.unframer) return kind.unframer(config, limit);
  throw badFraming(`${name} is not for the messages of a client`, `use ${namesWith('unframer')}`);
}

function ofMessages(config: FramerConfig | null): null {
  if (isAsItComes(config)) return null;
  throw badFraming(`${nameOf(config)} is for streams, and this target takes messages`, 'leave it out');
}

/** One message is one datagram: nothing to cut, but text can be told from binary. */
function ofDatagrams(framer: FramerConfig | null, unframer: FramerConfig | null): Framing | null {
  const judge = framer?.plugin ? undefined : framer ? kindOf(framer.name, framer.config).judge : asBinary;
  const whole = 'one message is one datagram, so there is nothing to cut';
  if (judge === undefined)
    throw badFraming(`${nameOf(framer)} is for streams: ${whole}`, `use ${namesWith('judge')}, or leave it out`);
  if (unframer && unframer.name !== 'passthrough')
    throw badFraming(`${nameOf(unframer)} is for streams: ${whole}`, 'leave it out');
  return judge === asBinary ? null : new Framing(new PassingFramer(judge), new PassingUnframer());
}

function nameOf(config: FramerConfig | null): string {
  return config?.plugin ? `plugin ${config.plugin.module}` : (config?.name ?? '');
}

function kindOf(name: string, config: string | null): Kind {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) {
    const guess = nearest(name, Object.keys(KINDS));
    throw badFraming(
      `there is no framing called ${quoted(name)}`,
      guess
        ? `did you mean ${guess}?`
        : `use ${Object.keys(KINDS).join(', ')}, the path of a plugin, or plugin:NAME for one that is a package`,
    );
  }
  if (kind.bare && config !== null && config !== '')
    throw new BadFramingConfig(`${name} takes no config`, 'leave the config out');
  return kind;
}

function namesWith(role: keyof Kind): string {
  const names = Object.keys(KINDS).filter((name) => role in KINDS[name]!);
  return names.join(', ');
}

/** A framing by a length field, in both directions. */
function ofLength(read: (config: string | null, limit: number) => LengthField): Kind {
  return {
    framer: (config, limit) => {
      const field = read(config, limit);
      return new CuttingFramer(new LengthBoundary(field, limit), limit + field.width);
    },
    unframer: (config, limit) => createPrefix(read(config, limit), limit),
  };
}

function prefixField(name: string, width: 2 | 4, config: string | null): LengthField {
  const endian = readFields(name, config, ['endian']).get('endian') ?? 'big';
  return {
    name,
    offset: 0,
    width,
    extra: 0,
    endian: readWord(`endian of ${name}`, endian, ['big', 'little']),
    stripped: true,
  };
}

function readNewline(config: string | null): Buffer {
  const names = Object.keys(SEQUENCES) as (keyof typeof SEQUENCES)[];
  return Buffer.from(
    SEQUENCES[readWord('the sequence of newline', config === null || config === '' ? 'lf' : config, names)],
  );
}
