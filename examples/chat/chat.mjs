// A chat: everybody who connects to the same path is in the same room.
//
// Browsers send text; the server sends JSON: { from, text }, or { from, joined } and { from, left }.

import { fileURLToPath } from 'node:url';
import { createBridge } from 'bascule';

/** A member that is further behind than this misses nothing more: it is sent away. In bytes. */
const MOST_BEHIND = 64 * 1024;

/** Room by path, each a Map from session to name. */
const rooms = new Map();

const bridge = createBridge({
  listen: process.env.LISTEN ?? 6080,
  web: fileURLToPath(new URL('page', import.meta.url)),
  relay: { maxMessage: '4KiB' },
  routes: [{ path: '/rooms/*', onSession: join }],
});

/** Serves one member from entering to leaving. */
async function join(session) {
  const name = (session.handshake.query.get('name') ?? '').trim().slice(0, 40) || `guest ${session.id}`;
  const members = rooms.get(session.path) ?? new Map();
  rooms.set(session.path, members);
  if ([...members.values()].includes(name)) {
    await session.close(4001, 'that name is taken');
    return;
  }

  members.set(session, name);
  tell(members, { from: name, joined: [...members.values()] });
  try {
    for await (const text of session.messages) {
      if (typeof text === 'string') tell(members, { from: name, text });
      else void session.close(1003, 'text only');
    }
  } finally {
    members.delete(session);
    tell(members, { from: name, left: [...members.values()] });
    if (members.size === 0) rooms.delete(session.path);
  }
}

/** Says something to all members of a room. Nobody waits for the slowest: who is too far behind has to leave. */
function tell(members, what) {
  const text = JSON.stringify(what);
  for (const member of members.keys()) {
    if (member.queued > MOST_BEHIND) void member.close(4008, 'too slow');
    else void member.send(text);
  }
}

await bridge.listen();
console.log(`chat: ${bridge.addresses[0].url}`);
process.once('SIGINT', () => bridge.close());
process.once('SIGTERM', () => bridge.close());
