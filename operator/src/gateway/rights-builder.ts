import type { ClusterRole } from '@chaperone/crds/client/kinds';

/** A rule of RBAC (`rbac.authorization.k8s.io/v1` PolicyRule). */
export type RbacRule = NonNullable<ClusterRole['rules']>[number];

/** Rights by where they hold. Rules are merged, sorted, and the same for the same rights. */
export interface Rights {
  /** Cluster-wide, of all namespaces and of none; paths that are no resources are here too. */
  readonly cluster: readonly RbacRule[];
  readonly namespaces: ReadonlyMap<string, readonly RbacRule[]>;
}

/** Where a right holds. */
export interface RightsPlace {
  /** Undefined for cluster-wide. */
  readonly namespace: string | undefined;
  readonly group: string;
  /** With its subresource, as RBAC names it. */
  readonly resource: string;
}

/** Adds rights up and says them in few rules. Adding what is there already changes nothing. */
export interface RightsBuilder {
  /** `names` are undefined for every name, also of calls whose URL has none. Lists are known by identity: reuse them. */
  add(place: RightsPlace, verbs: readonly string[], names: readonly string[] | undefined): void;
  addPath(url: string, verbs: readonly string[]): void;
  /** All that earlier rights say. */
  addRights(rights: Rights): void;
  build(): Rights;
}

/** No namespace is called so. */
const CLUSTER = '';

/** Names in one rule at most, and {@link breadthOf} of it at most, so that what is large can still be divided. */
const MAX_NAMES_PER_RULE = 500;
const MAX_RULE_BREADTH = 20_000;

/**
 * How many single rights a rule stands for. Before a role is written the API server breaks its rules down to these, to
 * compare each with what the writer holds (`rbac/validation/policy_comparator.go`): it costs about 40 us and 250 bytes each.
 */
export const breadthOf = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: RbacRule): number =>
  verbs.length *
  ((apiGroups?.length ?? 0) * (resources?.length ?? 0) * Math.max(resourceNames?.length ?? 0, 1) +
    (nonResourceURLs?.length ?? 0));

/** Sets of verbs as sorted text, so that they can be keys. */
function newVerbSets(): { of(verbs: Iterable<string>): string; unite(left: string, right: string): string } {
  const united = new Map<string, string>();
  const of = (verbs: Iterable<string>): string => [...new Set(verbs)].toSorted().join(' ');
  return {
    of,
    unite(left, right) {
      if (left === '' || left === right) {
        return right;
      }
      const key = `${left}|${right}`;
      const known = united.get(key) ?? of(`${left} ${right}`.split(' ').filter((verb) => verb !== ''));
      united.set(key, known);
      return known;
    },
  };
}

/** What may be done with one resource. Each exists once, so that a rule set of many resources can be held and compared. */
interface Said {
  readonly id: number;
  /** Sorted, with blanks between. */
  readonly verbs: string;
  /** Sorted; undefined for every name. */
  readonly names: readonly string[] | undefined;
}

const without = (verbs: string, covered: string): string => {
  const gone = new Set(covered.split(' '));
  return verbs
    .split(' ')
    .filter((verb) => !gone.has(verb))
    .join(' ');
};

/** Gives out each {@link Said} once. Lists that were seen before are found by identity, as sorting is what takes long. */
function newSayings(): {
  readonly verbSets: ReturnType<typeof newVerbSets>;
  say(verbs: string, names: readonly string[] | undefined): Said;
  verbsOf(verbs: readonly string[]): string;
} {
  const verbSets = newVerbSets();
  const verbsByList = new WeakMap<readonly string[], string>();
  const idsByList = new WeakMap<readonly string[], number>();
  const lists = new Map<string, { readonly id: number; readonly names: readonly string[] }>();
  const listsById: (readonly string[])[] = [];
  const known = new Map<string, Said>();

  function idOf(names: readonly string[]): number {
    const seen = idsByList.get(names);
    if (seen !== undefined) {
      return seen;
    }
    const sortedNames = [...new Set(names)].toSorted();
    const key = JSON.stringify(sortedNames);
    const list = lists.get(key) ?? { id: listsById.push(sortedNames) - 1, names: sortedNames };
    lists.set(key, list);
    idsByList.set(names, list.id);
    return list.id;
  }

  return {
    verbSets,
    verbsOf(verbs) {
      const text = verbsByList.get(verbs) ?? verbSets.of(verbs);
      verbsByList.set(verbs, text);
      return text;
    },
    say(verbs, names) {
      const list = names === undefined ? undefined : idOf(names);
      const key = `${list ?? '*'} ${verbs}`;
      const said = known.get(key) ?? {
        id: known.size,
        verbs,
        names: list === undefined ? undefined : listsById[list],
      };
      known.set(key, said);
      return said;
    },
  };
}

export function newRightsBuilder(): RightsBuilder {
  const sayings = newSayings();
  const { verbSets } = sayings;
  /** By namespace or {@link CLUSTER}, then by group and resource. */
  const scopes = new Map<string, Map<string, Set<Said>>>();
  const paths = new Map<string, string>();
  const normalised = new Map<string, readonly Said[]>();

  function add({ namespace, group, resource }: RightsPlace, verbs: readonly string[], names?: readonly string[]): void {
    if (verbs.length === 0 || names?.length === 0) {
      return;
    }
    const scope = namespace ?? CLUSTER;
    const resources = scopes.get(scope) ?? new Map<string, Set<Said>>();
    scopes.set(scope, resources);
    const target = `${group} ${resource}`;
    const said = resources.get(target) ?? new Set<Said>();
    resources.set(target, said);
    said.add(sayings.say(sayings.verbsOf(verbs), names));
  }

  function addPath(url: string, verbs: readonly string[]): void {
    if (verbs.length > 0) {
      paths.set(url, verbSets.unite(paths.get(url) ?? '', verbSets.of(verbs)));
    }
  }

  function addRules(namespace: string | undefined, rules: readonly RbacRule[]): void {
    for (const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs } of rules) {
      nonResourceURLs.forEach((url) => addPath(url, verbs));
      const names = resourceNames.length === 0 ? undefined : resourceNames;
      for (const group of apiGroups) {
        resources.forEach((resource) => add({ namespace, group, resource }, verbs, names));
      }
    }
  }

  /** Says the same without repetition. Resources of which the same was added share the answer. */
  function normalise(said: ReadonlySet<Said>): readonly Said[] {
    const key = [...said]
      .map(({ id }) => id)
      .toSorted((left, right) => left - right)
      .join();
    const known = normalised.get(key) ?? normaliseOnce([...said]);
    normalised.set(key, known);
    return known;
  }

  function normaliseOnce(said: readonly Said[]): readonly Said[] {
    const everyName = said
      .filter(({ names }) => names === undefined)
      .reduce((verbs, one) => verbSets.unite(verbs, one.verbs), '');
    const byName = new Map<string, string>();
    for (const { verbs, names = [] } of said) {
      const more = without(verbs, everyName);
      for (const name of more === '' ? [] : names) {
        byName.set(name, verbSets.unite(byName.get(name) ?? '', more));
      }
    }
    const namesByVerbs = new Map<string, string[]>();
    for (const [name, verbs] of byName) {
      const names = namesByVerbs.get(verbs) ?? [];
      namesByVerbs.set(verbs, names);
      names.push(name);
    }
    return [
      ...(everyName === '' ? [] : [sayings.say(everyName, undefined)]),
      ...[...namesByVerbs].map(([verbs, names]) => sayings.say(verbs, names)),
    ];
  }

  /** Resources of one group that have the same verbs and names stand in one rule, then groups with the same resources. */
  function rulesOf(resources: ReadonlyMap<string, ReadonlySet<Said>>): RbacRule[] {
    const bySaid = new Map<Said, Map<string, string[]>>();
    for (const [target, added] of [...resources].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
      const [group = '', resource = ''] = target.split(' ');
      for (const said of normalise(added)) {
        const groups = bySaid.get(said) ?? new Map<string, string[]>();
        bySaid.set(said, groups);
        const of = groups.get(group) ?? [];
        groups.set(group, of);
        of.push(resource);
      }
    }
    return [...bySaid].flatMap(([{ verbs, names }, groups]) => {
      const byResources = Map.groupBy(groups.entries(), ([, of]) => of.join(' '));
      return [...byResources.values()].flatMap((entries) => {
        const rule = {
          apiGroups: entries.map(([group]) => group),
          resources: [...(entries[0]?.[1] ?? [])],
          verbs: verbs.split(' '),
        };
        return names === undefined
          ? [rule]
          : chunks(names, breadthOf(rule)).map((resourceNames) => ({ ...rule, resourceNames }));
      });
    });
  }

  function pathRules(): RbacRule[] {
    const byVerbs = Map.groupBy(paths.entries(), ([, verbs]) => verbs);
    return [...byVerbs].map(([verbs, entries]) => ({
      nonResourceURLs: entries.map(([url]) => url).toSorted(),
      verbs: verbs.split(' '),
    }));
  }

  return {
    add,
    addPath,
    addRights({ cluster, namespaces }) {
      addRules(undefined, cluster);
      namespaces.forEach((rules, namespace) => addRules(namespace, rules));
    },
    build() {
      const namespaces = [...scopes].filter(([scope]) => scope !== CLUSTER);
      return {
        cluster: sorted([...pathRules(), ...rulesOf(scopes.get(CLUSTER) ?? new Map<string, Set<Said>>())]),
        namespaces: new Map(
          namespaces
            .toSorted(([left], [right]) => (left < right ? -1 : 1))
            .map(([namespace, resources]) => [namespace, sorted(rulesOf(resources))]),
        ),
      };
    },
  };
}

function chunks(names: readonly string[], breadthOfOne: number): string[][] {
  const size = Math.max(Math.min(MAX_NAMES_PER_RULE, Math.floor(MAX_RULE_BREADTH / breadthOfOne)), 1);
  return Array.from({ length: Math.ceil(names.length / size) }, (_, index) =>
    names.slice(index * size, (index + 1) * size),
  );
}

function sorted(rules: readonly RbacRule[]): RbacRule[] {
  return rules
    .map((rule) => ({ rule, key: JSON.stringify([rule.apiGroups, rule.resources, rule.nonResourceURLs, rule]) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ rule }) => rule);
}
