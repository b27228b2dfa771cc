import type { SessionView } from '../../../src/observe/events.ts';

/** A session as subscribers see it. */
export function sessionView(changes: Partial<SessionView> = {}): SessionView {
  return {
    id: 3,
    stage: 'relay',
    listener: '127.0.0.1:6080',
    route: 'default',
    target: 'tcp://localhost:5900',
    user: '',
    client: { family: 'ipv4', address: '192.0.2.7', port: 50_000 },
    path: '/vnc',
    subprotocol: 'binary',
    secure: false,
    bytesIn: 0,
    bytesOut: 0,
    startedAt: 0,
    ...changes,
  };
}
