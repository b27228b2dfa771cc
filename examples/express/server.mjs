// An Express app with a bridge on the same port: pages and REST beside a WebSocket that leads to a TCP server.

import { createServer } from 'node:http';
import { createBridge } from 'bascule';
import express from 'express';

const { HOST = '127.0.0.1', PORT = 3000, TARGET = 'demo:' } = process.env;

const app = express();
const server = createServer(app);
const bridge = createBridge({ target: TARGET });

app.get('/', (_request, response) => {
  response.type('text').send('The WebSocket is at /ws, its sessions at /sessions.\n');
});

// How many are connected, and what has passed so far. Whoever reaches the app may ask, so that no address is in it.
app.get('/sessions', (_request, response) => {
  const sessions = [...bridge.sessions].map(({ id, bytesIn, bytesOut }) => {
    return { id, bytesIn, bytesOut };
  });
  response.json(sessions);
});

bridge.on('session:close', ({ session, end }) => console.log(`session ${session.id} ended with ${end.code}`));

// Takes the upgrades for /ws; everything else stays with Express.
await bridge.attach(server, { path: '/ws' });
server.listen(Number(PORT), HOST, () => {
  console.log(`express: http://${HOST}:${server.address().port}/`);
});

/** The bridge first: an HTTP server does not wait for WebSockets. */
async function stop() {
  await bridge.close();
  server.close();
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
