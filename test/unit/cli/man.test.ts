import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { manualPages } from '../../../src/cli/man.ts';
import { flagsOf } from '../../../src/cli/native-options.ts';
import { WEBSOCKIFY_OPTIONS } from '../../../src/cli/websockify-options.ts';
import { WEBSOCKSY_OPTIONS } from '../../../src/cli/websocksy-options.ts';
import { TEST_SERVER_OPTIONS, WSPROXY_OPTIONS, WSWRAP_OPTIONS } from '../../../src/cli/wsproxy-options.ts';
import { suite } from '../../support/packages.ts';

const PAGES = manualPages('1.2.3');

/** A page as a reader sees it, in wide lines. */
function rendered(page: string): string {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tascii', '-ww', '-rLL=200n', '-P-cbou'], {
    input: page,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout;
}

const FLAGS = {
  'bascule.1': [...flagsOf('run'), ...flagsOf('serve'), ...flagsOf('link')].map(({ flag }) => flag),
  'bascule-websockify.1': WEBSOCKIFY_OPTIONS.map(({ flag }) => flag),
  'bascule-wsproxy.1': WSPROXY_OPTIONS.map(({ flag }) => flag),
  'bascule-wswrap.1': WSWRAP_OPTIONS.map(({ flag }) => flag),
  'bascule-websocksy.1': WEBSOCKSY_OPTIONS.map(({ flag }) => flag),
  'bascule-wsecho.1': TEST_SERVER_OPTIONS.map(({ flag }) => flag),
  'bascule-wstest.1': TEST_SERVER_OPTIONS.map(({ flag }) => flag),
};

test('there is a manual page for each command line', () => {
  expect([...PAGES.keys()]).toEqual(Object.keys(FLAGS));
});

suite('the manual pages', { needs: ['groff'] }, () => {
  test.each([...PAGES])('%s is sound, and describes every option', (name, page) => {
    const text = rendered(page);
    for (const flag of FLAGS[name as keyof typeof FLAGS])
      expect(text).toMatch(new RegExp(`^ +(-\\w, +)?${flag}( |$)`, 'm'));
  });
});

test.each(['websockify', 'wsproxy', 'wswrap', 'websocksy', 'wsecho', 'wstest'])(
  'the page of %s has its help option and its environment',
  (name) => {
    const page = PAGES.get(`bascule-${name}.1`) ?? '';
    expect(page).toContain('.B \\-h, \\-\\-help');
    expect(page).toContain('.SH ENVIRONMENT');
    expect(page).toContain('BASCULE_LOG_FORMAT');
    expect(page.includes('BASCULE_KEY_PASSWORD\nThe')).toBe(name !== 'websocksy');
  },
);

test.each(['A certificate', 'Wrapping a program', 'Client certificates'])(
  'that of websockify has a note: %s',
  (title) => {
    expect(PAGES.get('bascule-websockify.1')).toContain(`.SS ${title}\n`);
  },
);

describe('text that roff would take for its own', () => {
  test('is shown as it is', () => {
    const page = PAGES.get('bascule.1') ?? '';
    // A line that begins with a dot or an apostrophe is a request.
    const requests = new Set(page.match(/^['.]\S*/gm));
    for (const request of requests)
      expect(['.\\"', '.TH', '.SH', '.SS', '.PP', '.TP', '.B', '.BR', '.nh', '.ad']).toContain(request);
    // Every other backslash begins one of the escapes that are meant.
    expect(page.match(/\\(?!-|e|\(aq|\(dq|\(ga|\(ha|\(ti|&|").{2}/g)).toBeNull();
  });
});
