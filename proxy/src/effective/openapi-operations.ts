import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/** What the OpenAPI v3 document of one group and version says of its resources. */
export interface GroupOperations {
  /** Undefined for a resource that it does not serve. */
  scopeOf(resource: string): 'Namespaced' | 'Cluster' | undefined;
  /** Whether the operation declares the parameter `dryRun`. */
  declaresDryRun(operation: Operation): boolean;
}

export interface Operation {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly resource: string;
  readonly subresource: string;
  /** Whether the path names one object. */
  readonly named: boolean;
}

/** What follows the version: `namespaces/{namespace}/pods/{name}/eviction`, of which the first two may be missing. */
const RESOURCE_PATH =
  /^(?<namespaced>namespaces\/\{namespace\}\/)?(?<resource>[^/{}]+)(?<named>\/\{name\})?(?:\/(?<subresource>[^/{}]+))?$/;

const METHODS = ['POST', 'PUT', 'PATCH'] as const;

/** Reads a document; undefined where it is none. Only a few strings of it are kept: it may have megabytes. */
export function readGroupOperations(document: unknown, groupVersion: string): GroupOperations | undefined {
  const paths = isRecord(document) ? document['paths'] : undefined;
  if (!isRecord(paths)) return undefined;
  const prefix = `/${groupVersion}/`;
  const scopes = new Map<string, 'Namespaced' | 'Cluster'>();
  const dryRuns = new Set<string>();
  for (const [path, item] of Object.entries(paths)) {
    const parts = path.startsWith(prefix) ? RESOURCE_PATH.exec(path.slice(prefix.length))?.groups : undefined;
    if (parts === undefined || !isRecord(item)) continue;
    const { namespaced, resource = '', named, subresource = '' } = parts;
    // A namespaced resource is also listed over all namespaces, by a path like that of a cluster-scoped one.
    if (namespaced !== undefined) scopes.set(resource, 'Namespaced');
    else if (!scopes.has(resource)) scopes.set(resource, 'Cluster');
    for (const method of METHODS) {
      if (declares(item, item[method.toLowerCase()]))
        dryRuns.add(operationKey({ method, resource, subresource, named: named !== undefined }));
    }
  }
  return {
    scopeOf: (resource) => scopes.get(resource),
    declaresDryRun: (operation) => dryRuns.has(operationKey(operation)),
  };
}

const operationKey = ({ method, resource, subresource, named }: Operation): string =>
  `${method} ${resource}${named ? '/{name}' : ''}/${subresource}`;

function declares(item: Record<string, unknown>, operation: unknown): boolean {
  if (!isRecord(operation)) return false;
  return [item['parameters'], operation['parameters']].some(
    (parameters) => Array.isArray(parameters) && parameters.some(isDryRun),
  );
}

const isDryRun = (parameter: unknown): boolean =>
  isRecord(parameter) && parameter['name'] === 'dryRun' && parameter['in'] === 'query';
