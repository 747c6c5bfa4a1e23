import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import {
  buildPreviousKubectl,
  buildPrograms,
  CONTROL_PLANE_PROGRAMS,
  defaultCacheDirectory,
  NODE_PROGRAMS,
} from './cluster/build.ts';
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
  const programsCache = defaultCacheDirectory(process.env);
  await buildPrograms({
    programs: values['with-node'] ? [...CONTROL_PLANE_PROGRAMS, ...NODE_PROGRAMS] : CONTROL_PLANE_PROGRAMS,
    kubernetesVersion: process.env['KUBERNETES_VERSION'],
    cacheDirectory: programsCache,
    report,
  });
  await buildPreviousKubectl({ cacheDirectory: programsCache, report });
  const isRoot = process.getuid?.() === 0;
  const cacheDirectory = defaultDistributionCache(process.env, isRoot);
  if (isRoot) makePassable(dirname(cacheDirectory));
  await provideDistribution({ cacheDirectory, report });
});
