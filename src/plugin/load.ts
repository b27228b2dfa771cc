import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { BridgeError, messageOf } from '../errors.ts';
import { API_VERSION, type PluginModule } from './api.ts';

/** How long the code of a plugin may take to be loaded, in ms. */
const LOAD_TIMEOUT = 30_000;

/**
 * Loads a plugin: by an absolute path, or by the name of a package that is installed beside the bridge or in the working
 * directory. Throws PLUGIN_NOT_FOUND or PLUGIN_INVALID with what is wrong.
 */
export async function loadPlugin(
  module: string,
  directory: string = process.cwd(),
  timeout: number = LOAD_TIMEOUT,
): Promise<PluginModule> {
  const exported = await inTime(importModule(module, directory), module, timeout);
  const given = exported['apiVersion'];
  if (given === API_VERSION) return exported as unknown as PluginModule;
  if (given === undefined)
    throw invalid(module, 'it exports no apiVersion', `Write: export const apiVersion = ${API_VERSION};`);
  throw invalid(
    module,
    `it is written for version ${typeof given === 'string' ? JSON.stringify(given) : messageOf(given)} of the plugin API, and this is version ${API_VERSION}`,
    'Use a version of the plugin that fits.',
  );
}

/** The error for a plugin that is there but cannot be used. */
export function invalid(module: string, what: string, remedy: string, cause?: unknown): BridgeError {
  return new BridgeError('PLUGIN_INVALID', { detail: `plugin ${module} (${what})`, remedy, cause });
}

type Exports = Readonly<Record<string, unknown>>;

async function importModule(module: string, directory: string): Promise<Exports> {
  let exported: Exports;
  try {
    exported = path.isAbsolute(module)
      ? await load(pathToFileURL(module).href)
      : await load(module).catch((error: unknown) => loadFrom(directory, module, error));
  } catch (error) {
    if (isMissing(error, module)) throw notFound(module, error);
    const what = `it cannot be loaded: ${messageOf(error)}`;
    throw invalid(module, what, 'Mend what the message says.', error);
  }
  // A module in the old format has its exports in one object.
  const { default: whole } = exported;
  const wrapped = exported['apiVersion'] === undefined && typeof whole === 'object' && whole !== null;
  return wrapped ? (whole as Exports) : exported;
}

function load(specifier: string): Promise<Exports> {
  return import(/* @vite-ignore */ specifier) as Promise<Exports>;
}

/** Looks for a package where the bridge was started, once it is not where the bridge is installed. */
async function loadFrom(directory: string, module: string, error: unknown): Promise<Exports> {
  if (!isMissing(error, module)) throw error;
  const parent = path.join(directory, 'package.json');
  let file: string;
  try {
    file = createRequire(parent).resolve(module);
  } catch (refusal) {
    if ((refusal as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return importFrom(parent, module);
    throw error;
  }
  return load(pathToFileURL(file).href);
}

/**
 * Imports a package as if by the text of another file, for packages that export something to `import` alone: `require` does
 * not find them. They are few, and Node warns that this way is experimental, so that it is not the first one.
 */
function importFrom(parent: string, module: string): Promise<Exports> {
  const script = new Script('(specifier) => import(specifier)', {
    filename: parent,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return (script.runInThisContext() as (specifier: string) => Promise<Exports>)(module);
}

/** Whether it is the plugin itself that is missing, not something that it imports. */
function isMissing(error: unknown, module: string): boolean {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  const missing = /'([^']*)'|^Failed to load url (\S+)/.exec(message);
  const name = missing?.[1] ?? missing?.[2];
  // Of 'package/file' it is the package that is missing.
  return name === undefined || module === name || module.startsWith(`${name}/`) || name === pathToFileURL(module).href;
}

function notFound(module: string, cause: unknown): BridgeError {
  const remedy = path.isAbsolute(module)
    ? 'Check its path.'
    : `Install the package with npm install ${packageOf(module)}, or give an absolute path.`;
  return new BridgeError('PLUGIN_NOT_FOUND', { detail: `plugin ${module}`, remedy, cause });
}

/** The package of 'package/file' or '@scope/package/file'. */
function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

async function inTime(work: Promise<Exports>, module: string, timeout: number): Promise<Exports> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(invalid(module, `it did not load within ${timeout / 1000} s`, 'See what it waits for.')),
      timeout,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
