import type { TokenSourceConfig } from '../config/model.ts';
import { FileNameTokens } from './file-name-tokens.ts';
import { FileTokens } from './file-tokens.ts';
import { HttpTokens } from './http-tokens.ts';
import { JwtKeyFile } from './jwt-key-file.ts';
import { JwtTokens } from './jwt-tokens.ts';
import { PluginTokens } from './plugin-tokens.ts';
import { RedisTokens } from './redis-tokens.ts';
import type { TokenSource } from './token-source.ts';
import { UnixDirectoryTokens } from './unix-directory-tokens.ts';

/**
 * Makes the token source that a config describes. `warn` tells the operator what ends nothing; with `anyCase` tokens are
 * names of hosts, which mean the same in any case.
 */
export function createTokenSource(
  config: TokenSourceConfig,
  warn: (message: string) => void,
  anyCase: boolean = false,
): TokenSource {
  switch (config.kind) {
    case 'file':
      return new FileTokens(config, warn, anyCase);
    case 'file-name':
      return new FileNameTokens(config.directory);
    case 'http':
      return new HttpTokens(config);
    case 'jwt':
      return new JwtTokens(config.key);
    case 'jwt-file':
      return new JwtTokens(new JwtKeyFile(config.path, warn));
    case 'redis':
      return new RedisTokens(config, warn);
    case 'unix-directory':
      return new UnixDirectoryTokens(config.directory);
    default:
      return new PluginTokens(config, warn);
  }
}
