import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Connection } from '@chaperone/crds/client/connection';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { readAggregated, readGroupVersions } from './api-index.ts';
import { readGroupOperations, type GroupOperations } from './openapi-operations.ts';

export type ServedAt = Pick<RequestAttributes, 'apiPrefix' | 'apiGroup' | 'apiVersion' | 'resource'>;
export type CatalogOperation = ServedAt & Pick<RequestAttributes, 'method' | 'subresource' | 'parts'>;

/**
 * What the cluster serves, read by the gateway's own credential: the scope of resources, and which operations know dry
 * runs. What cannot be found out is undefined or false, never guessed.
 */
export interface ApiCatalog {
  /** Without asking anybody. */
  knownScope(resource: ServedAt): 'Namespaced' | 'Cluster' | undefined;
  /** Asks the API server for what is not known yet. Never rejects. */
  scopeOf(resource: ServedAt): Promise<'Namespaced' | 'Cluster' | undefined>;
  /** Whether a server-side dry run of it is one: declared, and not left to an aggregated server. Never rejects. */
  knowsDryRun(operation: CatalogOperation): Promise<boolean>;
  /** Keeps it up to date until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ApiCatalogOptions {
  /** As the gateway itself. */
  readonly connection: Pick<Connection, 'request'>;
  readonly clock: Clock;
  /** Groups of aggregated servers that are trusted to honour dry runs. */
  readonly aggregatedGroups: readonly string[];
  readonly failed: (error: unknown) => void;
}

/** What it was told lasts so long at most, in milliseconds, where the API server says nothing new. */
const MAX_AGE = 300_000;
const REFRESH = 30_000;
/** Who asks for resources that do not exist has it read anew, but no more often than this. */
const MIN_INTERVAL = 2_000;
const TIMEOUT = 15_000;

interface Index {
  readonly read: number;
  /** Where the document of each group and version is; another one is under another URL, as that holds its hash. */
  readonly documents: ReadonlyMap<string, string>;
  readonly aggregated: ReadonlySet<string>;
}

interface Document {
  readonly url: string;
  readonly operations: GroupOperations | undefined;
}

export function newApiCatalog({ connection, clock, aggregatedGroups, failed }: ApiCatalogOptions): ApiCatalog {
  const documents = new Map<string, Document>();
  const loading = new Map<string, Promise<GroupOperations | undefined>>();
  let index: Index | undefined;
  let refreshing: Promise<boolean> | undefined;
  let attempted = -Infinity;

  const get = (path: string): Promise<unknown> => connection.request({ method: 'GET', path, timeoutMs: TIMEOUT });

  async function readIndex(): Promise<boolean> {
    attempted = clock.monotonic();
    try {
      const [openapi, services] = await Promise.all([
        get('/openapi/v3'),
        get('/apis/apiregistration.k8s.io/v1/apiservices'),
      ]);
      index = {
        read: clock.monotonic(),
        documents: readGroupVersions(openapi),
        aggregated: readAggregated(services),
      };
      for (const groupVersion of documents.keys())
        if (!index.documents.has(groupVersion)) documents.delete(groupVersion);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  function refresh(): Promise<boolean> {
    refreshing ??= readIndex().finally(() => (refreshing = undefined));
    return refreshing;
  }

  const freshIndex = (): Index | undefined =>
    index !== undefined && clock.monotonic() - index.read <= MAX_AGE ? index : undefined;

  /** What is known of a group and version, as long as it is the newest. */
  function current(groupVersion: string): GroupOperations | undefined {
    const document = documents.get(groupVersion);
    return document !== undefined && document.url === freshIndex()?.documents.get(groupVersion)
      ? document.operations
      : undefined;
  }

  async function load(groupVersion: string, url: string): Promise<GroupOperations | undefined> {
    try {
      const operations = readGroupOperations(await get(url), groupVersion);
      documents.set(groupVersion, { url, operations });
      return operations;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  function operationsOf(groupVersion: string): Promise<GroupOperations | undefined> {
    const url = freshIndex()?.documents.get(groupVersion);
    if (url === undefined) return Promise.resolve(undefined);
    if (documents.get(groupVersion)?.url === url) return Promise.resolve(current(groupVersion));
    const under = loading.get(url) ?? load(groupVersion, url).finally(() => loading.delete(url));
    loading.set(url, under);
    return under;
  }

  /** The operations that a resource is among; it may have come since the index was read. */
  async function find(at: ServedAt): Promise<GroupOperations | undefined> {
    const groupVersion = groupVersionOf(at);
    if (freshIndex() === undefined) await refresh();
    const operations = await operationsOf(groupVersion);
    if (operations?.scopeOf(at.resource) !== undefined) return operations;
    if (clock.monotonic() - attempted < MIN_INTERVAL) return undefined;
    await refresh();
    const renewed = await operationsOf(groupVersion);
    return renewed?.scopeOf(at.resource) === undefined ? undefined : renewed;
  }

  return {
    knownScope: (at) => current(groupVersionOf(at))?.scopeOf(at.resource),
    scopeOf: async (at) => (await find(at))?.scopeOf(at.resource),
    async knowsDryRun(operation) {
      const { method, resource, subresource, parts, apiGroup } = operation;
      if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH') return false;
      const operations = await find(operation);
      const isAggregated = freshIndex()?.aggregated.has(groupVersionOf(operation)) ?? true;
      if (operations === undefined || (isAggregated && !aggregatedGroups.includes(apiGroup))) return false;
      return operations.declaresDryRun({ method, resource, subresource, named: parts.length > 1 });
    },
    async run(signal) {
      while (!signal.aborted) {
        const isRead = await refresh();
        await sleep(clock, isRead ? REFRESH : MIN_INTERVAL, signal);
      }
    },
  };
}

/** As OpenAPI v3 names it: `api/v1`, `apis/apps/v1`. */
const groupVersionOf = ({ apiPrefix, apiGroup, apiVersion }: ServedAt): string =>
  apiGroup === '' ? `${apiPrefix}/${apiVersion}` : `${apiPrefix}/${apiGroup}/${apiVersion}`;
