import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory, NODE_PROGRAMS } from './cluster/build.ts';
import { provideDistribution } from './elasticsearch/distribution.ts';
import { defaultDistributionCache, makePassable } from './elasticsearch/state-directory.ts';
import { newReport, runMain } from './stack/command-line.ts';
import { checkTools } from './stack/preflight.ts';

/**
 * Fetches and builds what tests run on, with progress: before the tests, whose time limits are not made for a first
 * build.
 */
await runMain(async () => {
  const { values } = parseArgs({ options: { 'with-node': { type: 'boolean', default: false } } });
  const report = newReport();
  await checkTools();
  await buildPrograms({
    programs: values['with-node'] ? [...CONTROL_PLANE_PROGRAMS, ...NODE_PROGRAMS] : CONTROL_PLANE_PROGRAMS,
    kubernetesVersion: process.env['KUBERNETES_VERSION'],
    cacheDirectory: defaultCacheDirectory(process.env),
    report,
  });
  const isRoot = process.getuid?.() === 0;
  const cacheDirectory = defaultDistributionCache(process.env, isRoot);
  if (isRoot) makePassable(dirname(cacheDirectory));
  await provideDistribution({ cacheDirectory, report });
});
