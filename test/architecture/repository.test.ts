import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { undocumented } from './doc-comments.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Every file of the repository, also one that is not committed yet. */
function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
}

/** What ties a text to one machine: paths of its own, addresses of package registries. */
function machineTraces(text: string): string[] {
  const traces = /(?<![\w.~])\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]+|https?:\/\/(?:registry|npm)\.[\w.]+/g;
  return text.match(traces) ?? [];
}

/** The download addresses that a lock file records. */
function downloadAddresses(lock: string): string[] {
  return lock.match(/"resolved": "http[^"]*"/g) ?? [];
}

/** Optional packages that a lock file refers to and does not list: `npm ci` refuses such a file. */
function unlistedOptionals(lock: string): string[] {
  const { packages } = JSON.parse(lock) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  return Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages),
    ),
  );
}

/** The newest version in a changelog; 'Unreleased' is none. */
function topVersion(changelog: string): string | undefined {
  return /^## \[?(\d[^\]\s]*)/m.exec(changelog)?.[1];
}

describe('the repository', () => {
  test('names no machine and no package registry', () => {
    const traces = repositoryFiles()
      .filter((file) => file !== 'test/architecture/repository.test.ts')
      .flatMap((file) => machineTraces(read(file)).map((trace) => `${file}: ${trace}`));
    expect(traces).toEqual([]);
  });

  test('has a lock file without download addresses', () => {
    expect(downloadAddresses(read('package-lock.json'))).toEqual([]);
  });

  test('has a lock file that lists the packages of every platform', () => {
    expect(unlistedOptionals(read('package-lock.json'))).toEqual([]);
  });

  test('has the version of its newest changelog entry', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(topVersion(read('CHANGELOG.md'))).toBe(version);
  });

  test('has a sentence above every exported function and class', () => {
    const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const silent = sources.flatMap((file) =>
      undocumented(read(path.join('src', file))).map((name) => `${file}: ${name}`),
    );
    expect(sources.length).toBeGreaterThan(5);
    expect(silent).toEqual([]);
  });

  test('links only to files that are there', () => {
    const documents = repositoryFiles().filter((file) => file.endsWith('.md'));
    expect(documents).toContain('README.md');
    const broken = documents.flatMap((file) => brokenLinks(file, read(file)));
    expect(broken).toEqual([]);
  });
});

/** The relative links of a document that lead nowhere. */
function brokenLinks(document: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !existsSync(path.resolve(ROOT, path.dirname(document), link)))
    .map((link) => `${document}: ${link}`);
}

describe('these checks', () => {
  test('see what ties a text to one machine', () => {
    expect(machineTraces(`at ${['', 'work', 'main'].join('/')}/src`)).toHaveLength(1);
    expect(machineTraces("'/home/someone/x'")).toHaveLength(1);
    expect(machineTraces(['https:', '', 'registry.example.org', 'x'].join('/'))).toHaveLength(1);
    expect(machineTraces('a path such as docs/work/plan and https://example.org/work/')).toEqual([]);
  });

  test('see download addresses', () => {
    expect(downloadAddresses('"resolved": "https://example.org/a.tgz",')).toHaveLength(1);
    expect(downloadAddresses('"version": "1.0.0",')).toEqual([]);
  });

  test('see an optional package that is not listed', () => {
    const tool = { optionalDependencies: { 'tool-linux': '1.0.0', 'tool-darwin': '1.0.0' } };
    const lock = { packages: { 'node_modules/tool': tool, 'node_modules/tool-linux': { version: '1.0.0' } } };
    expect(unlistedOptionals(JSON.stringify(lock))).toEqual(['tool-darwin']);
  });

  test('find the newest version of a changelog', () => {
    expect(topVersion('# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n\n## [1.1.0]\n')).toBe('1.2.0');
    expect(topVersion('# Changelog\n')).toBeUndefined();
  });

  test('see a link that leads nowhere', () => {
    expect(brokenLinks('README.md', '[a](package.json) [b](https://example.org) [c](#top) [d](gone.md#x)')).toEqual([
      'README.md: gone.md',
    ]);
  });

  test.each([
    ['a function', 'export function open(): void {}'],
    ['an async function', '// Not a doc comment.\nexport async function open(): Promise<void> {}'],
    ['a class', 'export class Bridge {}'],
    ['an arrow function', 'export const open = (a: string): void => {};'],
    ['a comment further up', '/** Opens the bridge. */\n\nexport function open(): void {}'],
    ['an empty comment', '/** */\nexport function open(): void {}'],
  ])('see a missing sentence: %s', (_name, text) => {
    expect(undocumented(text)).toHaveLength(1);
  });

  test.each([
    ['one line', '/** Opens the bridge. */\nexport function open(): void {}'],
    ['several lines', '/**\n * Opens the bridge.\n *\n * At once.\n */\nexport class Bridge {}'],
    [
      'overloads',
      '/** Opens the bridge. */\nexport function open(a: string): void;\nexport function open(a: number): void {}',
    ],
    ['a constant', 'export const LIMIT = 3;'],
  ])('accept a sentence: %s', (_name, text) => {
    expect(undocumented(text)).toEqual([]);
  });
});
