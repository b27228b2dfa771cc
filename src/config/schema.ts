import { z } from 'zod';
import { BridgeError } from '../errors.ts';
import { type ConfigIssue, issue } from './issue.ts';
import { candidateKeys, optionAt, optionsAt } from './options.ts';
import { keyHint } from './key-hint.ts';
import type { Option } from './option.ts';
import { convertValue, expectedEntry, expectedValue, shown, typeRemedy } from './option-value.ts';
import { DURATION_FORM, SIZE_FORM } from './quantity.ts';
import { isSettingsInput } from './settings.ts';
import { Secret } from './secret.ts';
import type { ValidInput } from './valid-input.ts';

/** What the schema is for: checking any input, or describing files to an editor (no functions, no Secret objects). */
type Purpose = 'check' | 'describe';

let checking: z.ZodType | undefined;

/** Checks an input and converts its values to the units of the model; or says everything that is wrong. */
export function validate(input: unknown): { readonly value: ValidInput } | { readonly issues: ConfigIssue[] } {
  checking ??= inputSchema('check');
  const result = checking.safeParse(input);
  if (result.success) return { value: result.data as ValidInput };
  return { issues: result.error.issues.flatMap((each) => flatten(each, [])) };
}

/** The schema of a whole config, made from the option table. */
export function inputSchema(purpose: Purpose): z.ZodType {
  const route = mapping(fields(optionsAt('route'), purpose));
  const routes = z.array(route, { error: 'expected a list of routes' }).optional();
  const listenerFields = { ...fields(optionsAt('listener'), purpose), routes };
  const listeners = z.array(mapping(listenerFields), { error: 'expected a list of listeners' }).optional();
  return mapping({ ...fields(optionsAt('top'), purpose), routes, listeners });
}

/** The fields of a mapping: one per option, and one per group of options with a dotted key. */
function fields(options: readonly Option[], purpose: Purpose, depth = 0): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  const usable = options.filter(({ type }) => purpose === 'check' || type !== 'function');
  for (const name of new Set(usable.map(({ key }) => key.split('.')[depth]!))) {
    const group = usable.filter(({ key }) => key.split('.')[depth] === name);
    const [first] = group;
    const isLeaf = group.length === 1 && first!.key.split('.').length === depth + 1;
    shape[name] = isLeaf ? leaf(first!, purpose).optional() : groupSchema(group, purpose, depth + 1).optional();
  }
  return shape;
}

/** A group is a mapping; the value of a shorthand option may stand in its place. */
function groupSchema(group: readonly Option[], purpose: Purpose, depth: number): z.ZodType {
  const whole = mapping(fields(group, purpose, depth));
  const shorthands = group.filter(({ key, shorthand }) => shorthand && key.split('.').length === depth + 1);
  if (shorthands.length === 0) return whole;
  const short = shorthands.map((option) => {
    const schema = leaf(option, purpose);
    if (purpose === 'describe') return schema;
    return schema.transform((value) => ({ [option.key.split('.')[depth]!]: value }));
  });
  return z.union([...short, whole]);
}

function mapping(shape: Record<string, z.ZodType>): z.ZodType {
  return z.strictObject(shape, {
    error: (raw) => (raw.code === 'invalid_type' ? `expected a mapping, got ${kindOf(raw.input)}` : undefined),
  });
}

/** The schema of one value: its JavaScript type, then its conversion. */
function leaf(option: Option, purpose: Purpose): z.ZodType {
  const error = (raw: { readonly input?: unknown }): string =>
    `expected ${expectedValue(option)}, got ${shown(option, raw.input)}`;
  if (purpose === 'describe') {
    const preset = option.default === null ? {} : { default: option.default };
    return describedType(option).meta({ description: option.help, ...preset });
  }
  return leafType(option, error).transform((value, context) => {
    try {
      return convertValue(option, value);
    } catch (thrown) {
      if (!(thrown instanceof BridgeError)) throw thrown;
      context.addIssue({
        code: 'custom',
        message: thrown.detail,
        params: { remedy: thrown.remedy, code: thrown.code },
      });
      return z.NEVER;
    }
  });
}

function leafType(option: Option, error: (raw: { readonly input?: unknown }) => string): z.ZodType {
  const text = z.string({ error });
  const entry = z.string({
    error: ({ input }) => `expected ${expectedEntry(option)}, got ${shown(option, input)}`,
  });
  switch (option.type) {
    case 'boolean':
      return z.boolean({ error });
    case 'integer':
      return z.int({ error });
    case 'bytes':
    case 'duration':
    case 'listen':
      return z.union([text, z.number({ error })], { error });
    case 'list':
    case 'texts':
    case 'origins':
    case 'program':
    case 'expressions':
      return z.array(entry, { error });
    case 'settings':
      return z.custom(isSettingsInput, { error });
    case 'credentials':
      return z.array(z.union([entry, z.instanceof(Secret)]), { error });
    case 'secret':
      return z.union([text, z.instanceof(Secret)], { error });
    case 'function':
      return z.custom((value) => typeof value === 'function', { error });
    default:
      return text;
  }
}

/** The type of a value in a file, as exactly as JSON Schema can say it. */
function describedType(option: Option): z.ZodType {
  switch (option.type) {
    case 'boolean':
      return z.boolean();
    case 'integer':
      return z
        .int()
        .min(Number(option.min ?? 0))
        .max(Number(option.max ?? Number.MAX_SAFE_INTEGER));
    case 'bytes':
      return z.union([z.string().regex(SIZE_FORM), z.number().min(0)]);
    case 'duration':
      return z.union([z.string().regex(DURATION_FORM), z.number().min(0)]);
    case 'listen':
      return z.union([z.string(), z.int().min(0).max(65_535)]);
    case 'list':
    case 'texts':
    case 'origins':
    case 'program':
    case 'expressions':
    case 'credentials':
      return z.array(z.string());
    case 'settings': {
      const value = z.union([z.string(), z.number(), z.boolean()]);
      return z.union([z.array(z.string()), z.record(z.string(), z.union([value, z.array(value)]))]);
    }
    case 'enum':
      return z.enum([...(option.values ?? [])] as [string, ...string[]]);
    case 'mode':
      return z.string().regex(/^[0-7]{3,4}$/);
    default:
      return z.string();
  }
}

/** Turns what zod found into issues, one per value, with keys for which a better name is known. */
function flatten(found: z.core.$ZodIssue, above: readonly (string | number)[]): ConfigIssue[] {
  const path = [...above, ...found.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))];
  if (found.code === 'unrecognized_keys') return found.keys.map((key) => unknownKey([...path, key]));
  if (found.code === 'invalid_union' && found.errors.length > 0) {
    // Every branch failed. The one that got further inside, or beyond the JavaScript type, is the one that was meant.
    const meant = found.errors.find((errors) => errors.some((each) => each.path.length > 0 || !isTypeError(each)));
    if (meant) return meant.flatMap((each) => flatten(each, path));
    if (found.message === 'Invalid input') return found.errors[0]!.flatMap((each) => flatten(each, path));
  }
  // A file is a mapping, so this is a library user's.
  if (path.length === 0 && found.code === 'invalid_type')
    return [
      issue(
        'CONFIG_INVALID',
        path,
        found.message.replace('a mapping', 'an object'),
        "give it at least a target, such as { target: 'localhost:5900' }",
      ),
    ];
  const { remedy, code } = (found.code === 'custom' ? (found.params ?? {}) : {}) as Partial<ConfigIssue>;
  return [issue(code ?? 'CONFIG_INVALID', path, found.message, remedy ?? remedyAt(path))];
}

/** The remedy for a value of the wrong JavaScript type. */
function remedyAt(path: readonly (string | number)[]): string {
  // An entry of a list is described by the option that the list belongs to.
  const option = optionAt(path) ?? (typeof path.at(-1) === 'number' ? optionAt(path.slice(0, -1)) : undefined);
  if (option) return typeRemedy(option);
  if (typeof path.at(-1) === 'string' && ['listeners', 'routes'].includes(String(path.at(-1))))
    return "begin each entry with '- '";
  return `the keys here are ${candidateKeys(path).join(', ')}`;
}

function isTypeError(found: z.core.$ZodIssue): boolean {
  return (
    found.code === 'invalid_type' ||
    (found.code === 'custom' && found.params === undefined) ||
    found.code === 'invalid_union'
  );
}

function unknownKey(path: readonly (string | number)[]): ConfigIssue {
  return issue('CONFIG_UNKNOWN_KEY', path, 'there is no such key', keyHint(path));
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
