// A Fastify app with a bridge on the same port: what is posted to /events reaches every open WebSocket.

import { createBridge } from 'bascule';
import Fastify from 'fastify';

const { HOST = '127.0.0.1', PORT = 3000 } = process.env;

/** A client with more than this on its way misses an event, in bytes. */
const MOST_BEHIND = 256 * 1024;

const listeners = new Set();
const app = Fastify({ bodyLimit: 64 * 1024 });
const bridge = createBridge({ onSession: listen });

/** Serves one client: it hears of events, and has nothing to say. */
async function listen(session) {
  listeners.add(session);
  try {
    const { done } = await session.messages.next();
    if (!done) await session.close(1003, 'only listen here');
  } finally {
    listeners.delete(session);
  }
}

app.post('/events', async (request, reply) => {
  const text = JSON.stringify(request.body);
  const reached = [...listeners].filter(({ queued }) => queued <= MOST_BEHIND);
  for (const session of reached) void session.send(text);
  return reply.code(202).send({ listeners: listeners.size, reached: reached.length });
});

app.get('/', async () => 'The WebSocket is at /ws. POST JSON to /events.\n');

// Takes the upgrades for /ws; everything else stays with Fastify. Sessions end before the HTTP server closes.
await bridge.attach(app.server, { path: '/ws' });
app.addHook('preClose', () => bridge.close());

console.log(`fastify: ${await app.listen({ host: HOST, port: Number(PORT) })}`);
process.once('SIGINT', () => app.close());
process.once('SIGTERM', () => app.close());
