import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestTarget } from './request-target.ts';

/**
 * Answers a plain request, one that does not ask for an upgrade. What it throws is answered for it: a BridgeError with
 * its status, anything else as INTERNAL.
 */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse, target: RequestTarget) => void | Promise<void>;
