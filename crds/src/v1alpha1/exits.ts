import type { Action } from './agentpolicy.ts';

/**
 * What leads out of a policy's control: calls after which the caller, or a workload or credential it made, can act
 * without the gateway. In Allow rules a `*` in `resources` or `apiGroups` never reaches them; each must be named. In Deny
 * and RequireApproval rules wildcards reach everything.
 */

/** A call as far as exits are concerned. `subresource` is absent or empty for the object itself. */
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

/** The writes after which a Secret may be of another type than before. */
const tokenSecretVerbs: readonly string[] = ['create', 'update', 'patch'];

/**
 * Is this call an exit, by what its URL says? A write of a Secret is one too where the Secret's type is
 * {@link TOKEN_SECRET_TYPE}, which only the object tells.
 */
export function isExit({ verb, apiGroup, resource, subresource }: ExitCall): boolean {
  if (exitVerbs.includes(verb) || subresource === PROXY_SUBRESOURCE) {
    return true;
  }
  if (exitGroups.includes(apiGroup) && writeVerbs.includes(verb)) {
    return true;
  }
  return (
    isSubresource(subresource) &&
    subresourceExits.some(
      (exit) => exit.apiGroup === apiGroup && exit.resource === resource && exit.subresource === subresource,
    )
  );
}

const isSubresource = (subresource: string | undefined): subresource is string =>
  subresource !== undefined && subresource !== '';

const mayWriteTokenSecret = ({ verb, apiGroup, resource, subresource }: ExitCall): boolean =>
  apiGroup === '' && resource === 'secrets' && !isSubresource(subresource) && tokenSecretVerbs.includes(verb);

/** What of a rule decides whether it reaches an exit. */
export interface ExitRule {
  readonly action: Action;
  readonly apiGroups: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
}

/**
 * - `Reached`: the rule speaks of the call.
 * - `Stopped`: it does not, as only a wildcard of an Allow rule stands for the call, and the call is an exit.
 * - `UnlessTokenSecret`: it does unless the object is a Secret of type {@link TOKEN_SECRET_TYPE}.
 */
export type ExitReach = 'Reached' | 'Stopped' | 'UnlessTokenSecret';

/**
 * Given that verb, group and resource of the rule match the call, wildcards included: do they where exits are concerned?
 * All that judge policies ask this, so that no two of them can differ.
 */
export function exitReach(rule: ExitRule, call: ExitCall): ExitReach {
  if (rule.action !== 'Allow') {
    return 'Reached';
  }
  const exit = isExit(call);
  if ((!exit && !mayWriteTokenSecret(call)) || names(rule, call)) {
    return 'Reached';
  }
  return exit ? 'Stopped' : 'UnlessTokenSecret';
}

/** Nothing with a wildcard in it is a name, not even where a caller puts one into the path. */
function names({ apiGroups, resources }: ExitRule, { apiGroup, resource, subresource }: ExitCall): boolean {
  const name = isSubresource(subresource) ? `${resource}/${subresource}` : resource;
  return apiGroups.has(apiGroup) && resources.has(name) && apiGroup !== '*' && !name.includes('*');
}

/** Does `*` in `verbs` stand for this verb? In Allow rules it does not for those of {@link exitVerbs}. */
export const everyVerbIncludes = (action: Action, verb: string): boolean =>
  action !== 'Allow' || !exitVerbs.includes(verb);
