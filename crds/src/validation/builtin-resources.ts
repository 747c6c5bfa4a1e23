/**
 * The resources of Kubernetes' own API groups (1.34 to 1.36), to find rules that can match nothing because a name, a group
 * or a scope is mistaken. Nobody else may serve these groups, so for a resource that is listed here and a group that is
 * listed here, absence is certain; a resource that is not listed may come with a later Kubernetes.
 */

interface Group {
  readonly namespaced: readonly string[];
  readonly cluster: readonly string[];
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

const group = (namespaced: string, cluster: string): Group => ({
  namespaced: words(namespaced),
  cluster: words(cluster),
});

const groups: ReadonlyMap<string, Group> = new Map([
  [
    '',
    group(
      'bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates ' +
        'replicationcontrollers resourcequotas secrets serviceaccounts services',
      'componentstatuses namespaces nodes persistentvolumes',
    ),
  ],
  [
    'admissionregistration.k8s.io',
    group(
      '',
      'mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations ' +
        'validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations',
    ),
  ],
  ['apiextensions.k8s.io', group('', 'customresourcedefinitions')],
  ['apiregistration.k8s.io', group('', 'apiservices')],
  ['internal.apiserver.k8s.io', group('', 'storageversions')],
  ['storagemigration.k8s.io', group('', 'storageversionmigrations')],
  ['apps', group('controllerrevisions daemonsets deployments replicasets statefulsets', '')],
  ['authentication.k8s.io', group('', 'selfsubjectreviews tokenreviews')],
  [
    'authorization.k8s.io',
    group('localsubjectaccessreviews', 'selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews'),
  ],
  ['autoscaling', group('horizontalpodautoscalers', '')],
  ['batch', group('cronjobs jobs', '')],
  ['certificates.k8s.io', group('podcertificaterequests', 'certificatesigningrequests clustertrustbundles')],
  ['coordination.k8s.io', group('leases leasecandidates', '')],
  ['discovery.k8s.io', group('endpointslices', '')],
  ['events.k8s.io', group('events', '')],
  ['flowcontrol.apiserver.k8s.io', group('', 'flowschemas prioritylevelconfigurations')],
  ['networking.k8s.io', group('ingresses networkpolicies', 'ingressclasses ipaddresses servicecidrs')],
  ['node.k8s.io', group('', 'runtimeclasses')],
  ['policy', group('poddisruptionbudgets', '')],
  ['rbac.authorization.k8s.io', group('rolebindings roles', 'clusterrolebindings clusterroles')],
  [
    'resource.k8s.io',
    group(
      'resourceclaims resourceclaimtemplates',
      'deviceclasses devicetaintrules resourcepoolstatusrequests resourceslices',
    ),
  ],
  ['scheduling.k8s.io', group('workloads podgroups', 'priorityclasses')],
  [
    'storage.k8s.io',
    group('csistoragecapacities', 'csidrivers csinodes storageclasses volumeattachments volumeattributesclasses'),
  ],
]);

const everyResource = [...groups.values()].flatMap(({ namespaced, cluster }) => [...namespaced, ...cluster]);
const plurals: ReadonlySet<string> = new Set(everyResource);

/** What people write for a resource where only the plural matches: singular names and kubectl's short names. */
const aliases: ReadonlyMap<string, string> = new Map([
  ...everyResource
    .map((plural): [string, string] => [singular(plural), plural])
    .filter(([alias]) => !plurals.has(alias)),
  ['cj', 'cronjobs'],
  ['cm', 'configmaps'],
  ['crd', 'customresourcedefinitions'],
  ['crds', 'customresourcedefinitions'],
  ['cs', 'componentstatuses'],
  ['csr', 'certificatesigningrequests'],
  ['deploy', 'deployments'],
  ['ds', 'daemonsets'],
  ['ep', 'endpoints'],
  ['ev', 'events'],
  ['hpa', 'horizontalpodautoscalers'],
  ['ing', 'ingresses'],
  ['limits', 'limitranges'],
  ['netpol', 'networkpolicies'],
  ['no', 'nodes'],
  ['ns', 'namespaces'],
  ['pc', 'priorityclasses'],
  ['pdb', 'poddisruptionbudgets'],
  ['po', 'pods'],
  ['pv', 'persistentvolumes'],
  ['pvc', 'persistentvolumeclaims'],
  ['quota', 'resourcequotas'],
  ['rc', 'replicationcontrollers'],
  ['rs', 'replicasets'],
  ['sa', 'serviceaccounts'],
  ['sc', 'storageclasses'],
  ['sts', 'statefulsets'],
  ['svc', 'services'],
  ['vac', 'volumeattributesclasses'],
]);

function singular(plural: string): string {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  return /(?:ss|x|us)es$/u.test(plural) ? plural.slice(0, -2) : plural.slice(0, -1);
}

export const isBuiltinGroup = (apiGroup: string): boolean => groups.has(apiGroup);

/** The built-in groups that serve a resource of this plural name. */
export function groupsServing(resource: string): string[] {
  return [...groups]
    .filter(([, { namespaced, cluster }]) => namespaced.includes(resource) || cluster.includes(resource))
    .map(([name]) => name);
}

/** Whether the resource of a built-in group is cluster-scoped; undefined where that is not known here. */
export function isClusterScoped(apiGroup: string, resource: string): boolean | undefined {
  const found = groups.get(apiGroup);
  if (found?.cluster.includes(resource) === true) return true;
  return found?.namespaced.includes(resource) === true ? false : undefined;
}

/** The plural that a singular or short name of a built-in resource stands for, if it is one. */
export const pluralOf = (alias: string): string | undefined => aliases.get(alias);
