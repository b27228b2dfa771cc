import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { PeerAddress } from '../address/peer-address.ts';
import { formatTarget } from '../address/target-address.ts';
import type { PeerFilesTargetConfig, RouteConfig, TargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { isAbsence, isInside } from '../file/directory-entry.ts';
import { FileCache } from '../file/file-cache.ts';
import { reasonOf } from '../file/reason.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Target } from '../target/target.ts';
import { unlessAborted } from '../target/unless-aborted.ts';
import { targetOf } from './address-target.ts';
import { checkDirectory } from './check-directory.ts';
import { expandExpression, parseExpression, type PeerExpression, type PeerFileName } from './peer-expression.ts';
import { peerFraming } from './peer-framing.ts';
import { choosePeerLine, parsePeerLines, type PeerLine } from './peer-lines.ts';
import type { Peer, Chooser } from './resolver.ts';
import { routePeer } from './route-peer.ts';
import { TargetCache } from './target-cache.ts';

/** Greatest peer file, in bytes. */
const MOST_BYTES = 256 * 1024;

/** A route whose peers stand in files; each client gets to one of them by what it sent. */
export class PeerFilesRoute implements Chooser {
  readonly #route: RouteConfig;
  readonly #config: PeerFilesTargetConfig;
  readonly #expressions: readonly PeerExpression[];
  readonly #files = new FileCache<readonly PeerLine[]>({ parse: parsePeerLines, mostBytes: MOST_BYTES });
  readonly #targets: TargetCache;

  constructor(route: RouteConfig, config: PeerFilesTargetConfig, create: (config: TargetConfig) => Target) {
    this.#route = route;
    this.#config = config;
    this.#expressions = config.expressions.map((text) => parseExpression(text));
    this.#targets = new TargetCache(create);
  }

  /** The files may come and go; the directory has to be there. */
  async start(): Promise<void> {
    const { path: directory } = this.#config;
    await checkDirectory(directory, directory, 'PEER_FILES_INVALID');
  }

  /** Finds the line for a client. Throws PEER_NOT_FOUND, or PEER_INVALID with the place of the line that is wrong. */
  async resolve(handshake: Handshake, _identity: Identity | null, signal: AbortSignal): Promise<Peer> {
    return unlessAborted(this.#find(handshake), signal);
  }

  async #find(handshake: Handshake): Promise<Peer> {
    const without: string[] = [];
    for (const expression of this.#expressions) {
      const name = expandExpression(expression, handshake);
      const lines = name && (await this.#read(name));
      if (!name || !lines) continue;
      const chosen = choosePeerLine(lines, handshake.subprotocols);
      if (chosen) return this.#peer(chosen, this.#label(name));
      without.push(this.#label(name));
    }
    throw new BridgeError('PEER_NOT_FOUND', {
      detail:
        without.length > 0
          ? `${without.join(', ')} (no line for ${namesOf(handshake.subprotocols)})`
          : `${this.#config.path} (no expression names a file)`,
    });
  }

  /** The lines of a file; null when there is none. An error of any other kind must not lead a client to another file's peer. */
  async #read(name: PeerFileName): Promise<readonly PeerLine[] | null> {
    try {
      const file = await this.#locate(name);
      return file === null ? null : await this.#files.get(file);
    } catch (error) {
      if (isAbsence(error)) return null;
      throw new BridgeError('ROUTE_FAILED', { detail: `peer file ${this.#label(name)} (${reasonOf(error)})` });
    }
  }

  /** The path of a file as messages show it. */
  #label({ label }: PeerFileName): string {
    return path.join(this.#config.path, label);
  }

  /** The real path of a file. No symbolic link in the part that clients choose leads out of the operator's directory. */
  async #locate({ directory, chosen }: PeerFileName): Promise<string | null> {
    const root = await realpath(path.join(this.#config.path, directory));
    if (chosen === null) return root;
    const file = await realpath(path.join(root, chosen));
    return isInside(root, file) ? file : null;
  }

  #peer({ line, subprotocol, peer, framing }: PeerLine, file: string): Peer {
    try {
      if ('wrong' in peer) throw new BridgeError('CONFIG_INVALID', { detail: peer.wrong });
      const chosenFraming = peerFraming(this.#route, framing, peer);
      const own = { subprotocols: [subprotocol], strictSubprotocols: true, framing: chosenFraming };
      return { ...routePeer(this.#route), target: this.#target(peer), ...own };
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      throw new BridgeError('PEER_INVALID', { detail: `${file}:${line} (${error.detail})` });
    }
  }

  #target(peer: PeerAddress): Target {
    const isSocket = peer.kind === 'unix' || peer.kind === 'unix-dgram';
    const place = isSocket ? { ...peer, path: path.resolve(this.#config.directory, peer.path) } : peer;
    return this.#targets.get(formatTarget(place), () => targetOf(place));
  }
}

function namesOf(offered: readonly string[]): string {
  return offered.length === 0 ? 'a client without subprotocols' : offered.join(', ').slice(0, 100);
}
