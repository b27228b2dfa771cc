import { escapeText } from './escape.ts';
import type { LogLevel } from './logger.ts';

/** The parts of a system that a message can come from (RFC 5424 §6.2.1). */
export const SYSLOG_FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type SyslogFacility = keyof typeof SYSLOG_FACILITIES;

/** RFC 5424, or what syslog(3) and RFC 3164 did before it. */
export type SyslogFormat = 'rfc5424' | 'rfc3164';

/** Who sends: the same for all messages of a process. */
export interface SyslogSender {
  readonly format: SyslogFormat;
  readonly facility: SyslogFacility;
  readonly appName: string;
  readonly pid: number;
  /** null leaves it out where the format allows that, as programs do that talk to the daemon of their own machine. */
  readonly hostname: string | null;
}

const SEVERITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** What every receiver should take (RFC 5424 §6.1); it also fits into a datagram on any network. */
const MAX_MESSAGE = 2048;
const CUT = '...';
/** Says that the text is UTF-8 (RFC 5424 §6.4); plain ASCII goes without it. */
const BOM = '\uFEFF';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** One message: a single line, cut at the end of a character when it is too long. */
export function syslogMessage(sender: SyslogSender, level: LogLevel, time: Date, text: string): Buffer {
  const { format, facility } = sender;
  const priority = SYSLOG_FACILITIES[facility] * 8 + SEVERITIES[level];
  const line = escapeText(text.replace(/\n$/, ''), Infinity);
  const head = format === 'rfc5424' ? newHead(sender, time) : oldHead(sender, time);
  const bom = format === 'rfc5424' && !/^[ -~]*$/.test(line) ? BOM : '';
  const message = Buffer.from(`<${priority}>${head}${bom}${line}`);
  return message.length <= MAX_MESSAGE ? message : cut(message);
}

/** RFC 5424 §6.2: version, time, host, program, process; no message id, no structured data. */
function newHead({ hostname, appName, pid }: SyslogSender, time: Date): string {
  return `1 ${time.toISOString()} ${field(hostname, 255)} ${field(appName, 48)} ${pid} - - `;
}

/** RFC 3164 §4.1: local time without a year, and the tag of the program. */
function oldHead({ hostname, appName, pid }: SyslogSender, time: Date): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  const date = `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2, ' ')} ${clock.join(':')}`;
  const host = hostname === null ? '' : `${field(hostname, 255)} `;
  return `${date} ${host}${appName.replaceAll(/[^A-Za-z0-9_.-]/g, '').slice(0, 32)}[${pid}]: `;
}

/** A header field holds visible ASCII only, and '-' stands for nothing. */
function field(text: string | null, longest: number): string {
  return text?.replaceAll(/[^!-~]/g, '').slice(0, longest) || '-';
}

function cut(message: Buffer): Buffer {
  let end = MAX_MESSAGE - CUT.length;
  // 10xxxxxx continues a character (RFC 3629 §3).
  while ((message[end]! & 0xc0) === 0x80) end--;
  return Buffer.concat([message.subarray(0, end), Buffer.from(CUT)]);
}
