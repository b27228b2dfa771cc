import { describe, expect, test } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import { StreamReader } from '../../../src/stream/byte-reader.ts';
import { ByteWriter } from '../../../src/stream/byte-writer.ts';
import type { ConnectionHandler } from '../../../src/websocket/connection.ts';
import { HixieConnection, type HixieDraft } from '../../../src/websocket/hixie-connection.ts';
import { duplexPair, type PairEnd } from '../../support/duplex-pair.ts';

/** Remembers in order what a connection tells. */
class Owner implements ConnectionHandler {
  readonly told: string[] = [];
  #text = '';
  onData(buffer: Buffer, start: number, end: number, _opcode: number, last: boolean): void {
    this.#text += buffer.toString('latin1', start, end);
    if (!last) return;
    this.told.push(this.#text);
    this.#text = '';
  }
  onChunk(): boolean {
    return false;
  }
  onPong(): void {
    this.told.push('pong');
  }
  onClose(code: number, reason: string): void {
    this.told.push(`close ${code}${reason}`);
  }
  onPeerEnd(): void {
    this.told.push('end');
  }
  onError(error: BridgeError): void {
    this.told.push(error.code);
  }
}

interface Setup {
  readonly connection: HixieConnection;
  readonly client: PairEnd;
  readonly owner: Owner;
  readonly sent: () => string;
}

function setup(draft: HixieDraft, head: string = ''): Setup {
  const [client, near] = duplexPair({ octets: true });
  const received: Buffer[] = [];
  client.on('data', (chunk: Buffer) => received.push(chunk));
  const reader = new StreamReader(near);
  const connection = new HixieConnection(draft, reader, new ByteWriter(near, false), Buffer.from(head, 'latin1'));
  return { connection, client, owner: new Owner(), sent: () => Buffer.concat(received).toString('latin1') };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

const send = (connection: HixieConnection, text: string): boolean =>
  connection.send(1, Buffer.from(`<${text}>`), 1, 1 + text.length);

describe.each([75, 76] as const)('draft %i', (draft) => {
  test('takes and sends text frames, and has no pings', async () => {
    const { connection, client, owner, sent } = setup(draft, '\0aG');
    connection.start(owner, 0);
    client.write('k=\xff\0eA==\xff', 'latin1');
    expect(send(connection, 'b3V0')).toBe(false);
    connection.ping();
    connection.onDrain();
    await settle();
    expect(owner.told).toEqual(['aGk=', 'eA==']);
    connection.sendMany([Buffer.from('YQ=='), Buffer.from('Yg==')].map((data) => ({ opcode: 1, data })));
    await settle();
    expect(sent()).toBe('\0b3V0\xff\0YQ==\xff\0Yg==\xff');
    expect(connection.pings).toBe(false);
  });

  test('tells the closing handshake after the data in front of it', async () => {
    const { connection, owner } = setup(draft, '\0aGk=\xff\xff\0');
    connection.start(owner, 0);
    expect(owner.told).toEqual(['aGk=', 'close 1005']);
    expect(connection.closeReceived).toBe(true);
    await settle();
    expect(owner.told).toHaveLength(2);
  });

  test('tells an error once, after the data in front of it', async () => {
    const { connection, client, owner } = setup(draft);
    connection.start(owner, 0);
    client.write('\0aGk=\xff\x80\x01a', 'latin1');
    await settle();
    expect(owner.told).toEqual(['aGk=', 'WS_HIXIE_FRAME']);
  });

  test('keeps frames within the limit of its owner', async () => {
    const { connection, client, owner } = setup(draft);
    connection.start(owner, 4);
    client.write('\0aGk=\xff\0aGk=a', 'latin1');
    await settle();
    expect(owner.told).toEqual(['aGk=', 'WS_MESSAGE_TOO_LARGE']);
  });

  test('sends nothing behind its close', async () => {
    const { connection, owner, sent } = setup(draft);
    connection.start(owner, 0);
    send(connection, 'YQ==');
    connection.sendClose();
    send(connection, 'Yg==');
    connection.sendClose();
    await settle();
    expect(sent()).toBe(draft === 76 ? '\0YQ==\xff\xff\0' : '\0YQ==\xff');
  });

  test('gives what came before the start, in order', async () => {
    const { connection, client, owner } = setup(draft, '\0YQ==');
    const noticed: string[] = [];
    connection.watch({ onClose: () => noticed.push('close'), onPeerEnd: () => noticed.push('end') });
    client.end('\xff\0Yg==\xff\xff\0', 'latin1');
    await settle();
    // It wants its data delivered first.
    expect(noticed).toEqual([]);
    connection.start(owner, 0);
    await settle();
    expect(owner.told.slice(0, 3)).toEqual(['YQ==', 'Yg==', 'close 1005']);
  });

  test('notices before the start that a client closes', async () => {
    const { connection, client } = setup(draft);
    const noticed: string[] = [];
    connection.watch({ onClose: (code) => noticed.push(`close ${code}`), onPeerEnd: () => noticed.push('end') });
    client.write('\xff\0', 'latin1');
    await settle();
    expect(noticed[0]).toBe('close 1005');
  });

  test('stops and goes on', async () => {
    const { connection, client, owner } = setup(draft);
    connection.start(owner, 0);
    connection.pause();
    client.write('\0YQ==\xff', 'latin1');
    await settle();
    expect(owner.told).toEqual([]);
    connection.resume();
    await settle();
    expect(owner.told).toEqual(['YQ==']);
  });
});

describe('the end', () => {
  test('of the stream is the orderly end in draft 75, before the start and after it', async () => {
    const early = setup(75);
    const noticed: string[] = [];
    early.connection.watch({ onClose: (code) => noticed.push(`close ${code}`), onPeerEnd: () => noticed.push('end') });
    early.client.end();
    const late = setup(75);
    late.connection.start(late.owner, 0);
    late.client.end('\0YQ==\xff', 'latin1');
    await settle();
    expect(noticed).toEqual(['close 1005']);
    expect(late.owner.told).toEqual(['YQ==', 'close 1005']);
  });

  test('of the stream without the closing handshake is told as such in draft 76', async () => {
    const early = setup(76);
    const noticed: string[] = [];
    early.connection.watch({ onClose: (code) => noticed.push(`close ${code}`), onPeerEnd: () => noticed.push('end') });
    early.client.end();
    const late = setup(76);
    late.connection.start(late.owner, 0);
    late.client.end();
    await settle();
    expect(noticed).toEqual(['end']);
    expect(late.owner.told).toEqual(['end']);
  });

  test('in draft 75 is taken as answered, but not in the middle of closing', async () => {
    const { connection, owner } = setup(75);
    connection.sendClose();
    connection.start(owner, 0);
    expect(owner.told).toEqual([]);
    await settle();
    expect(owner.told).toEqual(['close 1005']);
    expect(connection.closeReceived).toBe(true);
  });

  test('in draft 76 waits for the answer of the client', async () => {
    const { connection, client, owner } = setup(76);
    connection.start(owner, 0);
    connection.sendClose();
    await settle();
    expect(owner.told).toEqual([]);
    expect(connection.closeReceived).toBe(false);
    client.write('\0YQ==\xff\xff\0', 'latin1');
    await settle();
    expect(owner.told).toEqual(['YQ==', 'close 1005']);
  });
});
