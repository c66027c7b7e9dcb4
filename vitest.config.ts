import { defineConfig } from 'vitest/config';

/** Tests with processes, containers or browsers: one file at a time, so that they do not slow each other down. */
const real = [
  'harness/cli/*.test.ts',
  'harness/runtimes/**/*.test.ts',
  'harness/report/html*.test.ts',
  'harness/drivers/**/*.test.ts',
  'harness/sources/api/kubernetes-clients.test.ts',
  'fakes/api-server/http/*.test.ts',
  'suites/self/package.test.ts',
  'examples/**/*.test.ts',
];
const shared = { testTimeout: 60_000, hookTimeout: 60_000, pool: 'forks' } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'simulated',
          include: ['{harness,suites,fakes}/**/*.test.ts'],
          exclude: real,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...shared, name: 'real', include: real, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
