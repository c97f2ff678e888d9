import { defineConfig } from 'vitest/config';

// CI reads the counts of a run from this file.
const summary = process.env.XLT_TEST_SUMMARY;

export default defineConfig({
  test: {
    include: ['{core,strategies,bench,results,reports}/**/*.test.ts'],
    globalSetup: ['bench/fixtures/compile-test-modules.ts'],
    // Children and workers of a test are real processes on a small machine: a test may be slow
    // without being wrong, so the only limit is one that ends a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: summary === undefined ? ['default'] : ['default', 'json'],
    ...(summary === undefined ? {} : { outputFile: { json: summary } }),
  },
});
