import { type DestinationStream, pino, stdTimeFunctions } from 'pino';

/** Levels, the most important first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Values for programs that read the log. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Takes the lines of the log. `message` is one line, already escaped; `more` is for people only. */
export interface Logger {
  log(level: LogLevel, message: string, fields: LogFields, more?: readonly string[]): void;
  /** Whether a line of this level would be written: saves making it. */
  enabled(level: LogLevel): boolean;
}

/** Whether `level` is at least as important as the least important one that is written. */
export function isEnabled(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(least);
}

export interface LoggerOptions {
  /** The least important level to write. */
  readonly level: LogLevel;
  /** Takes finished lines and has written them when it returns: what is logged last must not be lost at exit. */
  readonly write: (line: string) => void;
  /** For tests; by default the clock. */
  readonly now?: () => Date;
}

/** A logger that writes a JSON object per line. */
export function createJsonLogger({ level, write, now }: LoggerOptions): Logger {
  const destination: DestinationStream = { write };
  const options = {
    level,
    base: null,
    timestamp: now ? () => `,"time":"${now().toISOString()}"` : stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(options, destination);
  return { log: (at, message, fields) => logger[at](fields, message), enabled: (at) => isEnabled(at, level) };
}

const COLOURS: Readonly<Record<LogLevel, string>> = { error: '31', warn: '33', info: '', debug: '2' };

/** A logger that writes for people: the time of day, the message, and what else there is, indented. */
export function createTextLogger(options: LoggerOptions & { readonly colour: boolean }): Logger {
  const { level, write, colour, now = () => new Date() } = options;
  return {
    log: (at, message, _fields, more = []) => {
      if (!isEnabled(at, level)) return;
      const label = at === 'error' || at === 'warn' ? `${at}: ` : '';
      const text = [`${timeOfDay(now())} ${label}${message}`, ...more.map((line) => `  ${line}`)].join('\n');
      write(colour && COLOURS[at] ? `\u001B[${COLOURS[at]}m${text}\u001B[0m\n` : `${text}\n`);
    },
    enabled: (at) => isEnabled(at, level),
  };
}

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
