import { pluginFile } from './plugin-file.ts';

/** An authenticator that lets everybody in, once its start has been let through. */
export interface GatedPlugin {
  /** Its module, for `auth.plugin`. */
  readonly module: string;
  /** Resolves when its start waits. */
  readonly arrived: Promise<void>;
  /** Lets the start through. */
  readonly open: () => void;
  /** How often it was given back. */
  readonly disposals: () => number;
}

interface Gate {
  readonly opened: Promise<void>;
  readonly arrive: () => void;
  disposals: number;
}

let gates = 0;

/** Makes a plugin of this process whose start takes until the test says so. */
export function gatedPlugin(): GatedPlugin {
  const name = `bascule-test-gate-${++gates}`;
  let open!: () => void;
  let arrive!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const gate: Gate = { opened, arrive, disposals: 0 };
  (globalThis as unknown as Record<string, Gate>)[name] = gate;
  const module = pluginFile(`export const apiVersion = 1;
    const gate = globalThis['${name}'];
    export const createAuthenticator = async () => {
      gate.arrive();
      await gate.opened;
      return { authenticate: () => ({ name: 'ada' }), dispose: () => { gate.disposals += 1; } };
    };`);
  return { module, arrived, open, disposals: () => gate.disposals };
}
