/** Where programs are looked for when PATH is not set, as execvp(3) does. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** Variables that speak to the bridge, some of them secret: BASCULE_KEY_PASSWORD. */
const OWN = /^BASCULE_/;

/** The environment that a wrapped program inherits: the bridge's own without what is meant for the bridge alone. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));
}

/** Where a wrapped program is looked for. */
export function ownSearchPath(): string {
  return process.env['PATH'] ?? DEFAULT_PATH;
}
