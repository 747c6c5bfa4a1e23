/**
 * Condition types and reasons of the three kinds. Event reasons are the same words. Polarity is stated with each type:
 * of a positive one `True` is the good news, of a negative one `True` is what a user should look at.
 */

/**
 * Conditions of an AgentPolicy.
 * - `Accepted`, positive: the spec compiled. While False, the last accepted generation stays in force.
 * - `Enforced`, positive: every replica that holds a Lease serves a revision with this generation.
 * - `Conflicting`, negative: rules are shadowed, contradicted or evadable; the message names them. The policy is in
 *   force all the same.
 */
export const agentPolicyConditions = ['Accepted', 'Enforced', 'Conflicting'] as const;
export type AgentPolicyConditionType = (typeof agentPolicyConditions)[number];

/** Conditions of a MaskingRule: `Accepted` and `Enforced` as for an AgentPolicy. */
export const maskingRuleConditions = ['Accepted', 'Enforced'] as const;
export type MaskingRuleConditionType = (typeof maskingRuleConditions)[number];

/**
 * Conditions of an ApprovalRequest, weightiest first. The operator writes `status.conditions` in this order: the printer
 * column State shows the reason of the first condition that is not False.
 * - `Executed`: True once an outcome is recorded that means the call was carried out; False where the API server refused
 *   the call; Unknown from consumption until the outcome, for good if the replica was lost in between.
 * - `Voided`, negative: what was to be approved no longer is what would be executed.
 * - `Expired`, negative: `spec.expiresAt` passed before the request was settled or used.
 * - `Denied`, negative: a reviewer denied.
 * - `Approved`, positive: every requirement is met. Unknown while decisions are awaited or may not be counted.
 */
export const approvalRequestConditions = ['Executed', 'Voided', 'Expired', 'Denied', 'Approved'] as const;
export type ApprovalRequestConditionType = (typeof approvalRequestConditions)[number];

/** Reasons of `Accepted`: `Compiled` is True, `Pending` Unknown, the others False. */
export const acceptedReasons = ['Compiled', 'Pending', 'InvalidSpec', 'BundleTooLarge'] as const;
export type AcceptedReason = (typeof acceptedReasons)[number];

/** Reasons of `Enforced`: `ReplicasCurrent` is True, `Pending` Unknown, the others False. */
export const enforcedReasons = ['ReplicasCurrent', 'Pending', 'NoReplicas', 'ReplicasBehind', 'NotAccepted'] as const;
export type EnforcedReason = (typeof enforcedReasons)[number];

/** Reasons of `Conflicting`: `NoConflicts` is False, `Pending` Unknown; of several that are True the first here is given. */
export const conflictingReasons = ['Contradictory', 'Evadable', 'Shadowed', 'NoConflicts', 'Pending'] as const;
export type ConflictingReason = (typeof conflictingReasons)[number];

/**
 * Reasons of `Approved`. True: `Approved`. Unknown: `Pending` (decisions are awaited), `AdmissionPolicyMissing` (the
 * admission policies are not as shipped, so decisions prove nothing and are not counted). False: `Denied`, `Expired`,
 * `Voided`.
 */
export const approvedReasons = [
  'Approved',
  'Pending',
  'AdmissionPolicyMissing',
  'Denied',
  'Expired',
  'Voided',
] as const;
export type ApprovedReason = (typeof approvedReasons)[number];

/** Reasons of `Denied`: `Denied` is True, `NotDenied` False. */
export const deniedReasons = ['Denied', 'NotDenied'] as const;
export type DeniedReason = (typeof deniedReasons)[number];

/** Reasons of `Expired`: `Expired` is True, `NotExpired` False. */
export const expiredReasons = ['Expired', 'NotExpired'] as const;
export type ExpiredReason = (typeof expiredReasons)[number];

/**
 * Reasons of `Voided`. True: `TargetChanged` (the object is another than the one approved), `TargetGone`,
 * `PolicyChanged` (the rules now ask for other approvals). False: `NotVoided`.
 */
export const voidedReasons = ['TargetChanged', 'TargetGone', 'PolicyChanged', 'NotVoided'] as const;
export type VoidedReason = (typeof voidedReasons)[number];

/**
 * Reasons of `Executed`. True: `Succeeded`. False: `NotExecuted` (not consumed), `Refused` (the API server answered with
 * an error). Unknown: `InProgress` (consumed, no outcome yet), `OutcomeUnknown` (consumed, and the replica is gone).
 */
export const executedReasons = ['Succeeded', 'NotExecuted', 'Refused', 'InProgress', 'OutcomeUnknown'] as const;
export type ExecutedReason = (typeof executedReasons)[number];
