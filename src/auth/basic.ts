import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake, Identity } from '../handshake.ts';
import type { Authenticator } from './authenticator.ts';
import { type Credentials, readBasicCredentials } from './credentials.ts';
import { HtpasswdFile } from './htpasswd.ts';

const CHALLENGE = 'Basic realm="bascule", charset="UTF-8"';

/** Asks for a name and a password (RFC 7617): of the users in the config, or in an htpasswd file. */
export class BasicAuthenticator implements Authenticator {
  /** Digests: all of one length, which is what a comparison in constant time needs. */
  readonly #users: readonly { readonly name: Buffer; readonly password: Buffer }[];
  readonly #file: HtpasswdFile | null;

  constructor({ users, htpasswd }: AuthConfig & { kind: 'basic' }, warn: (message: string) => void) {
    this.#users = users.map(({ name, password }) => ({ name: digest(name), password: digest(password.reveal()) }));
    this.#file = htpasswd === null ? null : new HtpasswdFile(htpasswd, warn);
  }

  async start(): Promise<void> {
    await this.#file?.start();
  }

  async authenticate({ headers }: Handshake): Promise<Identity> {
    const header = headers['authorization'];
    if (header === undefined) throw new BridgeError('AUTH_REQUIRED', { challenge: CHALLENGE });
    const readings = readBasicCredentials(header);
    if (readings.length === 0) throw refusal('the Authorization header has no name and password');
    let accepted: Credentials | undefined;
    // Every reading is looked at, the right one or not.
    for (const credentials of readings) if (this.#knows(credentials)) accepted ??= credentials;
    accepted ??= await this.#inFile(readings);
    if (!accepted) throw refusal('wrong name or password');
    return { name: accepted.name };
  }

  async dispose(): Promise<void> {
    await this.#file?.dispose();
  }

  async #inFile(readings: readonly Credentials[]): Promise<Credentials | undefined> {
    for (const credentials of readings) if (await this.#file?.accepts(credentials)) return credentials;
    return undefined;
  }

  /** Looks at every user, the right one or not, so that the time it takes says nothing. */
  #knows(credentials: Credentials): boolean {
    const [name, password] = [digest(credentials.name), digest(credentials.password)];
    let found = 0;
    for (const user of this.#users)
      found |= Number(timingSafeEqual(user.name, name)) & Number(timingSafeEqual(user.password, password));
    return found === 1;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refusal(detail: string): BridgeError {
  return new BridgeError('AUTH_REQUIRED', { detail, challenge: CHALLENGE });
}
