import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/src/stack/longest-first.ts';

/**
 * Workspaces resolve each other's TypeScript sources, so that tests never run on a stale build. An alias, because the
 * global set-up is loaded in an environment that takes no export conditions from here.
 */
const resolve = {
  alias: [{ find: /^@chaperone\/([a-z0-9]+)\/(.+)$/, replacement: `${import.meta.dirname}/$1/src/$2.ts` }],
};

// Programs run from their TypeScript: without what was compiled before, starting one takes a second of a processor, and
// the tests start hundreds.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/node`;

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Integration tests wait for servers more than they compute: the default, one worker on two cores, idles; three keep both busy.
    maxWorkers: 3,
    reporters: ['default', ['json', { outputFile: `test-results/${process.env['TEST_RESULTS'] ?? 'vitest'}.json` }]],
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['{crds,operator,proxy,cli,e2e,test}/src/**/*.test.ts'],
          expect: { poll: { timeout: 5_000 } },
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts'],
        },
      },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['{crds,operator,proxy,cli,e2e,test}/src/**/*.integration.test.ts'],
          globalSetup: ['test/src/stack/integration.setup.ts'],
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        test: {
          // Starts and kills nodes of its own: the machine's one node must be free.
          name: 'node-lifecycle',
          include: ['test/src/**/*.lifecycle.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        resolve,
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
