import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{core,strategies,bench,results,reports}/**/*.test.ts'],
    globalSetup: ['bench/fixtures/compile-test-modules.ts'],
    // Children and workers of a test are real processes on a small machine: a test may be slow
    // without being wrong, so the only limit is one that ends a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
