/**
 * What the columns of built-in resources show (kubernetes pkg/printers/internalversion/printers.go), as paths of fields:
 * a Table says of its columns how they are called, not where they come from. A column that is not here may show anything.
 * No path: a name, an age or a count, which no field's value can be told from.
 */
const CONTAINERS = 'Containers: spec.template.spec.containers.name; Images: spec.template.spec.containers.image';
const NODE_SELECTOR = 'Node Selector: spec.template.spec.nodeSelector';
const WORKLOAD = `${CONTAINERS}; Selector: spec.selector`;

const COLUMNS: Readonly<Record<string, string>> = {
  '/configmaps': 'Data',
  '/secrets': 'Type: type; Data',
  '/pods':
    'Ready: status; Status: status metadata.deletionTimestamp spec.initContainers; Restarts: status; IP: status; ' +
    'Node: spec.nodeName; Nominated Node: status; Readiness Gates: spec.readinessGates status',
  '/replicationcontrollers': `Desired: spec.replicas; Current: status; Ready: status; ${WORKLOAD}`,
  'apps/deployments': `Ready: status spec.replicas; Up-to-date: status; Available: status; ${WORKLOAD}`,
  'apps/replicasets': `Desired: spec.replicas; Current: status; Ready: status; ${WORKLOAD}`,
  'apps/statefulsets': `Ready: status spec.replicas; ${CONTAINERS}`,
  'apps/daemonsets':
    `Desired: status; Current: status; Ready: status; Up-to-date: status; Available: status; ${NODE_SELECTOR}; ` +
    WORKLOAD,
  'apps/controllerrevisions': 'Controller: metadata.ownerReferences; Revision: revision',
  'batch/jobs': `Status: status; Completions: spec.completions spec.parallelism status; Duration: status; ${WORKLOAD}`,
  'batch/cronjobs':
    'Schedule: spec.schedule; Timezone: spec.timeZone; Suspend: spec.suspend; Active: status; Last Schedule: status; ' +
    'Containers: spec.jobTemplate.spec.template.spec.containers.name; ' +
    'Images: spec.jobTemplate.spec.template.spec.containers.image; Selector: spec.jobTemplate.spec.selector',
  '/services':
    'Type: spec.type; Cluster-IP: spec.clusterIP spec.clusterIPs; ' +
    'External-IP: spec.externalIPs spec.externalName status spec.loadBalancerIP; Port(s): spec.ports; Selector: spec.selector',
  '/endpoints': 'Endpoints: subsets',
  'discovery.k8s.io/endpointslices': 'AddressType: addressType; Ports: ports; Endpoints: endpoints',
  'networking.k8s.io/ingresses':
    'Class: spec.ingressClassName metadata.annotations; Hosts: spec.rules; Address: status; Ports: spec.tls',
  'networking.k8s.io/networkpolicies': 'Pod-Selector: spec.podSelector',
  '/nodes':
    'Status: status spec.unschedulable; Roles: metadata.labels; Version: status; Internal-IP: status; External-IP: status; ' +
    'OS-Image: status; Kernel-Version: status; Container-Runtime: status',
  '/namespaces': 'Status: status',
  '/serviceaccounts': 'Secrets',
  '/persistentvolumeclaims':
    'Status: status metadata.deletionTimestamp; Volume: spec.volumeName; Capacity: status; Access Modes: status; ' +
    'StorageClass: spec.storageClassName metadata.annotations; VolumeAttributesClass: spec.volumeAttributesClassName; ' +
    'VolumeMode: spec.volumeMode',
  '/persistentvolumes':
    'Capacity: spec.capacity; Access Modes: spec.accessModes; Reclaim Policy: spec.persistentVolumeReclaimPolicy; ' +
    'Status: status metadata.deletionTimestamp; Claim: spec.claimRef; ' +
    'StorageClass: spec.storageClassName metadata.annotations; VolumeAttributesClass: spec.volumeAttributesClassName; ' +
    'Reason: status; VolumeMode: spec.volumeMode',
  'autoscaling/horizontalpodautoscalers':
    'Reference: spec.scaleTargetRef; Targets: spec.metrics status; MinPods: spec.minReplicas; MaxPods: spec.maxReplicas; ' +
    'Replicas: status',
  'policy/poddisruptionbudgets':
    'Min Available: spec.minAvailable; Max Unavailable: spec.maxUnavailable; Allowed Disruptions: status',
  'rbac.authorization.k8s.io/rolebindings':
    'Role: roleRef; Users: subjects; Groups: subjects; ServiceAccounts: subjects',
  'rbac.authorization.k8s.io/clusterrolebindings':
    'Role: roleRef; Users: subjects; Groups: subjects; ServiceAccounts: subjects',
  'storage.k8s.io/storageclasses':
    'Provisioner: provisioner; ReclaimPolicy: reclaimPolicy; VolumeBindingMode: volumeBindingMode; ' +
    'AllowVolumeExpansion: allowVolumeExpansion',
  'coordination.k8s.io/leases': 'Holder: spec.holderIdentity',
  '/events':
    'Type: type; Reason: reason; Object: involvedObject regarding; Subobject: involvedObject regarding; ' +
    'Source: source reportingComponent reportingController reportingInstance deprecatedSource; ' +
    'Message: message note; Count: count series deprecatedCount',
};

type Paths = readonly (readonly string[])[];

const PARSED: ReadonlyMap<string, ReadonlyMap<string, Paths>> = new Map(
  Object.entries({ ...COLUMNS, 'events.k8s.io/events': COLUMNS['/events'] ?? '' }).map(([resource, columns]) => [
    resource,
    new Map(columns.split('; ').map((column) => parseColumn(column))),
  ]),
);

function parseColumn(column: string): [name: string, paths: Paths] {
  const [name = '', paths = ''] = column.split(': ');
  return [name, paths.split(' ').flatMap((path) => (path === '' ? [] : [path.split('.')]))];
}

/**
 * The fields that a column of a built-in resource may show, as keys; elements of lists have none. Undefined where that is
 * not known.
 */
export const pathsOfColumn = (apiGroup: string, resource: string, column: string): Paths | undefined =>
  PARSED.get(`${apiGroup}/${resource}`)?.get(column);
