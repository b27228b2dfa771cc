import type { AncestorPage } from './ancestor-help.ts';
import type { AncestorOption } from './ancestor-option.ts';
import { COMMON_OPTIONS, DEFAULT_OPTIONS, FILE_OPTIONS } from './websocksy-backend.ts';

/** The options of websocksy, in its order; behind them those that are ours. */
export const WEBSOCKSY_OPTIONS: readonly AncestorOption[] = [
  { flag: '-p', value: 'integer', metavar: 'PORT', help: 'The port to listen on. [8001]' },
  {
    flag: '-l',
    value: 'text',
    metavar: 'HOST',
    help: 'The address to listen on; :: is every one of this machine. [::]',
  },
  {
    flag: '-k',
    value: 'integer',
    metavar: 'SECONDS',
    help: 'Ping clients that were silent for so long; 0 = never. [30]',
  },
  {
    flag: '-b',
    value: 'text',
    metavar: 'BACKEND',
    help: 'What finds the peers: file, or the path or package of a JavaScript module. A second one takes the place of the first with all its options.',
  },
  { flag: '-c', value: 'text', metavar: 'OPTION=VALUE', help: 'An option for the backend that is chosen by then.' },
  { flag: '--verbose', value: 'nothing', extra: true, help: 'Log every stage of every connection.' },
  { flag: '--version', value: 'nothing', extra: true, help: 'Print the version.' },
];

/** Its forms. */
export const WEBSOCKSY_USAGE: readonly string[] = [
  'websocksy [-p PORT] [-l HOST] [-k SECONDS] [-b BACKEND] [-c OPTION=VALUE]...',
  'websocksy CONFIG_FILE',
];

/** Its help page. */
export const WEBSOCKSY_PAGE: AncestorPage = {
  usage: WEBSOCKSY_USAGE,
  what: 'A WebSocket bridge with the command line and the config file of websocksy. Options are applied in the order in which they are given. A lone argument is a config file with the sections [core] (port, listen, ping, backend) and [backend] (the options of the backend).',
  options: WEBSOCKSY_OPTIONS,
  more: [
    { title: 'Options of the default backend', rows: Object.entries(DEFAULT_OPTIONS) },
    { title: 'Options of the backend file', rows: Object.entries(FILE_OPTIONS) },
    { title: 'Option of every backend', rows: Object.entries(COMMON_OPTIONS) },
  ],
};
