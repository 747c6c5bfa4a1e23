import { isClusterScoped } from '@chaperone/crds/validation/builtin-resources';
import { verbSet, verbsIn, type ComparedRule, type ResourceVerb, type VerbSet } from './compared-rule.ts';
import { reaches, type Thing } from './rule-relations.ts';

/** A call that has the effect of one that a rule guards. */
export interface Evasion {
  readonly verb: ResourceVerb;
  readonly thing: Thing;
  /** It acts on the object of the same name, so rules about other names do not matter. */
  readonly sameName: boolean;
}

/** What a verb can be replaced by on the same resource. `subresource`: on subresources, too. */
const sameThing: readonly {
  readonly guarded: ResourceVerb;
  readonly by: readonly ResourceVerb[];
  readonly subresource: boolean;
}[] = [
  // A list returns its objects whole, and a watch begins with one.
  { guarded: 'get', by: ['list', 'watch'], subresource: false },
  { guarded: 'list', by: ['watch'], subresource: false },
  { guarded: 'watch', by: ['list'], subresource: false },
  { guarded: 'update', by: ['patch'], subresource: true },
  { guarded: 'patch', by: ['update'], subresource: true },
  { guarded: 'delete', by: ['deletecollection'], subresource: false },
  { guarded: 'deletecollection', by: ['delete'], subresource: false },
];

interface OtherThing {
  readonly guarded: Thing & { readonly verbs: readonly ResourceVerb[] };
  readonly by: readonly (Thing & { readonly verbs: readonly ResourceVerb[]; readonly sameName?: boolean })[];
}

const core = (resource: string): Thing => ({ group: '', resource });
const apps = (resource: string): Thing => ({ group: 'apps', resource });
const batch = (resource: string): Thing => ({ group: 'batch', resource });

const deletes = ['delete', 'deletecollection'] as const;
const changes = ['update', 'patch'] as const;

/** Workloads whose controller makes as many pods as their scale says. */
const scalable = [core('replicationcontrollers'), apps('deployments'), apps('replicasets'), apps('statefulsets')];
const workloads = [...scalable, apps('daemonsets'), batch('jobs'), batch('cronjobs')];
const scaleOf = ({ group, resource }: Thing): Thing => ({ group, resource: `${resource}/scale` });

const shells = [core('pods/exec'), core('pods/attach')].map(
  (thing) => ({ ...thing, verbs: ['create'], sameName: true }) as const,
);
const debugContainers = { ...core('pods/ephemeralcontainers'), verbs: changes, sameName: true } as const;
/** The kubelet's own API runs commands in every pod of the node. */
const kubelet = { ...core('nodes/proxy'), verbs: ['create'] } as const;
const tunnels = ['pods/portforward', 'pods/proxy', 'services/proxy'].map(
  (resource) => ({ ...core(resource), verbs: ['create'] }) as const,
);

/**
 * What a call can be replaced by on another resource. A new pod is not listed as a way around a guarded exec: it reaches
 * neither memory nor files of the pod that is guarded, and nearly every deploying caller may make one.
 */
const otherThings: readonly OtherThing[] = [
  {
    guarded: { ...core('pods'), verbs: deletes },
    by: [
      { ...core('pods/eviction'), verbs: ['create'], sameName: true },
      ...scalable.map((thing) => ({ ...scaleOf(thing), verbs: changes })),
      ...workloads.map((thing) => ({ ...thing, verbs: deletes })),
    ],
  },
  // Scaled to nothing, a workload is as good as gone.
  ...scalable.map((thing) => ({
    guarded: { ...thing, verbs: deletes },
    by: [{ ...scaleOf(thing), verbs: changes, sameName: true }],
  })),
  // The number of replicas is a field of the workload, too.
  ...scalable.map((thing) => ({
    guarded: { ...scaleOf(thing), verbs: changes },
    by: [{ ...thing, verbs: changes, sameName: true }],
  })),
  {
    guarded: { ...core('pods'), verbs: ['create'] },
    by: workloads.map((thing) => ({ ...thing, verbs: ['create'] as const })),
  },
  ...shells.map((guarded) => ({
    guarded,
    by: [...shells.filter((other) => other !== guarded), debugContainers, kubelet],
  })),
  { guarded: debugContainers, by: [...shells, kubelet] },
  ...tunnels.map((guarded) => ({ guarded, by: tunnels.filter((other) => other !== guarded) })),
  // The control plane puts a token into a Secret of the right type.
  { guarded: { ...core('serviceaccounts/token'), verbs: ['create'] }, by: [{ ...core('secrets'), verbs: ['create'] }] },
];

const deleteVerbs = verbSet(deletes);
/** Everything in a namespace goes with it. */
const namespaces = core('namespaces');

/** All calls that have the effect of one that `guard` matches, and that it does not match itself. */
export function evasionsOf(guard: ComparedRule): readonly Evasion[] {
  return [...onSameThings(guard), ...onOtherThings(guard), ...byNamespace(guard)].filter(
    ({ verb, thing }) => !reaches(guard, verbSet([verb]), thing),
  );
}

function onSameThings({ verbs, apiGroups, resources }: ComparedRule): Evasion[] {
  const alternatives = (subresource: boolean): VerbSet =>
    sameThing
      .filter(({ guarded, subresource: also }) => (verbs & verbSet([guarded])) !== 0 && (also || !subresource))
      .reduce((set, { by }) => set | verbSet(by), 0) & ~verbs;
  const onObjects = alternatives(false);
  const onSubresources = alternatives(true);
  if ((onObjects | onSubresources) === 0) {
    return [];
  }
  const evasions: Evasion[] = [];
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of namesOf(resource.includes('/') ? onSubresources : onObjects)) {
        evasions.push({ verb, thing: { group, resource }, sameName: verb === 'update' || verb === 'patch' });
      }
    }
  }
  return evasions;
}

function onOtherThings(guard: ComparedRule): Evasion[] {
  return otherThings
    .filter(({ guarded }) => guarded.verbs.some((verb) => reaches(guard, verbSet([verb]), guarded)))
    .flatMap(({ by }) =>
      by.flatMap(({ verbs, group, resource, sameName = false }) =>
        verbs.map((verb) => ({ verb, thing: { group, resource }, sameName })),
      ),
    );
}

function byNamespace({ verbs, apiGroups, resources }: ComparedRule): Evasion[] {
  const deletesInNamespaces =
    (verbs & deleteVerbs) !== 0 &&
    [...apiGroups].some((group) =>
      [...resources].some((entry) => !entry.includes('/') && entry !== '*' && isClusterScoped(group, entry) !== true),
    );
  return deletesInNamespaces ? [{ verb: 'delete', thing: namespaces, sameName: false }] : [];
}

const isResourceVerb = (verb: string): verb is ResourceVerb =>
  sameThing.some(({ guarded, by }) => guarded === verb || by.some((other) => other === verb));

const namesOf = (verbs: VerbSet): readonly ResourceVerb[] => verbsIn(verbs).filter(isResourceVerb);
