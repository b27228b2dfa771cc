import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const { version } = JSON.parse(read('node_modules/@novnc/novnc/package.json')) as { version: string };

test.each(['src/web/pages/vnc/page.html', 'src/web/vnc/remote-screen.ts', 'src/web/public/novnc-licences.txt'])(
  '%s names the version of noVNC that is built in, and where its source is',
  (file) => {
    expect(read(file)).toContain(`noVNC ${version}`.replace(' ', file.endsWith('.html') ? '</a> ' : ' '));
    expect(read(file)).toContain(`https://github.com/novnc/noVNC/tree/v${version}`);
  },
);

test('the licences are those of the package, word for word', () => {
  const notices = flat(read('src/web/public/novnc-licences.txt'));
  for (const file of ['LICENSE.txt', 'vendor/pako/LICENSE'])
    expect(notices).toContain(flat(read(`node_modules/@novnc/novnc/${file}`)));
});
