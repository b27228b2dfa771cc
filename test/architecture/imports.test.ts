import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findBreaches, parseImports, type SourceFile } from './import-graph.ts';

const SRC = path.resolve(import.meta.dirname, '../../src');

function readSources(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ path: file, text: readFileSync(path.join(SRC, file), 'utf8') }));
}

/** A made-up source tree: path → text. */
function tree(files: Record<string, string>): SourceFile[] {
  return Object.entries(files).map(([file, text]) => ({ path: file, text }));
}

test('the source keeps the rules of the house', () => {
  const sources = readSources();
  expect(sources.length).toBeGreaterThan(5);
  expect(findBreaches(sources)).toEqual([]);
});

describe('the reader of imports', () => {
  test('sees every way to import', () => {
    const text = [
      "import './a.ts';",
      "import b from './b.ts';",
      "import * as c from './c.ts';",
      "import {\n  d,\n  type D,\n} from './d.ts';",
      "export { e } from './e.ts';",
      "export * from './f.ts';",
      "const g = await import('./g.ts');",
      'import h from "./h.ts";',
    ].join('\n');
    expect(parseImports(text).map(({ specifier }) => specifier)).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f', 'h', 'g'].map((name) => `./${name}.ts`),
    );
    expect(parseImports(text).every(({ typeOnly }) => !typeOnly)).toBe(true);
  });

  test('knows imports of types alone', () => {
    const text =
      "import type { A } from './a.ts';\nimport { type B, type C } from './b.ts';\nexport type { D } from './d.ts';";
    expect(parseImports(text).map(({ typeOnly }) => typeOnly)).toEqual([true, true, true]);
  });

  test('looks past comments and other text', () => {
    const text =
      "// import './a.ts';\n/*\nimport './b.ts';\n*/\nconst text = \"x from './c.ts'\";\nexport const from = 'd';";
    expect(parseImports(text)).toEqual([]);
  });
});

describe('the rules', () => {
  const frame = { 'websocket/frame.ts': 'export const a = 1;\n' };

  test('let a folder import from itself, from below and from the vocabulary', () => {
    const files = tree({
      ...frame,
      'errors.ts': '',
      'websocket/parser.ts': "import { a } from './frame.ts';\nimport { E } from '../errors.ts';\n",
      'server/session.ts': "import { a } from '../websocket/frame.ts';\n",
      'index.ts': "export { s } from './server/session.ts';\n",
    });
    expect(findBreaches(files)).toEqual([]);
  });

  test.each([
    [
      'an import upward',
      { ...frame, 'stream/a.ts': "import type { a } from '../websocket/frame.ts';\n" },
      /stream\/ stands below it/,
    ],
    [
      'a dynamic import upward',
      { ...frame, 'stream/a.ts': "await import('../websocket/frame.ts');\n" },
      /stream\/ stands below/,
    ],
    [
      'vocabulary that knows a stage',
      { ...frame, 'errors.ts': "import { a } from './websocket/frame.ts';\n" },
      /the shared vocabulary/,
    ],
    ['an import of the entry point', { 'index.ts': '', 'cli/main.ts': "import '../index.ts';\n" }, /stands below/],
    ['an import of nothing', { 'cli/main.ts': "import './gone.ts';\n" }, /no such file/],
    ['network in a pure folder', { 'websocket/a.ts': "import net from 'node:net';\n" }, /works on any stream/],
    [
      'network types in a pure folder',
      { 'framing/a.ts': "import type { Socket } from 'net';\n" },
      /works on any stream/,
    ],
    ['zod in the engine', { 'server/a.ts': "import { z } from 'zod';\n" }, /only config\/ and cli\/ may/],
    ['jose outside of routing', { 'server/a.ts': "await import('jose');\n" }, /only route\/ may/],
    [
      'an import of the plugin entry',
      { 'plugin/index.ts': '', 'route/a.ts': "import '../plugin/index.ts';\n" },
      /stands below/,
    ],
    ['pino in the engine', { 'server/a.ts': "import pino from 'pino';\n" }, /only observe\/ and cli\/ may/],
    [
      'the environment in the engine',
      { 'server/a.ts': 'const a = process.env["HOME"];\n' },
      /reads argv or the environment/,
    ],
    ['Node in a page', { 'web/a.ts': "import 'node:fs';\n" }, /browsers have no Node/],
    ['the engine in a page', { 'web/a.ts': "import '../stream/b.ts';\n", 'stream/b.ts': '' }, /web\/ stands below/],
    ['a page in the engine', { 'cli/a.ts': "import '../web/b.ts';\n", 'web/b.ts': '' }, /cli\/ stands below/],
    ['a long file', { 'cli/a.ts': 'a;\n'.repeat(400) }, /400 lines/],
    ['a file of utilities', { 'cli/utils.ts': '' }, /named after nothing/],
    ['a barrel', { 'cli/index.ts': '' }, /barrel/],
    [
      'a re-export of a whole file',
      { ...frame, 'websocket/b.ts': "export * from './frame.ts';\n" },
      /re-exports a whole file/,
    ],
    ['a folder that is not in the house', { 'attic/a.ts': '' }, /no folder of the house/],
  ])('catch %s', (_name, files, breach) => {
    expect(findBreaches(tree(files))).toEqual([expect.stringMatching(breach)]);
  });

  test('catch a cycle, also one of types', () => {
    const files = tree({
      'http/a.ts': "import { b } from './b.ts';\n",
      'http/b.ts': "import { c } from './c.ts';\n",
      'http/c.ts': "import type { A } from './a.ts';\n",
    });
    expect(findBreaches(files)).toEqual(['http/a.ts → http/b.ts → http/c.ts → http/a.ts: a cycle of imports']);
  });

  test('let types of the vocabulary refer to each other', () => {
    const model = { 'config/model.ts': "import type { B } from '../observe/events.ts';\n" };
    const events = { 'observe/events.ts': "import type { M } from '../config/model.ts';\n" };
    expect(findBreaches(tree({ ...model, ...events }))).toEqual([]);
    const values = tree({ ...model, ...events }).map(({ path: file, text }) => ({
      path: file,
      text: text.replace('type ', ''),
    }));
    expect(findBreaches(values)).toEqual([expect.stringMatching(/cycle/)]);
  });
});
