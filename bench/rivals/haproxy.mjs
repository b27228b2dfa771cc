import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled, launch } from './process.mjs';

/**
 * HAProxy in TCP mode with one thread: the floor, not a rival.
 * It copies bytes and knows no WebSocket, so the load generator sends it the same payload without frames.
 */
export const haproxy = {
  name: 'haproxy-tcp',
  raw: true,
  idleConnections: 5000,
  available: () => (isInstalled('haproxy') ? null : 'apt-get install haproxy'),
  async start({ listenPort, targetPort }) {
    const directory = mkdtempSync(join(tmpdir(), 'bascule-bench-'));
    const config = join(directory, 'haproxy.cfg');
    writeFileSync(config, configuration(listenPort, targetPort));
    const remove = () => rmSync(directory, { recursive: true, force: true });
    try {
      const { pid, stop } = await launch('haproxy', ['-db', '-f', config], listenPort);
      return { pid, stop: () => stop().finally(remove) };
    } catch (error) {
      remove();
      throw error;
    }
  },
};

function configuration(listenPort, targetPort) {
  return `global
  maxconn 8000
  no strict-limits
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen bridge
  bind 127.0.0.1:${listenPort}
  server target 127.0.0.1:${targetPort}
`;
}
