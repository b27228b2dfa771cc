import type { AncestorOption } from './ancestor-option.ts';
import { WEBSOCKIFY_OPTIONS } from './websockify-options.ts';

/** The options that wsproxy had under the same name as websockify has them. */
const SHARED = [
  '--verbose',
  '--record',
  '--daemon',
  '--run-once',
  '--timeout',
  '--cert',
  '--key',
  '--ssl-only',
  '--web',
  '--wrap-mode',
];
const OURS = ['--pid-file', '--wrap-port-env', '--version'];

const FOREGROUND: AncestorOption = {
  flag: '--foreground',
  short: '-f',
  value: 'nothing',
  help: 'Stay in the foreground, as it does anyway.',
};

const pick = (flags: readonly string[]): readonly AncestorOption[] =>
  flags.map((flag) => WEBSOCKIFY_OPTIONS.find((option) => option.flag === flag)!);

/** The options of wsproxy as of 2011; behind them those that are ours. */
export const WSPROXY_OPTIONS: readonly AncestorOption[] = [...pick(SHARED), FOREGROUND, ...pick(OURS)];

/** The options of wswrap, which come before its port. */
export const WSWRAP_OPTIONS: readonly AncestorOption[] = pick([...SHARED, ...OURS, '--legacy-protocols']);

/** The options of wsecho and wstest. */
export const TEST_SERVER_OPTIONS: readonly AncestorOption[] = pick([
  '--verbose',
  '--cert',
  '--key',
  '--ssl-only',
  '--legacy-protocols',
  '--version',
]);
