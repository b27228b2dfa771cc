import { Listener } from '../../src/listen/listener.ts';
import { listenerConfig } from './listen-config.ts';

const fd = Number(process.argv[2]);
const listener = new Listener(listenerConfig({ address: { kind: 'fd', fd } }), {
  onConnection: (socket) => void socket.end('from the child'),
  onRefused: () => {},
});

try {
  process.stdout.write(`bound ${JSON.stringify(await listener.listen())}\n`);
} catch (error) {
  process.stdout.write(`failed ${(error as { code: string }).code}\n`);
}
