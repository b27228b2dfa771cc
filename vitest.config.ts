import { configDefaults, defineConfig } from 'vitest/config';
import { BUILT, builtSources } from './test/support/built-sources.ts';

// Building the container image takes minutes, and root: its tests have a command of their own.
const image = process.env['BASCULE_TEST_IMAGE'] === '1';
// The matrix is about what people install, so its tests import that instead of the sources.
const built = process.env['BASCULE_TEST_BUILT'] === '1';

export default defineConfig({
  plugins: built ? [builtSources()] : [],
  test: {
    include: [image ? 'test/image/**/*.test.ts' : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(image ? [] : ['test/image/**'])],
    ...(built ? { server: { deps: { external: [BUILT] } } } : {}),
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 40_000,
    reporters: ['default', './test/support/reporter.ts'],
  },
});
