import { destination } from 'pino';
import type { LogSettings } from '../config/expand.ts';
import { systemReason } from '../config/input-file.ts';
import { BridgeError } from '../errors.ts';
import { LogFile } from '../observe/log-file.ts';
import { createJsonLogger, createTextLogger, type Logger } from '../observe/logger.ts';
import { createSyslog, createSyslogLogger } from '../observe/syslog.ts';
import type { Environment } from './dialect.ts';

const STDERR = 2;

/** Where the log goes. */
export interface LogOutput {
  readonly logger: Logger;
  /** Opens log files anew, after somebody has moved them away. */
  reopen(): void;
  /** Has written everything when it resolves. */
  close(): Promise<void>;
}

/**
 * Opens what the settings ask for: readable on a terminal, JSON elsewhere, on standard error unless there is a file or
 * syslog. `hasStderr` is false where standard error is nothing to write to, such as the socket of a client.
 */
export function openLog(settings: LogSettings, env: Environment, hasStderr = true): LogOutput {
  const { level, file, syslog, syslogFormat, syslogFacility, syslogName, stderr } = settings;
  const onStderr = hasStderr && (stderr || (file === null && syslog === null));
  const console = onStderr ? stderrLogger(settings, env) : null;
  const onProblem = (error: BridgeError): void => {
    console?.log('warn', `${error.message} — ${error.remedy}`, { event: 'warning', error: error.code });
  };
  const logFile = file === null ? null : openFile(file, onProblem);
  const system =
    syslog === null
      ? null
      : createSyslog({
          address: syslog,
          format: syslogFormat,
          facility: syslogFacility,
          appName: syslogName,
          onProblem,
        });
  const loggers = [
    console,
    logFile && fileLogger(settings, (line) => logFile.write(line)),
    system && createSyslogLogger({ level, syslog: system }),
  ].filter((logger) => logger !== null);
  return {
    logger: loggers.length === 1 ? loggers[0]! : joined(loggers),
    reopen: () => logFile?.reopen(),
    close: async () => {
      await system?.close();
      logFile?.close();
    },
  };
}

/** Whether the terminal's user wants colours (no-color.org). */
export function wantsColour(env: Environment): boolean {
  return !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function openFile(file: string, onProblem: (error: BridgeError) => void): LogFile {
  try {
    return new LogFile({ path: file, onProblem });
  } catch (thrown) {
    const { cause = thrown } = thrown as Error;
    throw new BridgeError('LOG_FILE_UNWRITABLE', { detail: `'${file}': ${systemReason(cause)}`, cause });
  }
}

function stderrLogger({ level, format }: LogSettings, env: Environment): Logger {
  // Synchronous, so that the last lines before an exit are not lost.
  const output = destination({ fd: STDERR, sync: true });
  // A reader that has gone away (bascule … 2>&1 | head) must not end the bridge.
  output.on('error', () => {});
  const write = (line: string): void => void output.write(line);
  const onTerminal = process.stderr.isTTY;
  if (format === 'json' || (format === 'auto' && !onTerminal)) return createJsonLogger({ level, write });
  return createTextLogger({ level, write, colour: onTerminal && wantsColour(env) });
}

function fileLogger({ level, format }: LogSettings, write: (line: string) => void): Logger {
  return format === 'text' ? createTextLogger({ level, write, colour: false }) : createJsonLogger({ level, write });
}

function joined(loggers: readonly Logger[]): Logger {
  return {
    log: (level, message, fields, more) => {
      for (const logger of loggers) logger.log(level, message, fields, more);
    },
    enabled: (level) => loggers.some((logger) => logger.enabled(level)),
  };
}
