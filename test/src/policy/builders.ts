import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { AgentPolicySpec, ApprovalPolicy, PolicyRule, Subject } from '@chaperone/crds/v1alpha1/generated/api';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';

export const agents: Subject = { kind: 'Group', name: 'agents' };

/** A rule that allows reading pods, but for what is given. */
export function rule(name: string, changes: Partial<PolicyRule> = {}): PolicyRule {
  const resources = changes.nonResourceURLs === undefined ? { apiGroups: [''], resources: ['pods'] } : {};
  return { name, action: 'Allow', verbs: ['get'], ...resources, ...changes };
}

export const deny = (name: string, changes: Partial<PolicyRule> = {}): PolicyRule =>
  rule(name, { action: 'Deny', ...changes });

export const approvalBy = (group: string): ApprovalPolicy => ({
  reviewers: [{ kind: 'Group', name: group }],
  required: 1,
  holdFor: '45s',
  autoRetry: true,
  expiresAfter: '30m',
  onPreviewFailure: 'Proceed',
});

export const hold = (name: string, changes: Partial<PolicyRule> = {}): PolicyRule =>
  rule(name, { action: 'RequireApproval', approval: approvalBy('oncall'), ...changes });

export const spec = (rules: readonly PolicyRule[], changes: Partial<AgentPolicySpec> = {}): AgentPolicySpec => ({
  mode: 'Enforce',
  subjects: [agents],
  rules: [...rules],
  ...changes,
});

/** As the bundle holds it. */
export const compiled = (
  name: string,
  rules: readonly PolicyRule[],
  changes: Partial<AgentPolicySpec> = {},
): BundlePolicy => ({ name, uid: `uid-of-${name}`, generation: 1, spec: spec(rules, changes) });

/** As it is sent to the API server. */
export const agentPolicy = (
  name: string,
  rules: readonly PolicyRule[],
  changes: Partial<AgentPolicySpec> = {},
): AgentPolicy => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name },
  spec: spec(rules, changes),
});

export const maskingRule = (name: string, changes: Partial<MaskingRule['spec']> = {}): MaskingRule => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'MaskingRule',
  metadata: { name },
  spec: {
    match: { apiGroups: [''], resources: ['configmaps'] },
    fields: ['data.*'],
    replacement: 'Redact',
    targets: ['Audit'],
    writeBack: 'Refuse',
    ...changes,
  },
});
