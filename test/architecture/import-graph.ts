import path from 'node:path';

/** One import of a source file. */
export interface Import {
  /** As it is written: './frame.ts', 'node:net', 'pino'. */
  readonly specifier: string;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

/** A source file as the rules see it. */
export interface SourceFile {
  /** Relative to src/, with forward slashes: 'websocket/frame.ts'. */
  readonly path: string;
  readonly text: string;
}

/** From the life of one connection, outermost first: a folder imports only from folders after it. */
const FOLDERS = [
  'testing',
  'cli',
  'config',
  'server',
  'listen',
  'http',
  'auth',
  'route',
  'target',
  'bridge',
  'framing',
  'websocket',
  'stream',
  'observe',
  'record',
  'plugin',
  'native',
  'file',
  'address',
];

/** The words that every folder shares. They know nothing of the rest. */
const VOCABULARY = new Set([
  'abort.ts',
  'bridge-session.ts',
  'errors.ts',
  'handshake.ts',
  'config/model.ts',
  'config/secret.ts',
  'observe/events.ts',
]);

/** Packages that only some folders may import. */
const CONFINED: readonly { readonly packages: RegExp; readonly folders: readonly string[] }[] = [
  { packages: /^(zod|commander|yaml)(\/|$)/, folders: ['config', 'cli'] },
  { packages: /^pino(\/|$)/, folders: ['observe', 'cli'] },
  { packages: /^(jose|@redis\/client)(\/|$)/, folders: ['route'] },
];

/** Folders that work on any stream and therefore know no network. */
const PURE = new Set(['framing', 'websocket']);
const NETWORK = /^(node:)?(net|tls|http|https|http2|dgram)$/;

/** Folders for the browser, built and typed apart. */
const BROWSER = new Set(['web', 'browser']);

/** What the package exports: files that only re-export, and that nothing imports. */
const ENTRIES = new Set(['index.ts', 'plugin/index.ts', 'testing/index.ts', 'browser/index.ts']);
const MOST_LINES = 400;
/** Hands the environment on to the programs that the bridge starts; reads no setting from it. */
const ENVIRONMENT_OF_PROGRAMS = 'target/program-environment.ts';

/** Every import, re-export and dynamic import of a file. Comments are looked past; statements begin a line. */
export function parseImports(text: string): Import[] {
  const code = text.replaceAll(/^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '');
  const imports: Import[] = [];
  for (const [, clause = '', specifier = ''] of code.matchAll(
    /^[ \t]*(?:import|export)\s((?:[^'";]*?\s)?from)?\s*['"]([^'"]+)['"]/gm,
  ))
    imports.push({ specifier, typeOnly: isTypeOnly(clause) });
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g))
    imports.push({ specifier, typeOnly: false });
  return imports;
}

function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const names = /^\{([^}]*)\}/.exec(clause)?.[1];
  if (names === undefined) return false;
  return names
    .split(',')
    .filter((name) => name.trim() !== '')
    .every((name) => /^\s*type\s/.test(name));
}

/** Every breach of the rules of the house, one sentence each. */
export function findBreaches(files: readonly SourceFile[]): string[] {
  return [
    ...files.flatMap((file) => [...namingBreaches(file), ...importBreaches(file, files)]),
    ...cycles(files).map((cycle) => `${cycle.join(' → ')}: a cycle of imports`),
  ];
}

function namingBreaches({ path: file, text }: SourceFile): string[] {
  const breaches: string[] = [];
  const lines = text.split('\n').length - 1;
  if (lines >= MOST_LINES) breaches.push(`${file}: ${lines} lines, the most is ${MOST_LINES - 1}`);
  if (/(^|\/)(utils?|helpers?|common|misc|shared-utils?)(\.|\/)/.test(file))
    breaches.push(`${file}: is named after nothing; name it after its one noun`);
  if (path.posix.basename(file) === 'index.ts' && !ENTRIES.has(file))
    breaches.push(`${file}: is a barrel; import the files themselves`);
  if (!ENTRIES.has(file) && /^export \* /m.test(text))
    breaches.push(`${file}: re-exports a whole file; only the entry points do that`);
  const known =
    FOLDERS.includes(folderOf(file)) || BROWSER.has(folderOf(file)) || VOCABULARY.has(file) || ENTRIES.has(file);
  if (!known) breaches.push(`${file}: is in no folder of the house`);
  const mayReadEnvironment = ['cli', 'config'].includes(folderOf(file)) || file === ENVIRONMENT_OF_PROGRAMS;
  if (!mayReadEnvironment && /\bprocess\.(argv|env)\b/.test(text))
    breaches.push(`${file}: reads argv or the environment; only cli/ and config/ do that`);
  return breaches;
}

function importBreaches(file: SourceFile, files: readonly SourceFile[]): string[] {
  const folder = folderOf(file.path);
  return parseImports(file.text).flatMap(({ specifier }) => {
    const breach = (reason: string): string[] => [`${file.path} imports ${specifier}: ${reason}`];
    if (!specifier.startsWith('.')) {
      if (PURE.has(folder) && NETWORK.test(specifier)) return breach(`${folder}/ works on any stream`);
      if (BROWSER.has(folder) && specifier.startsWith('node:')) return breach('browsers have no Node');
      const confined = CONFINED.find(({ packages }) => packages.test(specifier));
      if (confined && !confined.folders.includes(folder)) return breach(`only ${confined.folders.join('/ and ')}/ may`);
      return [];
    }
    const imported = resolve(file.path, specifier);
    if (imported.endsWith('.ts') && !files.some((other) => other.path === imported))
      return breach('there is no such file');
    return mayImport(file.path, imported) ? [] : breach(`${describeFile(file.path)} stands below it`);
  });
}

/** Whether the order of the house lets `importer` import `imported`. */
function mayImport(importer: string, imported: string): boolean {
  if (ENTRIES.has(imported)) return false;
  if (importer === 'index.ts') return true;
  if (VOCABULARY.has(imported)) return !BROWSER.has(folderOf(importer));
  if (VOCABULARY.has(importer)) return false;
  const [from, to] = [folderOf(importer), folderOf(imported)];
  if (from === to) return true;
  if (BROWSER.has(from) || BROWSER.has(to)) return from === 'web' && to === 'browser';
  return FOLDERS.indexOf(from) < FOLDERS.indexOf(to);
}

function describeFile(file: string): string {
  return VOCABULARY.has(file) ? 'the shared vocabulary' : `${folderOf(file)}/`;
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

function resolve(importer: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(importer), specifier);
}

/** Every cycle once, as the files along it. Types alone may form a cycle within the vocabulary. */
function cycles(files: readonly SourceFile[]): string[][] {
  const edges = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start !== -1) found.push([...trail.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

function targetsOf({ path: file, text }: SourceFile): string[] {
  return parseImports(text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({ imported: resolve(file, specifier), typeOnly }))
    .filter(({ imported, typeOnly }) => !(typeOnly && VOCABULARY.has(file) && VOCABULARY.has(imported)))
    .map(({ imported }) => imported);
}
