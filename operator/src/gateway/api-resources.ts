/** A resource, or a subresource (`pods/exec`), of one group as the cluster serves it, over all versions. */
export interface ApiResource {
  readonly group: string;
  /** As rules name it: `pods` or `pods/exec`. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** The verbs that discovery lists: `get`, `list`, `create` ... */
  readonly verbs: ReadonlySet<string>;
}

/** What a cluster serves, sorted by group and resource, to look up and to go through. */
export interface ApiResources {
  readonly all: readonly ApiResource[];
  find(group: string, resource: string): ApiResource | undefined;
  hasGroup(group: string): boolean;
}

const keyOf = (group: string, resource: string): string => `${group} ${resource}`;

/** Joins what the versions of a group say: a call may use any version, and RBAC does not look at it. */
export function newApiResources(resources: readonly ApiResource[]): ApiResources {
  const byKey = new Map<string, ApiResource>();
  for (const one of resources) {
    const key = keyOf(one.group, one.resource);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? one : { ...before, verbs: new Set([...before.verbs, ...one.verbs]) });
  }
  const groups = new Set(resources.map(({ group }) => group));
  return {
    all: [...byKey.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one),
    find: (group, resource) => byKey.get(keyOf(group, resource)),
    hasGroup: (group) => groups.has(group),
  };
}
