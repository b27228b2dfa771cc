import type { Logger } from '../observe/logger.ts';
import { type FlagOf, inFlags } from './failure.ts';

/** A logger whose remedies name flags where they named keys of the config: whoever has no config file knows no keys. */
export function withFlags(logger: Logger, flagOf: FlagOf): Logger {
  return {
    log: (level, message, fields, more) => {
      const { remedy } = fields;
      if (typeof remedy !== 'string') return logger.log(level, message, fields, more);
      const said = inFlags(remedy, flagOf);
      logger.log(
        level,
        message.replace(remedy, () => said),
        { ...fields, remedy: said },
        more,
      );
    },
    enabled: (level) => logger.enabled(level),
  };
}
