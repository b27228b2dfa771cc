import { BridgeError } from '../errors.ts';
import type { ListenAddress, ProgramTargetConfig } from './model.ts';
import type { ValidTarget } from './valid-input.ts';

/** The target of a program. Its port is that of the listener unless told otherwise. */
export function programTarget(
  command: readonly string[],
  target: ValidTarget,
  listen: ListenAddress,
): ProgramTargetConfig {
  const { port, mode = 'exit' } = target;
  const portEnv = target.portEnv ?? null;
  const own = port ?? (listen.kind === 'tcp' && listen.port > 0 ? listen.port : null);
  const isTold = portEnv !== null || command.slice(1).some((word) => word.includes('{port}'));
  if (own === null && !isTold)
    throw new BridgeError('CONFIG_INVALID', {
      detail: 'nobody knows which port the program listens on',
      remedy: 'Give target.port.',
    });
  return { kind: 'program', command, port: own ?? 0, mode, portEnv };
}
