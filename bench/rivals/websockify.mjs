import { isInstalled, launch } from './process.mjs';

/** Debian's websockify: one forked Python process per connection. */
export const websockify = {
  name: 'websockify',
  raw: false,
  idleConnections: 100,
  available: () => (isInstalled('websockify') ? null : 'apt-get install websockify'),
  start: ({ listenPort, targetPort }) =>
    launch('websockify', [`127.0.0.1:${listenPort}`, `127.0.0.1:${targetPort}`], listenPort),
};
