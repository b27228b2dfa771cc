import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { EchoStream } from '../../../../src/target/echo.ts';
import { DemoServer } from '../../../../src/target/demo.ts';
import { LoadServer } from '../../../../src/target/load.ts';
import { Conversation, ConversationEnded } from '../../../../src/web/diagnostics/conversation.ts';
import { identify } from '../../../../src/web/diagnostics/identify.ts';
import { socketOf } from './socket-of.ts';

/** A server that says something at first, and remembers what it is told. */
class Talker extends Duplex {
  readonly heard: Buffer[] = [];

  constructor(greeting: string) {
    super();
    if (greeting !== '') this.push(greeting);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.heard.push(chunk);
    done();
  }
}

describe('a target is found out', () => {
  test.each(['whole', 'octets'] as const)('when bytes arrive %s', async (pieces) => {
    const found = async (duplex: Duplex): Promise<string> => {
      const { kind, said } = await identify(new Conversation(socketOf(duplex, pieces)), 50);
      duplex.destroy();
      return `${kind} ${said}`;
    };
    expect(await found(new LoadServer())).toBe('load bascule-load 1 max=1048576');
    expect(await found(new EchoStream())).toBe('echo ');
    expect(await found(new DemoServer())).toMatch(/^other H/);
  });

  test('and nothing is sent to one that greets', async () => {
    const talker = new Talker('RFB 003.008\n');
    expect(await identify(new Conversation(socketOf(talker)), 50)).toEqual({ kind: 'other', said: 'RFB 003.008' });
    expect(talker.heard).toEqual([]);
  });

  test('and one that never speaks is another', async () => {
    const talker = new Talker('');
    expect(await identify(new Conversation(socketOf(talker)), 20)).toEqual({ kind: 'other', said: '' });
    expect(Buffer.concat(talker.heard).toString()).toMatch(/^bascule-probe \w+\n$/);
  });

  test('and what it says is shown without what cannot be shown', async () => {
    const talker = new Talker('\u0000\u001b[31mhi\u0007\r\nmore');
    expect(await identify(new Conversation(socketOf(talker)), 50)).toEqual({ kind: 'other', said: '··[31mhi·' });
  });

  test('unless the connection ends', async () => {
    const talker = new Talker('');
    const link = new Conversation(socketOf(talker));
    setTimeout(() => talker.destroy(new Error('Gone.')), 20);
    const error = await identify(link, 1000).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConversationEnded);
    expect(error).toMatchObject({ closed: { code: 1011, reason: 'Gone.' } });
  });
});
