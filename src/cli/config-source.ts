import path from 'node:path';
import type { BridgeInput } from '../config/input.ts';
import { loadConfig } from '../config/load.ts';
import { type ResolveContext, type ResolvedConfig, tryResolve } from '../config/resolve.ts';
import type { Origins } from './dialect.ts';
import { argumentsFailure, EXIT, Failure, fileFailure, issueLine, type Wording } from './failure.ts';

/** Resolves what a command line describes. Throws a Failure in the words of that command line. */
export function resolveArguments(
  input: BridgeInput,
  origins: Origins,
  context: ResolveContext,
  wording: Wording = {},
): ResolvedConfig {
  const result = tryResolve(input, context);
  if ('issues' in result) throw argumentsFailure(result.issues, origins, wording);
  return result;
}

/** Reads and resolves a config file; `overrides` win over it. Throws a Failure that names lines and columns. */
export function resolveFile(
  name: string,
  overrides: BridgeInput,
  origins: Origins,
  directory: string = process.cwd(),
): ResolvedConfig & { input: unknown } {
  const file = loadConfig(directory === process.cwd() ? name : path.resolve(directory, name));
  if ('issues' in file) {
    const lines = file.issues.map(({ issue, place }) => issueLine(issue, place));
    throw new Failure(lines, EXIT.usage);
  }
  const input = merge(file.input, overrides);
  const result = tryResolve(input, { directory: file.directory });
  if ('issues' in result) throw fileFailure(result.issues, origins, file);
  return { ...result, input };
}

/** Lays overrides over the values of a file. A value of the wrong type stays, so that it is reported. */
function merge(input: unknown, overrides: BridgeInput): unknown {
  const { tls, ...groups } = overrides;
  if (!isMapping(input)) return input;
  const merged = withKeyPassword(input, tls?.keyPassword);
  for (const [key, values] of Object.entries(groups) as [string, object][]) {
    const before = merged[key] ?? {};
    if (isMapping(before)) merged[key] = { ...before, ...values };
  }
  return merged;
}

/** Gives the passphrase to every listener that has TLS. */
function withKeyPassword(input: Record<string, unknown>, keyPassword: unknown): Record<string, unknown> {
  if (keyPassword === undefined) return { ...input };
  const apply = (listener: unknown): unknown => {
    if (!isMapping(listener) || !isMapping(listener['tls'])) return listener;
    return { ...listener, tls: { ...listener['tls'], keyPassword } };
  };
  const { listeners } = input;
  const own = apply(input) as Record<string, unknown>;
  return Array.isArray(listeners) ? { ...own, listeners: listeners.map((listener) => apply(listener)) } : { ...own };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
