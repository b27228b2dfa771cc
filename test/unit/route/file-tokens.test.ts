import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileTokens, parseTokenLine } from '../../../src/route/file-tokens.ts';
import { tempDir } from '../../support/temp-dir.ts';

function open(text: string | Record<string, string>, watch = true) {
  const warnings: string[] = [];
  const directory = tempDir();
  const path = typeof text === 'string' ? join(directory, 'tokens') : directory;
  if (typeof text === 'string') writeFileSync(path, text);
  else for (const [name, content] of Object.entries(text)) writeFileSync(join(path, name), content);
  return { tokens: new FileTokens({ kind: 'file', path, watch }, (message) => warnings.push(message)), warnings, path };
}

describe('a line of a token file', () => {
  it.each([
    ['vm1: localhost:5900', ['vm1', 'localhost:5900']],
    ['  vm1:\t localhost:5900  \r', ['vm1', 'localhost:5900']],
    ['a b: vm:1', ['a b', 'vm:1']],
    ['a:b: vm:1', ['a:b', 'vm:1']],
    ['vm1: [::1]:5900', ['vm1', '[::1]:5900']],
    ['vm1: ::1:5900', ['vm1', '::1:5900']],
    ['vm1: unix_socket:/run/x', ['vm1', 'unix_socket:/run/x']],
    ['vm1: tls://vm:443', ['vm1', 'tls://vm:443']],
    ['vm1: vm', ['vm1', 'vm']],
  ])('%j is an entry', (line, entry) => {
    expect(parseTokenLine(line)).toEqual(entry);
  });

  it.each(['', '   ', '# vm1: localhost:5900', '  #'])('%j says nothing', (line) => {
    expect(parseTokenLine(line)).toBeUndefined();
  });

  it.each(['vm1', 'vm1:localhost:5900', 'vm1: ', ': localhost:5900', 'vm1: localhost:x', 'vm1: a b'])(
    '%j is wrong',
    (line) => {
      expect(parseTokenLine(line)).toBeNull();
    },
  );
});

describe('a token file', () => {
  it('counts the last of two lines with one token, also across files', async () => {
    expect(await open('a: vm:1\na: vm:2\n').tokens.lookup('a')).toBe('vm:2');
    expect(await open({ '2': 'a: vm:2', '1': 'a: vm:1' }).tokens.lookup('a')).toBe('vm:2');
  });

  it('passes over bad lines with one warning that names places and no tokens', async () => {
    const { tokens, warnings, path } = open('good: vm:1\nsecret-token\nother-secret: nowhere at all\n');
    expect(await tokens.lookup('good')).toBe('vm:1');
    expect(await tokens.lookup('other-secret')).toBeNull();
    expect(warnings).toEqual([
      `token file ${path}: passed over, because they do not say 'token: host:port': ${path}:2, ${path}:3`,
    ]);
  });

  it('names five bad lines and counts the rest', async () => {
    const { tokens, warnings } = open(`good: vm:1\n${'bad\n'.repeat(9)}`);
    await tokens.start();
    expect(warnings[0]).toMatch(/:6 and 4 more$/);
  });

  it('knows nothing of prototypes', async () => {
    expect(await open('a: vm:1').tokens.lookup('__proto__')).toBeNull();
  });

  it('may be empty', async () => {
    const { tokens, warnings } = open('# nothing yet\n');
    await tokens.start();
    expect(await tokens.lookup('a')).toBeNull();
    expect(warnings).toEqual([]);
  });

  it('may come later when it is watched', async () => {
    const warnings: string[] = [];
    const path = join(tempDir(), 'none');
    const tokens = new FileTokens({ kind: 'file', path, watch: true }, (message) => warnings.push(message));
    await tokens.start();
    expect(warnings).toEqual([`token file ${path}: it does not exist`]);
  });

  it.each([
    ['is missing', null, 'it does not exist'],
    ['says nothing right', 'nonsense', "no line says 'token: host:port'"],
  ])('keeps the bridge from starting when it is read once and %s', async (_what, text, reason) => {
    const path = join(tempDir(), 'tokens');
    if (text !== null) writeFileSync(path, text);
    const tokens = new FileTokens({ kind: 'file', path, watch: false }, () => {});
    const error: unknown = await tokens.start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TOKEN_SOURCE_INVALID' });
    expect((error as Error).message).toContain(reason);
  });
});

function look(tokens: FileTokens, names: readonly string[]): Promise<(string | null)[]> {
  return Promise.all(names.map((name) => tokens.lookup(name)));
}

describe('a token file for the names of hosts', () => {
  it('is read in any case, and a line in the very case wins', async () => {
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, 'VM1: vm:1\nVM2: vm:2\nvm2: vm:3\n');
    const any = new FileTokens({ kind: 'file', path, watch: true }, () => {}, true);
    expect(await look(any, ['vm1', 'VM1', 'vm2', 'VM2'])).toEqual(['vm:1', 'vm:1', 'vm:3', 'vm:2']);
    const exact = new FileTokens({ kind: 'file', path, watch: true }, () => {});
    expect(await look(exact, ['vm1', 'VM1'])).toEqual([null, 'vm:1']);
  });
});
