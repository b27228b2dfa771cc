import { lstatSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { systemReason } from '../config/input-file.ts';
import { BridgeError } from '../errors.ts';
import { quoted } from '../address/host-port.ts';
import { nearest } from '../address/nearest.ts';
import { type Environment, usageError } from './dialect.ts';

/** What was done, in lines for people. */
export interface LinkResult {
  readonly file: string;
  /** False when the link was there already. */
  readonly made: boolean;
  /** Whether a shell finds the link by its name. */
  readonly onPath: boolean;
}

/**
 * Links a name to this program, which then speaks the command line of that name. `program` is the path it was called by.
 *
 * `names` are those that mean something. Nothing that stands there already is touched. Throws LINK_FAILED.
 */
export function makeLink(
  name: string,
  names: readonly string[],
  directory: string | null,
  program: string,
  env: Environment,
): LinkResult {
  if (!names.includes(name)) throw unknownName(name, names);
  const target = realpathSync(program);
  const place = path.resolve(directory ?? path.dirname(program));
  // Run from its own package there is no place on the PATH to be guessed.
  if (directory === null && place === path.dirname(target))
    throw failure(`bascule stands in its own package, ${place}`, 'Say where the link should be, with --dir.');
  const file = path.join(place, name);
  const onPath = (env['PATH'] ?? '')
    .split(path.delimiter)
    .some((entry) => entry !== '' && path.resolve(entry) === place);
  if (stands(file)) {
    if (leadsTo(file, target)) return { file, made: false, onPath };
    throw failure(`'${file}' is there already and is not ours`, 'Remove it, or choose another directory with --dir.');
  }
  try {
    symlinkSync(target, file);
  } catch (thrown) {
    throw failure(
      `'${file}': ${systemReason(thrown)}`,
      'Choose a directory that you may write to, with --dir.',
      thrown,
    );
  }
  return { file, made: true, onPath };
}

function stands(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // What cannot be looked at cannot be made either, and that says why.
    return false;
  }
}

function leadsTo(file: string, target: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink() && realpathSync(file) === target;
  } catch {
    return false;
  }
}

function unknownName(name: string, names: readonly string[]): Error {
  const guess = nearest(name, names);
  return usageError(
    `there is no command line called ${quoted(name)}`,
    guess ? `Did you mean ${guess}?` : `The names are ${names.join(', ')}.`,
  );
}

function failure(detail: string, remedy: string, cause?: unknown): BridgeError {
  return new BridgeError('LINK_FAILED', { detail, remedy, cause });
}
