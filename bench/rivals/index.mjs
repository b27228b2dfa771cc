import { against, bascule } from './bascule.mjs';
import { haproxy } from './haproxy.mjs';
import { websockify } from './websockify.mjs';
import { wsNaive } from './ws-naive.mjs';

/**
 * The bridges to measure, ours first.
 *
 * A rival has a name; `raw`, when it takes no WebSocket frames; `idleConnections`, how many it is given in the memory row;
 * `available()`, null or what to install; and `start({ listenPort, targetPort })`, which resolves to `{ pid, stop() }`.
 */
export function chooseRivals({ names, againstDirectory, basculeArgs }) {
  const known = [websockify, wsNaive, haproxy];
  const unknown = names?.filter((name) => !known.some((rival) => rival.name === name));
  if (unknown?.length) {
    throw new Error(`no rival is called ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}`);
  }
  return [
    bascule(basculeArgs),
    ...(againstDirectory ? [against(againstDirectory, basculeArgs)] : []),
    ...known.filter((rival) => names?.includes(rival.name) ?? true),
  ];
}
