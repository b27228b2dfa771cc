import { readInputFile } from './input-file.ts';
import type { TokenSourceConfig, TokenTargetConfig } from './model.ts';
import { defaultValue } from './option-value.ts';
import { optionOf } from './options.ts';
import { Secret } from './secret.ts';
import type { Attempt } from './tls-material.ts';
import type { ValidRedis, ValidTokens } from './valid-input.ts';

/** The target that a token chooses; undefined when an attempt to read a file failed. Exactly one source is given. */
export function tokenTarget(tokens: ValidTokens, attempt: Attempt): TokenTargetConfig | undefined {
  const { from = 'query', defaultPort = null } = tokens;
  const source = tokenSource(tokens, attempt);
  return source && { kind: 'token', from, source, defaultPort };
}

function tokenSource(tokens: ValidTokens, attempt: Attempt): TokenSourceConfig | undefined {
  const { file, watch = true, directory, sockets, url, format = 'plain', jwtKey, redis } = tokens;
  const { plugin, pluginSource } = tokens;
  if (file !== undefined) return { kind: 'file', path: file, watch };
  if (directory !== undefined) return { kind: 'file-name', directory };
  if (sockets !== undefined) return { kind: 'unix-directory', directory: sockets };
  if (url !== undefined) return { kind: 'http', url, format };
  if (redis) return redisSource(redis, attempt);
  if (plugin !== undefined) return { kind: 'plugin', module: plugin, source: pluginSource?.reveal() ?? null };
  if (jwtKey === undefined) return undefined;
  if (jwtKey.includes('-----BEGIN')) return { kind: 'jwt', key: new Secret(jwtKey) };
  // The engine reads it, again and again; that it can be read at all is to be known before anything starts.
  const text = attempt('jwtKey', () => readInputFile(jwtKey, 'TOKEN_SOURCE_INVALID'));
  return text === undefined ? undefined : { kind: 'jwt-file', path: jwtKey };
}

function redisSource(redis: ValidRedis, attempt: Attempt): TokenSourceConfig | undefined {
  const { host = '', port = preset('port'), database = preset('database'), namespace = '', passwordFile } = redis;
  const password = attempt('redis', () => redis.password ?? readPassword(passwordFile));
  return password === undefined ? undefined : { kind: 'redis', host, port, database, password, namespace };
}

function preset(key: string): number {
  return defaultValue(optionOf(`target.tokens.redis.${key}`)!) as number;
}

function readPassword(file: string | undefined): Secret | null {
  if (file === undefined) return null;
  // An editor ends the last line with a newline, which is no part of the password.
  return new Secret(readInputFile(file, 'TOKEN_SOURCE_INVALID').replace(/\r?\n$/, ''));
}
