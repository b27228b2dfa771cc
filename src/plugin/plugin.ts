import type { PluginConfig } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { PluginAuthenticator, PluginContext, PluginFraming, PluginResolver, PluginTokenSource } from './api.ts';
import { invalid, loadPlugin } from './load.ts';

/** How long a plugin may take to give back what it holds, in ms. */
const DISPOSE_TIMEOUT = 2000;

/** What a plugin can be: the function that makes it, and what that gives. */
interface Roles {
  readonly createTokenSource: { readonly made: PluginTokenSource };
  readonly createAuthenticator: { readonly made: PluginAuthenticator };
  readonly createResolver: { readonly made: PluginResolver };
  readonly createFraming: { readonly made: PluginFraming };
}

/** The methods of what is made; it has to have one of them. */
const METHODS: { readonly [Role in keyof Roles]: readonly (keyof Roles[Role]['made'])[] } = {
  createTokenSource: ['lookup'],
  createAuthenticator: ['authenticate'],
  createResolver: ['resolve'],
  createFraming: ['createFramer', 'createUnframer'],
};

/** A plugin in one of its roles: loaded and made once, on first use at the latest, and given back at the end. */
export class Plugin<Role extends keyof Roles> {
  /** For messages, such as 'plugin my-tokens'. */
  readonly label: string;
  readonly #config: PluginConfig;
  readonly #role: Role;
  readonly #warn: (message: string) => void;
  #made: Promise<Roles[Role]['made']> | null = null;

  constructor(config: PluginConfig, role: Role, warn: (message: string) => void) {
    this.label = `plugin ${config.module}`;
    this.#config = config;
    this.#role = role;
    this.#warn = warn;
  }

  /** Gives what the plugin made. Rejects with PLUGIN_NOT_FOUND or PLUGIN_INVALID, every time with the same error. */
  get(): Promise<Roles[Role]['made']> {
    return (this.#made ??= this.#make());
  }

  /** Disposes what was made. A plugin that fails or hangs at that is a warning. */
  async dispose(): Promise<void> {
    const making = this.#made;
    if (!making) return;
    this.#made = Promise.reject(new BridgeError('SHUTDOWN', { detail: this.label }));
    this.#made.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`it took longer than ${DISPOSE_TIMEOUT / 1000} s`)), DISPOSE_TIMEOUT);
    });
    const work = async (): Promise<void> => {
      const made = await making.catch(() => null);
      await made?.dispose?.();
    };
    await Promise.race([work(), late])
      .catch((error: unknown) => this.#warn(`${this.label}: dispose failed: ${messageOf(error)}`))
      .finally(() => clearTimeout(timer));
  }

  async #make(): Promise<Roles[Role]['made']> {
    const { module, source } = this.#config;
    const role = this.#role;
    const exported = await loadPlugin(module);
    const create = exported[role] as ((context: PluginContext) => unknown) | undefined;
    if (typeof create !== 'function')
      throw invalid(module, `it exports no function ${role}`, `Export a function ${role}, or use another plugin.`);
    const log = { warn: (message: string) => this.#warn(`${this.label}: ${message}`) };
    const methods: readonly string[] = METHODS[role];
    let made: Record<string, unknown> | null | undefined;
    let fits: boolean;
    try {
      made = (await create({ source, log })) as typeof made;
      fits = methods.some((method) => typeof made?.[method] === 'function');
    } catch (error) {
      throw invalid(
        module,
        `${role} failed: ${messageOf(error)}`,
        'Check what the plugin is given as its source.',
        error,
      );
    }
    if (!fits) {
      const names = methods.join(' or ');
      throw invalid(module, `${role} gave nothing with a method ${names}`, `Return an object with a method ${names}.`);
    }
    return made as unknown as Roles[Role]['made'];
  }
}
