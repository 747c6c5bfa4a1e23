/** What a client must know about a kind to build its path; the shape of `Resource` in the client without its behaviour. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export const GROUP = 'chaperone.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const agentPolicies = {
  group: GROUP,
  version: VERSION,
  kind: 'AgentPolicy',
  plural: 'agentpolicies',
  namespaced: false,
} as const satisfies GroupVersionResource;

export const maskingRules = {
  group: GROUP,
  version: VERSION,
  kind: 'MaskingRule',
  plural: 'maskingrules',
  namespaced: false,
} as const satisfies GroupVersionResource;

export const approvalRequests = {
  group: GROUP,
  version: VERSION,
  kind: 'ApprovalRequest',
  plural: 'approvalrequests',
  namespaced: true,
} as const satisfies GroupVersionResource;
