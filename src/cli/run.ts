import type { ResolvedConfig } from '../config/resolve.ts';
import type { EventHub } from '../observe/events.ts';
import { EventHub as Hub } from '../observe/events.ts';
import { logEvents } from '../observe/log.ts';
import type { Logger } from '../observe/logger.ts';
import { logTraffic } from '../observe/traffic.ts';
import { BridgeServer } from '../server/bridge-server.ts';
import type { Environment } from './dialect.ts';
import { EXIT } from './failure.ts';
import { keepHeapSmall } from './heap.ts';
import { openLog } from './log-output.ts';

/** Lines to log once the bridge listens. */
export type Greeting = (server: BridgeServer) => readonly string[];

/** Runs a bridge until a signal ends it; gives the exit status. Rejects with LISTEN_* when it cannot start. */
export async function runBridge(resolved: ResolvedConfig, env: Environment, greet: Greeting): Promise<number> {
  keepHeapSmall();
  const { config, log, warnings } = resolved;
  const logger = openLog(log, env);
  const events = new Hub();
  logEvents(events, logger);
  if (log.traffic) logTraffic(events, logger);
  for (const message of warnings) events.publish('warning', { message });
  const server = new BridgeServer(config, events);
  const stopped = untilStopped(server, events, logger);
  await server.listen();
  for (const line of greet(server)) logger.log('info', line, { event: 'start' });
  return stopped;
}

/** Waits for the end: the first signal closes the bridge in order, a second one cuts everything off. */
function untilStopped(server: BridgeServer, events: EventHub, logger: Logger): Promise<number> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      signals += 1;
      if (signals > 1) {
        logger.log('info', `${signal} again: ending at once`, { event: 'stop', signal });
        server.destroy();
        // What is still pending has been given up on.
        process.exit(EXIT.failure);
      }
      logger.log('info', `${signal}: closing; once more ends at once`, { event: 'stop', signal });
      void server.close().then(() => resolve(EXIT.ok), onFailure);
    };
    const onFailure = (error: unknown): void => {
      events.publish('warning', { message: `closing failed: ${String(error)}` });
      resolve(EXIT.failure);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}
