import { describe, expect, it } from 'vitest';
import { MessageInbox } from '../../../src/target/message-inbox.ts';
import { MessageStream, type StreamSession } from '../../../src/target/message-stream.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session that takes what it is sent when it is told to. */
class FakeSession implements StreamSession {
  readonly sent: string[] = [];
  readonly told: string[] = [];
  next: (() => void) | null = null;
  over = false;
  send(data: Buffer): Promise<void> {
    if (this.over) return Promise.reject(new Error('over'));
    this.sent.push(data.toString());
    return new Promise((resolve) => (this.next = resolve));
  }
  onStreamEnd(): void {
    this.told.push('end');
  }
  onStreamClosed(error: Error | null): void {
    this.told.push(`closed ${error?.message ?? 'well'}`);
  }
}

function bench(): { inbox: MessageInbox; session: FakeSession; stream: MessageStream } {
  const inbox = new MessageInbox();
  const session = new FakeSession();
  return { inbox, session, stream: new MessageStream(inbox, session) };
}

describe('a stream over messages', () => {
  it('takes from the inbox no more than its reader asks for', async () => {
    const { inbox, stream } = bench();
    for (let i = 0; i < 100; i++) inbox.push(Buffer.alloc(10_000), 2);
    let got = (stream.read() as Buffer).length;
    await settle();
    expect(inbox.queuedBytes).toBeGreaterThan(800_000);
    stream.on('data', (chunk: Buffer) => (got += chunk.length));
    inbox.end();
    await new Promise((resolve) => stream.on('end', resolve));
    expect(got).toBe(1_000_000);
    expect(inbox.isEmpty).toBe(true);
  });

  it('gives what comes while its reader waits, whatever its kind, and skips empty messages', async () => {
    const { inbox, stream } = bench();
    const got: string[] = [];
    stream.on('data', (chunk: Buffer) => got.push(chunk.toString()));
    await settle();
    inbox.push(Buffer.from('a'), 1);
    inbox.push(Buffer.alloc(0), 2);
    inbox.push(Buffer.from('b'), 2);
    await settle();
    expect(got).toEqual(['a', 'b']);
  });

  it('sends one message for each write, the next when there is room', async () => {
    const { session, stream } = bench();
    stream.write('one');
    stream.write('');
    stream.write('two');
    stream.end('three');
    await settle();
    expect(session.sent).toEqual(['one']);
    session.next!();
    await settle();
    expect(session.sent).toEqual(['one', 'two']);
    session.next!();
    await settle();
    expect(session.told).toEqual([]);
    session.next!();
    await settle();
    expect([session.sent.length, session.told]).toEqual([3, ['end']]);
  });

  it('takes what is written after the end of the session, for nobody', async () => {
    const { inbox, session, stream } = bench();
    session.over = true;
    inbox.end();
    stream.resume();
    await new Promise<void>((resolve, reject) => {
      stream.write('late', (error) => (error ? reject(error) : resolve()));
    });
    stream.end();
    await settle();
    expect(session.told).toEqual(['end', 'closed well']);
    expect(stream.busy).toBe(false);
  });

  it('tells of its destruction, and ends no process by its error', async () => {
    const { session, stream } = bench();
    stream.destroy(new Error('no more'));
    await settle();
    expect(session.told).toEqual(['closed no more']);
  });
});
