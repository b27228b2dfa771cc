import type { TokenSourceConfig } from '../config/model.ts';
import { formatHostPort } from '../address/host-port.ts';
import { BridgeError } from '../errors.ts';
import { unlessAborted } from '../target/unless-aborted.ts';
import { isTokenAddress } from './token-address.ts';
import type { TokenAddress, TokenSource } from './token-source.ts';

type Config = TokenSourceConfig & { kind: 'redis' };
type Package = typeof import('@redis/client');
type Client = ReturnType<typeof connectTo>;

/** How long a server may take to be connected and to answer, in ms each. */
const TIMEOUT = 3000;
/** Most lookups that wait for answers. */
const MOST_WAITING = 1000;

/**
 * Tokens in Redis or Valkey: keys whose value is 'host:port' or JSON such as {"host": "10.0.0.7:5900"}.
 *
 * One connection serves all lookups. It is made when there is a token to look up and none is open.
 */
export class RedisTokens implements TokenSource {
  readonly label: string;
  readonly #config: Config;
  readonly #warn: (message: string) => void;
  readonly #load: () => Promise<Package>;
  #client: Client | null = null;
  #connecting: Promise<Client> | null = null;
  #disposed = false;

  /** `load` gives the package, which is not installed with the bridge. */
  constructor(
    config: Config,
    warn: (message: string) => void,
    load: () => Promise<Package> = () => import('@redis/client'),
  ) {
    this.label = `redis://${formatHostPort(config)}/${config.database}`;
    this.#config = config;
    this.#warn = warn;
    this.#load = load;
  }

  /** A server that is not there yet is a warning: it may come later. */
  async start(): Promise<void> {
    await this.#package();
    void this.#connect().catch((error: unknown) => {
      if (!this.#disposed) this.#warn(`${this.label}: ${reasonOf(error)}; it is tried again with the next token`);
    });
  }

  async lookup(token: string, signal: AbortSignal): Promise<TokenAddress | null> {
    const { namespace } = this.#config;
    const key = namespace === '' ? token : `${namespace}:${token}`;
    const value = await unlessAborted(this.#get(key), signal);
    return value === null ? null : this.#addressOf(value.trim());
  }

  dispose(): void {
    this.#disposed = true;
    this.#drop(this.#client);
  }

  /** Asks on the open connection, and once more on a new one if it turns out to be dead. */
  async #get(key: string): Promise<string | null> {
    const open = this.#client;
    if (open) {
      try {
        return await inTime(open.get(key));
      } catch (error) {
        if (isReply(error)) throw this.#failure(error);
        this.#drop(open);
      }
    }
    let client: Client | null = null;
    try {
      client = await this.#connect();
      return await inTime(client.get(key));
    } catch (error) {
      if (!isReply(error)) this.#drop(client);
      throw error instanceof BridgeError ? error : this.#failure(error);
    }
  }

  #connect(): Promise<Client> {
    return (this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    }));
  }

  async #open(): Promise<Client> {
    const client = connectTo(await this.#package(), this.#config);
    // A connection that breaks is replaced with the next lookup.
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    try {
      await inTime(client.connect());
    } catch (error) {
      this.#drop(client);
      throw error;
    }
    if (this.#disposed) {
      this.#drop(client);
      throw new Error('the bridge is shutting down');
    }
    return (this.#client = client);
  }

  #drop(client: Client | null): void {
    if (this.#client === client) this.#client = null;
    if (client?.isOpen) client.destroy();
  }

  async #package(): Promise<Package> {
    try {
      return await this.#load();
    } catch (cause) {
      throw new BridgeError('PACKAGE_MISSING', {
        detail: '@redis/client, which tokens in Redis need',
        remedy: 'Run npm install @redis/client where bascule is installed.',
        cause,
      });
    }
  }

  /** The value's own words are not repeated: whoever fills the database may have put anything there. */
  #addressOf(value: string): TokenAddress {
    if (!value.startsWith('{')) return value;
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      throw new BridgeError('TOKEN_TARGET_INVALID', {
        detail: `${this.label} (the value is neither host:port nor JSON)`,
      });
    }
    if (isTokenAddress(parsed)) return parsed;
    throw new BridgeError('TOKEN_TARGET_INVALID', { detail: `${this.label} (the JSON has no "host")` });
  }

  #failure(error: unknown): BridgeError {
    return new BridgeError('ROUTE_FAILED', { detail: `${this.label} (${reasonOf(error)})` });
  }
}

// The return type is the package's own.
// oxlint-disable-next-line typescript/explicit-function-return-type
const connectTo = ({ createClient }: Package, { host, port, database, password }: Config) =>
  createClient({
    socket: { host, port, connectTimeout: TIMEOUT, reconnectStrategy: false },
    database,
    ...(password ? { password: password.reveal() } : {}),
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    RESP: 2,
  });

/** Whether the server itself said no: then the connection is fine. */
function isReply(error: unknown): boolean {
  return error instanceof Error && /^[A-Z]{3,} /.test(error.message);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT / 1000} s`)), TIMEOUT);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
