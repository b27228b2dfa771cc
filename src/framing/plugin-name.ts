import path from 'node:path';

/** What stands in front of a plugin whose name does not look like a path. */
export const PLUGIN_PREFIX = 'plugin:';

/**
 * Whether a plugin is called so: by its module, with or without 'plugin:' in front, by the end of its path, or by the name
 * of its file without its kind: 'resp' for /srv/resp.mjs.
 */
export function isPluginCalled(module: string, name: string): boolean {
  const plain = name.startsWith(PLUGIN_PREFIX) ? name.slice(PLUGIN_PREFIX.length) : name;
  if (plain === module) return true;
  if (!path.isAbsolute(module) || plain === '') return false;
  return plain === fileName(module) || module.endsWith(`${path.sep}${path.normalize(plain)}`);
}

function fileName(module: string): string {
  return path.basename(module).replace(/\.[cm]?js$/, '');
}
