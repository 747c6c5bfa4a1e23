import type { Query } from './query.ts';

/**
 * The parameters of Kubernetes' own calls that take one value (meta/v1 List-, Get-, Create-, Update-, Patch-,
 * Delete- and TableOptions, core/v1 PodLog-, PodExec- and PodAttachOptions), and dryRun, a list that all readers
 * treat as one value.
 */
const SINGLE_VALUED: ReadonlySet<string> = new Set([
  'allowWatchBookmarks',
  'container',
  'continue',
  'dryRun',
  'fieldManager',
  'fieldSelector',
  'fieldValidation',
  'follow',
  'force',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'includeObject',
  'insecureSkipTLSVerifyBackend',
  'labelSelector',
  'limit',
  'limitBytes',
  'orphanDependents',
  'pretty',
  'previous',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'sinceSeconds',
  'sinceTime',
  'stderr',
  'stdin',
  'stdout',
  'stream',
  'tailLines',
  'timeoutSeconds',
  'timestamps',
  'tty',
  'uid',
  'watch',
]);

/**
 * The first parameter that takes one value and is given several that differ.
 *
 * The API server takes the first, and so do the attributes. But it hands queries on to aggregated servers, which may
 * take the last, and what was judged must be what happens. Equal values say the same to every reader.
 */
export function firstAmbiguousParameter(query: Query): string | undefined {
  if (query.parameters.length === query.values.size) return undefined;
  for (const [key, values] of query.values)
    if (values.length > 1 && SINGLE_VALUED.has(key) && values.some((value) => value !== values[0])) return key;
  return undefined;
}
