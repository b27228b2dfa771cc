import type { Option } from './option.ts';

/** Options of a route whose target is chosen for each client by what it sends: from files, or by a plugin. */
export const PEER_OPTIONS: readonly Option[] = [
  {
    key: 'peerFiles.path',
    scope: 'route',
    type: 'path',
    default: null,
    flag: '--peer-files',
    metavar: 'DIR',
    group: 'Peers',
    help: "Directory of files with lines 'PEER SUBPROTOCOL [FRAMING [CONFIG]]', in place of a target.",
  },
  {
    key: 'peerFiles.expressions',
    scope: 'route',
    type: 'expressions',
    default: null,
    flag: '--peer-expression',
    repeated: true,
    group: 'Peers',
    help: 'Which of those files is for a client: a name with %endpoint%, %cookie:NAME%, %header:TAG% or %query:NAME% in it. Of several the first whose file has a line for the client is taken.',
  },
  {
    key: 'resolver',
    scope: 'route',
    type: 'module',
    default: null,
    flag: '--resolver',
    group: 'Peers',
    help: 'Let this JavaScript module find the target of each client.',
  },
  {
    key: 'resolverOptions',
    scope: 'route',
    type: 'settings',
    default: null,
    flag: '--resolver-option',
    repeated: true,
    group: 'Peers',
    help: 'An option for that module.',
  },
];
