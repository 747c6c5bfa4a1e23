import type { ClusterRoleBinding } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { isDerivedName } from './roles.ts';

/** What the chart installs for the gateway's account: a ClusterRole, and its binding of the same name. */
const CHART_NAME = 'chaperone-proxy';

/** What Kubernetes gives every account: discovery, questions about oneself, the keys of the cluster's own issuer. */
const EVERYBODYS_ROLES: ReadonlySet<string> = new Set([
  'system:basic-user',
  'system:discovery',
  'system:public-info-viewer',
  'system:service-account-issuer-discovery',
]);

type Binding = Pick<ClusterRoleBinding, 'roleRef' | 'subjects'> & { readonly metadata: { readonly name: string } };

/**
 * The bindings that give the gateway's account, directly or by a group that it is in, more than chart and policies do. What
 * the API server caps by the derived rights is not capped beyond these. Those under derived names are put right elsewhere.
 */
export const foreignBindings = <T extends Binding>(
  bindings: readonly T[],
  account: { readonly name: string; readonly namespace: string },
): T[] =>
  bindings.filter(({ metadata, roleRef, subjects }) => {
    const isCharts = metadata.name === CHART_NAME && roleRef.name === CHART_NAME;
    const isOurs = isCharts || isDerivedName(metadata.name) || EVERYBODYS_ROLES.has(roleRef.name);
    return !isOurs && (subjects ?? []).some((subject) => isAccount(subject, account));
  });

type Subject = NonNullable<Stored<ClusterRoleBinding>['subjects']>[number];

function isAccount(
  { kind, name, namespace }: Subject,
  account: { readonly name: string; readonly namespace: string },
): boolean {
  switch (kind) {
    case 'ServiceAccount':
      return name === account.name && namespace === account.namespace;
    case 'User':
      return name === `system:serviceaccount:${account.namespace}:${account.name}`;
    case 'Group':
      return ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${account.namespace}`].includes(
        name,
      );
    default:
      return false;
  }
}
