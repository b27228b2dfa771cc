import type { Option } from './option.ts';

/** Options of a target that the bridge starts itself. */
export const PROGRAM_OPTIONS: readonly Option[] = [
  {
    key: 'target.program',
    scope: 'route',
    type: 'program',
    default: null,
    positional: '-- PROGRAM',
    group: 'Program',
    help: "Start this program and connect to the port that it listens on. '{port}' in an argument stands for the port to listen on.",
  },
  {
    key: 'target.port',
    scope: 'route',
    type: 'integer',
    default: null,
    min: 1,
    max: 65_535,
    flag: '--wrap-port',
    group: 'Program',
    help: 'Port that the program means to listen on; by default the one that the bridge listens on. It is moved to a free one.',
  },
  {
    key: 'target.mode',
    scope: 'route',
    type: 'enum',
    values: ['exit', 'ignore', 'respawn'],
    default: 'exit',
    flag: '--wrap-mode',
    group: 'Program',
    help: 'When the program ends: end the bridge with its status, ignore it, or start it again.',
  },
  {
    key: 'target.portEnv',
    scope: 'route',
    type: 'string',
    default: null,
    flag: '--wrap-port-env',
    metavar: 'NAME',
    group: 'Program',
    help: 'Tell the program its port by this variable of its environment, instead of moving the port.',
  },
];
