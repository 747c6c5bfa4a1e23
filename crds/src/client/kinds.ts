import type {
  EventsV1Event,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Deployment,
  V1Lease,
  V1Namespace,
  V1Pod,
  V1PodDisruptionBudget,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import type { Json } from './kubernetes-object.ts';
import { resource } from './resource.ts';

// Kubernetes' own kinds that this product reads or writes, in their JSON form.
export type ClusterRole = Json<V1ClusterRole>;
export type ClusterRoleBinding = Json<V1ClusterRoleBinding>;
export type ConfigMap = Json<V1ConfigMap>;
export type Deployment = Json<V1Deployment>;
export type Event = Json<EventsV1Event>;
export type Lease = Json<V1Lease>;
export type Namespace = Json<V1Namespace>;
export type Pod = Json<V1Pod>;
export type PodDisruptionBudget = Json<V1PodDisruptionBudget>;
export type Role = Json<V1Role>;
export type RoleBinding = Json<V1RoleBinding>;
export type Secret = Json<V1Secret>;
export type Service = Json<V1Service>;
export type ServiceAccount = Json<V1ServiceAccount>;
export type StatefulSet = Json<V1StatefulSet>;
export type ValidatingAdmissionPolicy = Json<V1ValidatingAdmissionPolicy>;
export type ValidatingAdmissionPolicyBinding = Json<V1ValidatingAdmissionPolicyBinding>;

const core = { group: '', version: 'v1', namespaced: true } as const;
const apps = { group: 'apps', version: 'v1', namespaced: true } as const;
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' } as const;
const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false } as const;

export const configMaps = resource<ConfigMap>({ ...core, plural: 'configmaps', kind: 'ConfigMap' });
export const namespaces = resource<Namespace>({ ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false });
export const pods = resource<Pod>({ ...core, plural: 'pods', kind: 'Pod' });
export const secrets = resource<Secret>({ ...core, plural: 'secrets', kind: 'Secret', secret: true });
export const serviceAccounts = resource<ServiceAccount>({ ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' });
export const services = resource<Service>({ ...core, plural: 'services', kind: 'Service' });

export const deployments = resource<Deployment>({ ...apps, plural: 'deployments', kind: 'Deployment' });
export const statefulSets = resource<StatefulSet>({ ...apps, plural: 'statefulsets', kind: 'StatefulSet' });

export const leases = resource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
});
/** `events.k8s.io`, not the core group's: it has series. */
export const events = resource<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
});
export const podDisruptionBudgets = resource<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
});

export const clusterRoles = resource<ClusterRole>({
  ...rbac,
  plural: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
});
export const clusterRoleBindings = resource<ClusterRoleBinding>({
  ...rbac,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
});
export const roles = resource<Role>({ ...rbac, plural: 'roles', kind: 'Role', namespaced: true });
export const roleBindings = resource<RoleBinding>({
  ...rbac,
  plural: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
});

export const validatingAdmissionPolicies = resource<ValidatingAdmissionPolicy>({
  ...admission,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
});
export const validatingAdmissionPolicyBindings = resource<ValidatingAdmissionPolicyBinding>({
  ...admission,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
});
