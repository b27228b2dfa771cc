import type { ConfigIssue } from '../config/issue.ts';
import { expandFraming, framingIssues } from '../config/framing-config.ts';
import type { TargetConfig } from '../config/model.ts';
import type { InputBuilder } from './input-builder.ts';
import type { Mistake } from './websocksy-mistake.ts';

/** A value, and where it stands: the flag, or the line of the file. */
interface Value {
  readonly text: string;
  readonly origin: string;
}

/** How the streams of a backend's peers are cut: the framing of those that name none, and the plugins that can be named. */
export class FramingChoice {
  readonly #plugins: Value[] = [];

  /** Takes another plugin; an empty one takes back those before it. */
  addPlugin(text: string, origin: string): void {
    if (text === '') this.#plugins.length = 0;
    else this.#plugins.push({ text, origin });
  }

  /** Puts everything into the input of a config. `name` and `config` are what the backend itself was told. */
  build(builder: InputBuilder, name?: Value, config?: Value): void {
    builder.set('framing.name', name?.text ?? 'auto', name?.origin ?? 'framing');
    if (config) builder.set('framing.config', config.text, config.origin);
    const [first] = this.#plugins;
    if (first)
      builder.set(
        'framingPlugins',
        this.#plugins.map(({ text }) => text),
        first.origin,
      );
  }

  /** What is wrong with it, for a peer of that kind. */
  mistakes(kind: TargetConfig['kind'], name?: Value, config?: Value): Mistake[] {
    const issues: ConfigIssue[] = [];
    const framing = { name: name?.text ?? 'auto', ...(config ? { config: config.text } : {}) };
    const layer = { framing, framingPlugins: this.#plugins.map(({ text }) => text) };
    const expanded = expandFraming([layer], [], (module) => module, issues);
    issues.push(...framingIssues(expanded, { kind }, 0, []));
    return issues.map(({ code, path, what, remedy }) => {
      const [key, place] = path;
      const origin = (key === 'framingPlugins' ? this.#plugins[0] : place === 'config' ? config : name)?.origin;
      return origin === undefined ? { code, what, remedy } : { code, what, remedy, origin };
    });
  }
}
