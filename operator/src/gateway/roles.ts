import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@chaperone/crds/client/kinds';
import type { KubernetesObject, OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration } from '@chaperone/crds/client/resource-client';
import { breadthOf, type RbacRule, type Rights } from './rights-builder.ts';

/** Name of every object that carries derived rights; the chart lets the operator write these names and no others. */
export const DERIVED_NAME = 'chaperone-proxy-derived';
/** ClusterRoles over which the cluster-wide rights may be spread: `chaperone-proxy-derived`, `-2` ... `-8`. */
export const MAX_CLUSTER_ROLES = 8;
/**
 * Bytes of JSON that the rules of one role may take. etcd takes 1.5 MiB by default (`--max-request-bytes`), and what it
 * stores is shorter than JSON.
 */
export const MAX_ROLE_BYTES = 1024 * 1024;

/** Single rights that one role may stand for: writing it then takes the API server some seconds and about 25 MB. */
export const MAX_ROLE_BREADTH = 100_000;

export const derivedNames: readonly string[] = Array.from({ length: MAX_CLUSTER_ROLES }, (_, index) =>
  index === 0 ? DERIVED_NAME : `${DERIVED_NAME}-${index + 1}`,
);

export const isDerivedName = (name: string): boolean => derivedNames.includes(name);

/** Does this rule give nothing but impersonation for some calls, as all that is derived does? */
export const isDerivedRule = ({ verbs }: { readonly verbs: readonly string[] }): boolean =>
  verbs.every((verb) => verb.startsWith('impersonate-on:'));

export interface RoleOptions {
  /** The account of the gateway's replicas. */
  readonly serviceAccount: { readonly name: string; readonly namespace: string };
  /** Cluster-scoped, as these objects are in many namespaces. */
  readonly ownerReferences: readonly OwnerReference[];
}

/** An object to apply, with what all of them have. */
export type DerivedObject<T extends KubernetesObject> = ApplyConfiguration<T> & {
  readonly metadata: { readonly labels: Record<string, string>; readonly ownerReferences: OwnerReference[] };
};

/** The RBAC objects of some rights. Each role has a binding of its name beside it. */
export interface DerivedRoles {
  readonly clusterRoles: readonly DerivedObject<ClusterRole>[];
  readonly clusterRoleBindings: readonly DerivedObject<ClusterRoleBinding>[];
  readonly roles: readonly DerivedObject<Role>[];
  readonly roleBindings: readonly DerivedObject<RoleBinding>[];
}

/** These rights do not fit into so many roles. `scope` is a namespace, or `cluster`. */
export class RightsTooLargeError extends Error {
  override readonly name = 'RightsTooLargeError';
  readonly code = 'ERR_RIGHTS_TOO_LARGE';
  readonly scope: string;

  constructor(scope: string, size: { readonly bytes: number; readonly breadth: number }) {
    const { bytes, breadth } = size;
    super(`The derived rights (${scope}) are ${breadth} single ones in ${bytes} bytes, more than roles can hold`);
    this.scope = scope;
  }
}

export const derivedLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'chaperone',
  'app.kubernetes.io/part-of': 'chaperone',
  'app.kubernetes.io/component': 'proxy',
  'app.kubernetes.io/managed-by': 'chaperone-operator',
};

/** The objects to apply. @throws RightsTooLargeError */
export function rolesOf(rights: Rights, { serviceAccount, ownerReferences }: RoleOptions): DerivedRoles {
  const metadata = { labels: { ...derivedLabels }, ownerReferences: [...ownerReferences] };
  const subjects = [{ kind: 'ServiceAccount', ...serviceAccount }];
  const reference = (kind: 'ClusterRole' | 'Role', name: string): RoleBinding['roleRef'] => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name,
  });
  const parts = divide(rights.cluster, 'cluster', MAX_CLUSTER_ROLES);
  const namespaced = [...rights.namespaces].map(([namespace, rules]) => ({
    metadata: { ...metadata, name: DERIVED_NAME, namespace },
    rules: divide(rules, namespace, 1).flat(),
  }));
  const named = parts.map((rules, index) => ({ rules, metadata: { ...metadata, name: derivedNames[index] ?? '' } }));
  return {
    clusterRoles: named,
    clusterRoleBindings: named.map((role) => ({
      metadata: role.metadata,
      roleRef: reference('ClusterRole', role.metadata.name),
      subjects,
    })),
    roles: namespaced,
    roleBindings: namespaced.map((role) => ({
      metadata: role.metadata,
      roleRef: reference('Role', role.metadata.name),
      subjects,
    })),
  };
}

/** Fills one role after another, in the order of the rules, so that the same rights always stand in the same roles. */
function divide(rules: readonly RbacRule[], scope: string, parts: number): RbacRule[][] {
  const divided: RbacRule[][] = [[]];
  const total = { bytes: 0, breadth: 0 };
  let current = { bytes: 0, breadth: 0 };
  for (const rule of rules) {
    const bytes = Buffer.byteLength(JSON.stringify(rule)) + 1;
    const breadth = breadthOf(rule);
    total.bytes += bytes;
    total.breadth += breadth;
    const isFull = current.bytes + bytes > MAX_ROLE_BYTES || current.breadth + breadth > MAX_ROLE_BREADTH;
    if (isFull && current.bytes > 0) {
      divided.push([]);
      current = { bytes: 0, breadth: 0 };
    }
    current.bytes += bytes;
    current.breadth += breadth;
    divided.at(-1)?.push(rule);
  }
  if (divided.length > parts) {
    throw new RightsTooLargeError(scope, total);
  }
  return divided;
}
