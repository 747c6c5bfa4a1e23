import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/** The index of OpenAPI v3: where the document of each group and version is, by names like `apis/apps/v1`. */
export function readGroupVersions(index: unknown): ReadonlyMap<string, string> {
  const paths = isRecord(index) ? index['paths'] : undefined;
  const found = new Map<string, string>();
  for (const [groupVersion, entry] of Object.entries(isRecord(paths) ? paths : {})) {
    const url = isRecord(entry) ? entry['serverRelativeURL'] : undefined;
    // A path of the API server's own: the URL of another place must not be asked with the gateway's credential.
    if (typeof url === 'string' && url.startsWith('/openapi/v3/')) found.set(groupVersion, url);
  }
  return found;
}

/**
 * The groups and versions that a server other than the API server answers for, by its APIServices: those with a Service.
 *
 * @throws TypeError where it is no list: with nothing aggregated, too much would be taken for dry-runnable.
 */
export function readAggregated(services: unknown): ReadonlySet<string> {
  const items = isRecord(services) ? services['items'] : undefined;
  if (!Array.isArray(items)) throw new TypeError('not a list of APIServices');
  const found = new Set<string>();
  for (const item of items) {
    const spec: unknown = isRecord(item) ? item['spec'] : undefined;
    if (!isRecord(spec)) throw new TypeError('not an APIService');
    const { group, version, service } = spec;
    if (service !== undefined && service !== null) found.add(`apis/${String(group)}/${String(version)}`);
  }
  return found;
}
