/** A bridge without flow control: whatever comes from one side is queued on the other. */
import { connect } from 'node:net';
import { WebSocketServer } from 'ws';

const [listenPort, targetPort] = process.argv.slice(2).map(Number);

new WebSocketServer({ host: '127.0.0.1', port: listenPort, backlog: 4096 }).on('connection', (client) => {
  const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
  client.on('message', (data) => target.write(data));
  client.on('close', () => target.end());
  client.on('error', () => target.destroy());
  target.on('data', (data) => client.send(data));
  target.on('end', () => client.close());
  target.on('error', () => client.terminate());
});
