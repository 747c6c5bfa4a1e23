import { resource, type Resource } from '@chaperone/crds/client/resource';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import { agentPolicies, maskingRules } from '@chaperone/crds/v1alpha1/groupversion';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';

export const agentPolicyResource: Resource<AgentPolicy> = resource<AgentPolicy>(agentPolicies);
export const maskingRuleResource: Resource<MaskingRule> = resource<MaskingRule>(maskingRules);

/** The two kinds that the bundle is made of. */
export const POLICY_KINDS = ['AgentPolicy', 'MaskingRule'] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];
