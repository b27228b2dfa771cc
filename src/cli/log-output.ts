import { openSync } from 'node:fs';
import { destination } from 'pino';
import type { LogSettings } from '../config/expand.ts';
import { systemReason } from '../config/input-file.ts';
import { BridgeError } from '../errors.ts';
import { createJsonLogger, createTextLogger, type Logger } from '../observe/logger.ts';
import type { Environment } from './dialect.ts';

const STDERR = 2;

/** The logger that the settings ask for: readable on a terminal, JSON elsewhere, on standard error or in a file. */
export function openLog(settings: LogSettings, env: Environment): Logger {
  const { level, format, file } = settings;
  // Synchronous, so that the last lines before an exit are not lost.
  const output = destination({ fd: file === null ? STDERR : openFile(file), sync: true });
  // A reader that has gone away (bascule … 2>&1 | head) must not end the bridge.
  output.on('error', () => {});
  const write = (line: string): void => void output.write(line);
  const onTerminal = file === null && process.stderr.isTTY;
  if (format === 'json' || (format === 'auto' && !onTerminal)) return createJsonLogger({ level, write });
  return createTextLogger({ level, write, colour: onTerminal && wantsColour(env) });
}

/** Whether the terminal's user wants colours (no-color.org). */
export function wantsColour(env: Environment): boolean {
  return !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function openFile(file: string): number {
  try {
    return openSync(file, 'a', 0o640);
  } catch (thrown) {
    throw new BridgeError('LOG_FILE_UNWRITABLE', { detail: `'${file}': ${systemReason(thrown)}`, cause: thrown });
  }
}
