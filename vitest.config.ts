import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{harness,suites,fakes,examples}/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
  },
});
