import { configDefaults, defineConfig } from 'vitest/config';

// Building the container image takes minutes, and root: its tests have a command of their own.
const image = process.env['BASCULE_TEST_IMAGE'] === '1';

export default defineConfig({
  test: {
    include: [image ? 'test/image/**/*.test.ts' : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(image ? [] : ['test/image/**'])],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 40_000,
    reporters: ['default', './test/support/reporter.ts'],
  },
});
