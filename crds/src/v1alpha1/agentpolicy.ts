import type { ObjectMeta } from '../client/kubernetes-object.ts';
import type { AgentPolicySpec, PolicyRule, PolicyStatus } from './generated/api.ts';
import type { API_VERSION, agentPolicies } from './groupversion.ts';

/** An AgentPolicy as the API server returns it, with its defaults filled in. */
export interface AgentPolicy {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof agentPolicies.kind;
  readonly metadata: ObjectMeta;
  readonly spec: AgentPolicySpec;
  readonly status?: PolicyStatus;
}

export type Action = PolicyRule['action'];
export type Verb = PolicyRule['verbs'][number];
export type AuditLevel = NonNullable<PolicyRule['auditLevel']>;
export type SessionLevel = NonNullable<PolicyRule['sessions']>;
