import type { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { escapeText } from './escape.ts';
import type { EventHub, SessionEnd, SessionView } from './events.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';

/**
 * Logs what the bridge does: a line when a session opens, one when it closes, and one for everything that fails.
 *
 * Returns the function that stops it.
 */
export function logEvents(events: EventHub, logger: Logger): () => void {
  const stops = [
    events.on('listener:open', ({ listener, address, url, secure }) => {
      const fields = { event: 'listener:open', listener, address, url, secure };
      logger.log('info', `listening on ${escapeText(url || address)}`, fields);
    }),
    events.on('listener:close', ({ listener }) =>
      logger.log('debug', `${listener}: no longer listening`, { event: 'listener:close', listener }),
    ),
    events.on('connection:refused', ({ listener, client, error }) => {
      const fields = { event: 'connection:refused', listener, client: clientText(client), ...errorFields(error) };
      // Anybody can knock; a client's own mistakes before it asked for anything are for those who want every detail.
      const level = error.row.side === 'client' ? 'debug' : levelOf(error);
      logger.log(level, `${fields.client} refused: ${errorText(error)}`, fields);
    }),
    events.on('session:refused', ({ session, error }) => {
      const fields = { event: 'session:refused', ...sessionFields(session), ...errorFields(error) };
      logger.log(levelOf(error), `#${session.id} refused: ${errorText(error)} (${wayOf(session)})`, fields);
    }),
    events.on('session:close', ({ session, end }) => logClose(logger, session, end)),
    events.on('record:start', ({ session, file }) =>
      logger.log('info', `#${session.id} recording to ${escapeText(file)}`, {
        event: 'record:start',
        session: session.id,
        file,
      }),
    ),
    events.on('record:error', ({ session, file, error }) => {
      const fields = { event: 'record:error', session: session.id, file, ...errorFields(error) };
      logger.log('warn', `#${session.id} is no longer recorded: ${errorText(error)}`, fields);
    }),
    events.on('program:output', ({ target, line }) =>
      logger.log('info', `${target}: ${escapeText(line)}`, { event: 'program:output', target, line }),
    ),
    events.on('program:exit', ({ target, status }) =>
      logger.log('info', `${target}: ended with status ${status}`, { event: 'program:exit', target, status }),
    ),
    events.on('life:end', ({ reason }) => logger.log('info', `ending: ${reason}`, { event: 'life:end', reason })),
    events.on('warning', ({ message, error }) =>
      logger.log('warn', escapeText(message), { event: 'warning', ...(error ? errorFields(error) : {}) }),
    ),
  ];
  // The events of every session are only listened to where that comes to something.
  if (logger.enabled('debug')) {
    stops.push(
      events.on('session:stage', ({ session, stage }) =>
        logger.log('debug', `#${session.id} ${stage}`, { event: 'session:stage', session: session.id, stage }),
      ),
    );
  }
  if (logger.enabled('info')) {
    stops.push(
      events.on('session:open', ({ session }) => {
        const tls = session.secure ? ' over TLS' : '';
        const fields = { event: 'session:open', ...sessionFields(session) };
        logger.log('info', `#${session.id} open: ${wayOf(session)}${tls}`, fields);
      }),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}

function logClose(logger: Logger, session: SessionView, end: SessionEnd): void {
  const level = end.error ? levelOf(end.error) : 'info';
  if (!logger.enabled(level)) return;
  const { code, reason, by, error, duration } = end;
  const { bytesIn, bytesOut } = session;
  const fields = {
    event: 'session:close',
    ...sessionFields(session),
    duration: Math.round(duration),
    bytesIn,
    bytesOut,
    code,
    reason,
    by,
    ...(error ? errorFields(error) : {}),
  };
  const quotedReason = reason ? ` "${escapeText(reason)}"` : '';
  const how = `#${session.id} closed by the ${by} after ${durationText(duration)}`;
  const what = `${code}${quotedReason}, ${sizeText(bytesIn)} in, ${sizeText(bytesOut)} out`;
  const why = error ? `; ${errorText(error)}` : '';
  logger.log(level, `${how}: ${what} (${wayOf(session)})${why}`, fields);
}

/** The bridge's own failures are errors; what an operator can mend is a warning; the rest is daily business. */
function levelOf({ row: { side, stage } }: BridgeError): LogLevel {
  if (side === 'bridge') return 'error';
  const isOrderly = side === 'operator' && stage === 'relay';
  return side === 'client' || isOrderly ? 'info' : 'warn';
}

function wayOf({ client, user, path, target }: SessionView): string {
  const name = user ? ` (${escapeText(user)})` : '';
  return `${clientText(client)}${name} ${escapeText(path)}${target ? ` → ${escapeText(target)}` : ''}`;
}

function sessionFields(session: SessionView): LogFields {
  const { id, listener, route, client, user, path, target, subprotocol, secure } = session;
  return { session: id, listener, route, client: clientText(client), user, path, target, subprotocol, secure };
}

function errorFields({ code, message, remedy, row }: BridgeError): LogFields {
  return { error: code, side: row.side, stage: row.stage, detail: message, remedy };
}

function errorText({ code, message, remedy, row }: BridgeError): string {
  const advice = row.side === 'client' ? '' : ` — ${remedy}`;
  return `${code}: ${escapeText(message)}${advice}`;
}

/** A client as 'address:port', '[v6]:port' or 'unix'. */
function clientText({ family, address, port }: ClientAddress): string {
  if (family === 'unix') return address ? `unix:${escapeText(address)}` : 'unix';
  return family === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const minutes = Math.floor(milliseconds / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
