/**
 * What leads out of a policy's control: calls after which the caller, or a workload or credential it made, can act
 * without the gateway. In Allow rules a `*` in `resources` or `apiGroups` never reaches them; each must be named. In Deny
 * and RequireApproval rules wildcards reach everything.
 */

/** A call as far as exits are concerned. `subresource` is absent for the object itself. */
export interface ExitCall {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
}

/** One subresource that is an exit whatever the verb. */
export interface SubresourceExit {
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
}

export const subresourceExits: readonly SubresourceExit[] = [
  { apiGroup: '', resource: 'pods', subresource: 'exec' },
  { apiGroup: '', resource: 'pods', subresource: 'attach' },
  { apiGroup: '', resource: 'pods', subresource: 'portforward' },
  { apiGroup: '', resource: 'pods', subresource: 'ephemeralcontainers' },
  { apiGroup: '', resource: 'serviceaccounts', subresource: 'token' },
  { apiGroup: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource: 'approval' },
];

/** This subresource is an exit of every resource of every group: it carries arbitrary requests past policy and records. */
export const PROXY_SUBRESOURCE = 'proxy';

/** Verbs of RBAC that `*` in `verbs` does not reach in Allow rules. */
export const exitVerbs: readonly string[] = ['bind', 'escalate', 'impersonate'];

/** Groups whose objects decide who may do what, so that writing any of them is an exit. */
export const exitGroups: readonly string[] = [
  'admissionregistration.k8s.io',
  'apiregistration.k8s.io',
  'rbac.authorization.k8s.io',
];

/** Writing a Secret of this type makes the control plane put a token into it. Only the object tells. */
export const TOKEN_SECRET_TYPE = 'kubernetes.io/service-account-token';

export const writeVerbs: readonly string[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * Is this call an exit, by what its URL says? A write of a Secret is one too where the Secret's type is
 * {@link TOKEN_SECRET_TYPE}, which the caller of this function has to find out from the object.
 */
export function isExit({ verb, apiGroup, resource, subresource }: ExitCall): boolean {
  if (exitVerbs.includes(verb) || subresource === PROXY_SUBRESOURCE) {
    return true;
  }
  if (exitGroups.includes(apiGroup) && writeVerbs.includes(verb)) {
    return true;
  }
  return subresourceExits.some(
    (exit) => exit.apiGroup === apiGroup && exit.resource === resource && exit.subresource === subresource,
  );
}
