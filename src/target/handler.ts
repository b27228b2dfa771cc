import type { SessionHandler } from '../bridge-session.ts';
import { HandlerConnection } from './handler-connection.ts';
import type { DialContext, Target, TargetConnection, TargetHost } from './target.ts';

/** Code of a library user that talks to each client itself, by messages or as a stream. What it throws ends one session. */
export class HandlerTarget implements Target {
  readonly label = 'handler:';
  readonly #handler: SessionHandler;
  #host: TargetHost | null = null;

  constructor(handler: SessionHandler) {
    this.#handler = handler;
  }

  async start(host: TargetHost): Promise<void> {
    this.#host = host;
  }

  async connect(context: DialContext): Promise<TargetConnection> {
    context.abort.throwIfAborted();
    return new HandlerConnection(context, this.#handler, (message) => this.#host?.warn(message));
  }
}
