import type { Reviewer } from '@chaperone/crds/v1alpha1/generated/api';
import type { CompiledRule } from './compiled-bundle.ts';

/** What one rule asks for. Each rule's is to be satisfied for itself, even where reviewers are the same. */
export interface ApprovalRequirement {
  readonly policy: string;
  readonly generation: number;
  readonly rule: string;
  readonly reason: string | undefined;
  readonly reviewers: readonly Reviewer[];
  readonly required: number;
}

/** What all matching RequireApproval rules come to. */
export interface ApprovalTerms {
  readonly requirements: readonly ApprovalRequirement[];
  /** The longest of the rules, but never beyond the expiry. */
  readonly holdForMs: number;
  /** The shortest of the rules: a decision that is too late for one of them is too late. */
  readonly expiresAfterMs: number;
  /** False if one of the rules says so: an agent that is to tell its user at once would else wait in silence. */
  readonly autoRetry: boolean;
  /** Deny if one of the rules says so. */
  readonly onPreviewFailure: 'Deny' | 'Proceed';
}

/** @param rules RequireApproval rules, at least one, in order. */
export function approvalTerms(rules: readonly CompiledRule[]): ApprovalTerms {
  const approvals = rules.flatMap(({ approval }) => approval ?? []);
  const expiresAfterMs = Math.min(...approvals.map((approval) => approval.expiresAfterMs));
  const longestHold = Math.max(...approvals.map(({ holdForMs }) => holdForMs));
  return {
    requirements: rules.flatMap(({ policy, name, reason, approval }) =>
      approval === undefined
        ? []
        : [
            {
              policy: policy.name,
              generation: policy.generation,
              rule: name,
              reason,
              reviewers: approval.reviewers,
              required: approval.required,
            },
          ],
    ),
    holdForMs: Math.min(longestHold, expiresAfterMs),
    expiresAfterMs,
    autoRetry: approvals.every(({ autoRetry }) => autoRetry),
    onPreviewFailure: approvals.every(({ onPreviewFailure }) => onPreviewFailure === 'Proceed') ? 'Proceed' : 'Deny',
  };
}
