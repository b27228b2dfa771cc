import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { atTestEnd } from './cleanup.ts';

/** A name server on UDP (RFC 1035) that knows some addresses of version 4; it ends with the test. Gives its port. */
export async function startDnsServer(addresses: Readonly<Record<string, string>>): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(answerTo(query, addresses), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  atTestEnd(() => socket.close());
  return socket.address().port;
}

/** A query for the address of a name. */
export function dnsQuery(id: number, name: string): Buffer {
  const header = Buffer.from([id >> 8, id & 255, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** What an answer says: its id, its response code and the address in it. */
export function readDnsAnswer(answer: Buffer): { id: number; code: number; address: string | null } {
  const found = answer.readUInt16BE(6) > 0;
  return {
    id: answer.readUInt16BE(0),
    code: answer[3]! & 15,
    address: found ? [...answer.subarray(-4)].join('.') : null,
  };
}

function answerTo(query: Buffer, addresses: Readonly<Record<string, string>>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const address = addresses[labels.join('.')];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const question = query.subarray(12, at + 5);
  if (address === undefined) return Buffer.concat([header, question]);
  // The name is that of the question, then type A, class IN, 60 s and four bytes.
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question, record]);
}
