import { defineConfig } from 'vitest/config';

/** Workspaces resolve each other's TypeScript sources, so that tests never run on a stale build. */
const resolve = { conditions: ['source', 'node', 'import', 'module', 'default'] };
const ssr = {
  resolve: { conditions: resolve.conditions, externalConditions: ['node', 'import', 'module', 'default'] },
};

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: process.env['TEST_RESULTS'] ?? 'test-results/vitest.json' }]],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['{crds,operator,proxy,e2e,test}/src/**/*.test.ts'],
          expect: { poll: { timeout: 5_000 } },
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'integration',
          include: ['{crds,operator,proxy,e2e,test}/src/**/*.integration.test.ts'],
          globalSetup: ['test/src/stack/integration.setup.ts'],
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'e2e',
          include: ['{e2e,test}/src/**/*.e2e.test.ts'],
          globalSetup: ['test/src/stack/e2e.setup.ts'],
          expect: { poll: { timeout: 60_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
