// Sends back what it gets: text as text, bytes as bytes.

import { createBridge } from 'bascule';

const bridge = createBridge({
  listen: process.env.LISTEN ?? 6080,
  async onSession(session) {
    for await (const message of session.messages) await session.send(message);
  },
});

await bridge.listen();
console.log(`echo server: ${bridge.addresses[0].url.replace('http', 'ws')}`);
process.once('SIGINT', () => bridge.close());
process.once('SIGTERM', () => bridge.close());
