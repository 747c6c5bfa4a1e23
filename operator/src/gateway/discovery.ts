import { ApiError, RequestTimeoutError, ResponseError } from '@chaperone/crds/client/api-error';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import type { Connection } from '@chaperone/crds/client/connection';
import { inParallel } from './parallel.ts';
import { newApiResources, type ApiResource, type ApiResources } from './api-resources.ts';

/** One served group and version; the group is empty for the core API. */
interface GroupVersion {
  readonly group: string;
  readonly path: string;
}

export interface DiscoveryResult {
  readonly resources: ApiResources;
  /** Group versions that did not answer and of which the last answer, if any, is used: `metrics.k8s.io/v1beta1`. */
  readonly failed: readonly string[];
}

/** Reads what the cluster serves. */
export interface Discovery {
  /** @throws what the connection throws where not even the list of groups can be read. */
  read(signal: AbortSignal): Promise<DiscoveryResult>;
}

const CONCURRENCY = 8;
/** Aggregated servers may hang; one of them must not hold up the rights of all others. */
const TIMEOUT_MS = 5_000;

/**
 * Discovery over `/api` and `/apis`. Where an aggregated server does not answer, what it said last is used, so that its
 * outage does not take rights away; a group that is no longer listed is forgotten.
 */
export function newDiscovery(connection: Pick<Connection, 'request'>): Discovery {
  let known = new Map<string, readonly ApiResource[]>();

  const get = (path: string, signal: AbortSignal): Promise<unknown> =>
    connection.request({ method: 'GET', path, signal, timeoutMs: TIMEOUT_MS });

  return {
    async read(signal) {
      const versions = groupVersions(await get('/api', signal), await get('/apis', signal));
      const next = new Map<string, readonly ApiResource[]>();
      const failed: string[] = [];
      await inParallel(versions, CONCURRENCY, async ({ group, path }) => {
        try {
          next.set(path, resourcesOf(group, await get(path, signal)));
        } catch (error) {
          signal.throwIfAborted();
          if (!isUnanswered(error)) {
            throw error;
          }
          failed.push(path.replace(/^\/apis?\//u, ''));
          next.set(path, known.get(path) ?? []);
        }
      });
      known = next;
      return { resources: newApiResources([...next.values()].flat()), failed: failed.toSorted() };
    },
  };
}

/** The server of this group is down, slow or broken; not a fault of ours. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof ApiError || error instanceof RequestTimeoutError || error instanceof ResponseError;

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const records = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

function groupVersions(core: unknown, groups: unknown): readonly GroupVersion[] {
  const versions = isRecord(core) ? texts(core['versions']) : [];
  const named = isRecord(groups) ? records(groups['groups']) : [];
  return [
    ...versions.map((version) => ({ group: '', path: `/api/${version}` })),
    ...named.flatMap((group) => {
      const name = group['name'];
      return typeof name !== 'string'
        ? []
        : records(group['versions']).flatMap(({ groupVersion }) =>
            typeof groupVersion === 'string' && groupVersion.startsWith(`${name}/`)
              ? [{ group: name, path: `/apis/${groupVersion}` }]
              : [],
          );
    }),
  ];
}

function resourcesOf(group: string, list: unknown): readonly ApiResource[] {
  return (isRecord(list) ? records(list['resources']) : []).flatMap((entry) => {
    const { name, namespaced, verbs } = entry;
    // Of an entry, `group` is that of the kind (deployments/scale is of autoscaling); the path decides what RBAC sees.
    return typeof name === 'string' && name !== ''
      ? [{ group, resource: name, namespaced: namespaced === true, verbs: new Set(texts(verbs)) }]
      : [];
  });
}
