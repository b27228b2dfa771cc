import { describe, expect, it } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { Farewell } from '../../../src/server/farewell.ts';

describe('a farewell', () => {
  it('passes on the end of the client and nothing of its data', () => {
    const told: unknown[] = [];
    const farewell = new Farewell({
      onClientClose: (code, reason) => told.push([code, reason]),
      onClientEnd: () => told.push('end'),
      onClientError: (error) => told.push(error.code),
    });
    farewell.onData();
    expect(farewell.onChunk()).toBe(false);
    farewell.onPong();
    expect(told).toEqual([]);
    farewell.onClose(1000, 'bye');
    farewell.onPeerEnd();
    farewell.onError(new BridgeError('WS_UNMASKED'));
    expect(told).toEqual([[1000, 'bye'], 'end', 'WS_UNMASKED']);
  });
});
