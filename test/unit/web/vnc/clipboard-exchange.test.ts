import { expect, test, vi } from 'vitest';
import { ClipboardExchange } from '../../../../src/web/vnc/clipboard-exchange.ts';

/** Two clipboards, and what the visitor was told. This device keeps its own from pages that are not in front. */
class Desk {
  device = 'old';
  allowed = true;
  inFront = true;
  readonly sent: string[] = [];
  readonly told: string[] = [];
  readonly exchange: ClipboardExchange = new ClipboardExchange({
    inFront: () => this.inFront,
    read: async () => {
      this.#demand();
      return this.device;
    },
    write: async (text) => {
      this.#demand();
      this.device = text;
    },
    send: (text) => this.sent.push(text),
    onCopied: () => this.told.push('copied'),
    onRefused: (what) => this.told.push(`refused ${what}`),
  });

  #demand(): void {
    if (!this.allowed || !this.inFront) throw new DOMException('Document is not focused', 'NotAllowedError');
  }
}

/** Lets what was begun come to its end. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A desk on which both clipboards are kept the same. */
async function sameDesk(): Promise<Desk> {
  const desk = new Desk();
  desk.exchange.same = true;
  await settle();
  expect(desk.sent).toEqual(['old']);
  desk.sent.length = 0;
  return desk;
}

test('takes what either side copies to the other, once', async () => {
  const desk = await sameDesk();
  desk.exchange.received('theirs');
  await settle();
  expect(desk.device).toBe('theirs');
  await desk.exchange.refresh();
  expect(desk.sent).toEqual([]);
  desk.device = 'ours';
  await desk.exchange.refresh();
  await desk.exchange.refresh();
  expect(desk.sent).toEqual(['ours']);
  expect(desk.told).toEqual(['copied']);
});

test('keeps what the remote side copies until the visitor is back', async () => {
  const desk = await sameDesk();
  desk.inFront = false;
  desk.exchange.received('first');
  desk.exchange.received('second');
  await desk.exchange.refresh();
  expect(desk).toMatchObject({ device: 'old', told: [] });
  desk.inFront = true;
  // The window and the screen in it get the focus, one after the other.
  await Promise.all([desk.exchange.refresh(), desk.exchange.refresh()]);
  expect(desk).toMatchObject({ device: 'second', sent: [], told: ['copied'] });
  await desk.exchange.refresh();
  expect(desk.sent).toEqual([]);
});

test('does not take the going to another window for a refusal', async () => {
  const desk = await sameDesk();
  desk.allowed = false;
  desk.exchange.received('theirs');
  desk.inFront = false;
  await settle();
  expect(desk.told).toEqual([]);
  Object.assign(desk, { allowed: true, inFront: true });
  await desk.exchange.refresh();
  expect(desk.device).toBe('theirs');
});

test.each(['read', 'write'])('stops, and says so, when the browser does not let it %s', async (what) => {
  const desk = await sameDesk();
  desk.allowed = false;
  if (what === 'read') await desk.exchange.refresh();
  else desk.exchange.received('theirs');
  await settle();
  expect(desk.told).toEqual([`refused ${what}`]);
  desk.allowed = true;
  await desk.exchange.refresh();
  desk.exchange.received('more');
  await settle();
  expect(desk).toMatchObject({ device: 'old', sent: [] });
});

test('gives nothing to a side that is only looked at', async () => {
  const desk = await sameDesk();
  desk.exchange.viewOnly = true;
  desk.device = 'new';
  await desk.exchange.refresh();
  await desk.exchange.paste();
  desk.exchange.send('typed');
  expect(desk.sent).toEqual([]);
  desk.exchange.viewOnly = false;
  await desk.exchange.refresh();
  expect(desk.sent).toEqual(['new']);
});

test('does not overwrite a text that is too long to take', async () => {
  const desk = await sameDesk();
  desk.exchange.received(null);
  await desk.exchange.refresh();
  expect(desk).toMatchObject({ device: 'old', sent: [] });
});

test('forgets what belongs to another connection', async () => {
  const desk = await sameDesk();
  desk.inFront = false;
  desk.exchange.received('theirs');
  desk.exchange.reset();
  desk.inFront = true;
  await desk.exchange.refresh();
  expect(desk).toMatchObject({ device: 'old', sent: ['old'] });
});

test('touches no clipboard unless that is wanted', async () => {
  const desk = new Desk();
  const write = vi.spyOn(desk, 'device', 'set');
  desk.exchange.received('theirs');
  await desk.exchange.refresh();
  expect(write).not.toHaveBeenCalled();
  expect(desk.sent).toEqual([]);
});
