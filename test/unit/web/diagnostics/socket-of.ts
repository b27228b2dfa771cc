import type { Duplex } from 'node:stream';
import type { Closed, Socket } from '../../../../src/browser/socket.ts';
import { deferred } from '../../../../src/web/diagnostics/deferred.ts';

/** How the pieces arrive: as they come, or each byte alone. */
export type Pieces = 'whole' | 'octets';

/** A socket of bascule/browser whose other end is a stream in this process. Destroying the stream breaks the connection. */
export function socketOf(duplex: Duplex, pieces: Pieces = 'whole'): Socket {
  let bytesReceived = 0;
  let bytesSent = 0;
  const { promise: closed, resolve: end } = deferred<Closed>();
  const over = (code: number, by: Closed['by'], reason = ''): void => {
    end({ code, reason, by, wasClean: code === 1000 });
  };
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      duplex.on('data', (chunk: Buffer) => {
        bytesReceived += chunk.length;
        if (pieces === 'octets') for (const byte of chunk) controller.enqueue(Uint8Array.of(byte));
        else controller.enqueue(new Uint8Array(chunk));
      });
      duplex.on('end', () => {
        controller.close();
        over(1000, 'peer');
      });
      duplex.on('error', (error) => {
        over(1011, 'peer', error.message);
        controller.error(Object.assign(error, { name: 'SocketError' }));
      });
    },
  });
  const writable = new WritableStream<Uint8Array | string>({
    write(chunk) {
      bytesSent += chunk.length;
      return new Promise((resolve, reject) => {
        if (duplex.destroyed) reject(new Error('closed'));
        else duplex.write(chunk, () => resolve());
      });
    },
  });
  return {
    url: 'ws://test/',
    protocol: 'binary',
    readable,
    writable,
    closed,
    get bytesReceived() {
      return bytesReceived;
    },
    get bytesSent() {
      return bytesSent;
    },
    async close() {
      over(1000, 'us');
      duplex.destroy();
      return closed;
    },
  };
}
