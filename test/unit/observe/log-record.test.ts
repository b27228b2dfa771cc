import { expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { EventHub } from '../../../src/observe/events.ts';
import { logEvents } from '../../../src/observe/log.ts';
import { sessionView } from './session-view.ts';

test('the log says where a session is recorded, and warns when that fails', () => {
  const events = new EventHub();
  const lines: string[] = [];
  logEvents(events, { log: (level, message) => void lines.push(`${level} ${message}`), enabled: () => true });
  const session = sessionView();
  events.publish('record:start', { session, file: '/rec/s.3\u001B[2J' });
  const error = new BridgeError('RECORD_FAILED', { detail: '/rec/s.3: ENOSPC' });
  events.publish('record:error', { session, file: '/rec/s.3', error });
  expect(lines[0]).toBe(String.raw`info #3 recording to /rec/s.3\x1b[2J`);
  expect(lines[1]).toMatch(
    /^warn #3 is no longer recorded: RECORD_FAILED: \/rec\/s\.3: ENOSPC: .* — Check the directory/,
  );
});
