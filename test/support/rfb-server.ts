import type { Socket } from 'node:net';
import { TcpTarget } from './tcp-target.ts';

/** What a server shows and whom it lets in (RFC 6143 §7; VeNCrypt and RA2ne as the RFB community describes them). */
export interface RfbServerOptions {
  readonly name: string;
  /** 'plain': VeNCrypt with user name and password; 'ra2ne': shows a key, and goes no further. */
  readonly security: 'none' | 'plain' | 'ra2ne';
  /** For 'plain'. */
  readonly user?: string;
  readonly password?: string;
}

const [WIDTH, HEIGHT] = [64, 48];
const COLOUR = Buffer.from([0x40, 0xa0, 0xe0, 0]);
/** True colour, 32 bits, red first: bits, depth, big-endian, true colour, maxima, shifts, padding. */
const PIXELS = Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0]);
const NONE = 1;
const RA2NE = 6;
const VENCRYPT = 19;
const PLAIN = 256;

/** The modulus and exponent that an 'ra2ne' server shows: no real key, but of the right size. */
const MODULUS = Buffer.alloc(128, 0xab);
const EXPONENT = Buffer.alloc(128, 0x01);

/** A VNC server that does what TigerVNC cannot be made to do in a test. It shows one colour. */
export class RfbServer {
  readonly target: TcpTarget;
  /** Keys that were pressed, as keysyms. */
  readonly keys: number[] = [];
  /** What clients sent after the key of an 'ra2ne' server. */
  afterKey = 0;
  readonly #options: RfbServerOptions;
  #socket: Socket | null = null;

  private constructor(target: TcpTarget, options: RfbServerOptions) {
    this.target = target;
    this.#options = options;
  }

  /** Listens until the test ends. */
  static async listen(options: RfbServerOptions): Promise<RfbServer> {
    const target = await TcpTarget.listen((socket) => {
      server.#socket = socket;
      // The end of a client in the middle of a message is no failure of the test.
      server.#serve(socket).catch(() => socket.destroy());
    });
    const server = new RfbServer(target, options);
    return server;
  }

  /** Rings the bell of the last client. */
  ring(): void {
    this.#socket?.write(Buffer.of(2));
  }

  /** Breaks the connection of the last client with a reset. */
  reset(): void {
    this.#socket?.resetAndDestroy();
  }

  async #serve(socket: Socket): Promise<void> {
    const read = reader(socket);
    socket.write('RFB 003.008\n');
    await read(12);
    if (!(await this.#letIn(socket, read))) return;
    socket.write(u32(0));
    await read(1);
    const name = Buffer.from(this.#options.name);
    socket.write(Buffer.concat([u16(WIDTH), u16(HEIGHT), PIXELS, u32(name.length), name]));
    for (;;) await this.#take(socket, read);
  }

  async #letIn(socket: Socket, read: Read): Promise<boolean> {
    switch (this.#options.security) {
      case 'ra2ne':
        socket.write(Buffer.of(1, RA2NE));
        await read(1);
        socket.write(Buffer.concat([u32(MODULUS.length * 8), MODULUS, EXPONENT]));
        await read(1);
        this.afterKey += 1;
        return false;
      case 'plain': {
        socket.write(Buffer.of(1, VENCRYPT));
        await read(1);
        socket.write(Buffer.of(0, 2));
        await read(2);
        socket.write(Buffer.concat([Buffer.of(0, 1), u32(PLAIN)]));
        await read(4);
        const lengths = await read(8);
        const user = await read(lengths.readUInt32BE(0));
        const password = await read(lengths.readUInt32BE(4));
        if (String(user) === this.#options.user && String(password) === this.#options.password) return true;
        const reason = Buffer.from('Unknown user or password');
        socket.end(Buffer.concat([u32(1), u32(reason.length), reason]));
        return false;
      }
      default:
        socket.write(Buffer.of(1, NONE));
        await read(1);
        return true;
    }
  }

  /** Takes one message of the client. */
  async #take(socket: Socket, read: Read): Promise<void> {
    const [type] = await read(1);
    if (type === 0) await read(19);
    else if (type === 2) await read(4 * (await read(3)).readUInt16BE(1));
    else if (type === 3) {
      const [incremental] = await read(9);
      if (incremental !== 0) return;
      const rectangle = Buffer.concat([u16(0), u16(0), u16(WIDTH), u16(HEIGHT), u32(0)]);
      socket.write(Buffer.concat([Buffer.of(0, 0), u16(1), rectangle, Buffer.alloc(WIDTH * HEIGHT * 4, COLOUR)]));
    } else if (type === 4) {
      const key = await read(7);
      if (key[0] === 1) this.keys.push(key.readUInt32BE(3));
    } else if (type === 5) await read(5);
    else if (type === 6) await read((await read(7)).readUInt32BE(3));
    else throw new Error(`a message of type ${type}`);
  }
}

type Read = (length: number) => Promise<Buffer>;

/** Gives as many bytes as are asked for, as soon as they are there. */
function reader(socket: Socket): Read {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest = Buffer.alloc(0);
  return async (length) => {
    while (rest.length < length) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the client has gone');
      rest = Buffer.concat([rest, value]);
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
