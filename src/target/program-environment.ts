/** Where programs are looked for when PATH is not set, as execvp(3) does. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** The environment that a wrapped program inherits: the bridge's own. It is handed on and never looked into for settings. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

/** Where a wrapped program is looked for. */
export function ownSearchPath(): string {
  return process.env['PATH'] ?? DEFAULT_PATH;
}
