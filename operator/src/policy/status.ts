import type { Bundle } from '@chaperone/crds/bundle/bundle';
import type { Condition, PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { AcceptedReason, AgentPolicyConditionType, ConflictingReason } from '@chaperone/crds/v1alpha1/conditions';
import { formatFieldErrors, formatFieldWarnings, type FieldWarning } from '@chaperone/crds/validation/field-error';
import { findCondition, timestamp } from '../runtime/conditions.ts';
import type { Verdict } from './accepted-set.ts';
import type { PolicyConflicts } from './conflict-report.ts';
import type { FirstRevision } from './published-bundles.ts';

/** What the status of one object is made of. */
export interface StatusInput {
  readonly uid: string;
  readonly generation: number;
  readonly status: PolicyStatus | undefined;
  readonly verdict: Verdict | undefined;
  /** The last attempt to publish failed. */
  readonly failed: boolean;
  readonly current: Pick<Bundle, 'revision'> | undefined;
  readonly first: FirstRevision | undefined;
  readonly warnings: readonly FieldWarning[];
  /** Absent for kinds without that condition; `pending` until the rules were compared. */
  readonly conflicts?: PolicyConflicts | 'pending';
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The conditions that the policy controller owns; `Enforced` is the gateway controller's. */
export type OwnedConditionType = Extract<AgentPolicyConditionType, 'Accepted' | 'Conflicting'>;

/** The part of the status that the policy controller owns, whole: what an apply leaves out is taken away. */
export interface OwnedStatus {
  readonly observedGeneration: number;
  readonly revision?: string;
  readonly conditions: readonly Condition[];
}

/** The status to be written, or undefined where the present one says the same, or nothing is decided yet. */
export function nextStatus(input: StatusInput): OwnedStatus | undefined {
  const accepted = acceptedOf(input);
  if (accepted === undefined) {
    return undefined;
  }
  const conflicting = input.conflicts === undefined ? [] : [conflictingOf(input.conflicts, input)];
  const next: OwnedStatus = {
    observedGeneration: input.generation,
    ...revisionOf(input),
    conditions: [accepted, ...conflicting].map((say) => conditionOf(say, input)),
  };
  return saysTheSame(input.status, next) ? undefined : next;
}

interface Saying {
  readonly type: OwnedConditionType;
  readonly status: Condition['status'];
  readonly reason: AcceptedReason | ConflictingReason;
  readonly message: string;
}

/** The schema's bound: every finding is worth its room. */
const MAX_MESSAGE = 32_768;

function acceptedOf({ verdict, generation, failed, status, warnings }: StatusInput): Saying | undefined {
  const type = 'Accepted';
  if (verdict === undefined || verdict.generation !== generation) {
    const isTold = findCondition(status?.conditions, type)?.observedGeneration === generation;
    const message = 'The bundle of policies could not be written yet; the operator tries again';
    return failed && !isTold ? { type, status: 'Unknown', reason: 'Pending', message } : undefined;
  }
  switch (verdict.kind) {
    case 'accepted': {
      const remarks = warnings.length === 0 ? '' : `. Warnings:\n${formatFieldWarnings(warnings, MAX_MESSAGE - 100)}`;
      return { type, status: 'True', reason: 'Compiled', message: `Compiled without errors${remarks}` };
    }
    case 'refused': {
      const findings = formatFieldErrors(verdict.findings, MAX_MESSAGE - 200);
      return {
        type,
        status: 'False',
        reason: 'InvalidSpec',
        message: `${whatStaysInForce(verdict.inForce)}. Findings:\n${findings}`,
      };
    }
    case 'tooLarge': {
      const { bytes, limit, inForce } = verdict;
      const message = `${whatStaysInForce(inForce)}: its ${bytes} bytes would make all policies together larger than ${limit} bytes`;
      return { type, status: 'False', reason: 'BundleTooLarge', message };
    }
    default:
      return verdict satisfies never;
  }
}

const whatStaysInForce = (generation: number | undefined): string =>
  generation === undefined ? 'Nothing of this is in force' : `Generation ${generation} stays in force`;

function conflictingOf(conflicts: PolicyConflicts | 'pending', { verdict, failed }: StatusInput): Saying {
  const type = 'Conflicting';
  if (conflicts === 'pending') {
    return { type, status: 'Unknown', reason: 'Pending', message: pendingReason(verdict, failed) };
  }
  const { reason, message } = conflicts;
  return { type, status: reason === 'NoConflicts' ? 'False' : 'True', reason, message };
}

function pendingReason(verdict: Verdict | undefined, failed: boolean): string {
  if (verdict !== undefined && verdict.kind !== 'accepted' && verdict.inForce === undefined) {
    return 'Nothing of this is in force, so nothing was compared';
  }
  return failed ? 'The bundle of policies could not be written yet' : 'The rules have not been compared yet';
}

/**
 * The revision that first held this generation. What an earlier process has written is trusted over what this one found
 * when it started, and not over what it did itself.
 */
function revisionOf(input: StatusInput): { readonly revision?: string } {
  const { verdict, generation, first, current } = input;
  if (verdict?.kind !== 'accepted' || verdict.generation !== generation || current === undefined) {
    return {};
  }
  const known = first?.generation === generation ? first : undefined;
  if (known?.exact === true) {
    return { revision: known.revision };
  }
  return { revision: toldRevision(input) ?? known?.revision ?? current.revision };
}

function toldRevision({ status, generation }: StatusInput): string | undefined {
  const wasAccepted = findCondition(status?.conditions, 'Accepted')?.status === 'True';
  return wasAccepted && status?.observedGeneration === generation ? status.revision : undefined;
}

function conditionOf(
  { type, status, reason, message }: Saying,
  { status: before, generation, verdict, now }: StatusInput,
): Condition {
  const told = findCondition(before?.conditions, type);
  // Conflicts are those of what is in force, which may be an earlier generation.
  const inForce = verdict === undefined || verdict.kind === 'accepted' ? undefined : verdict.inForce;
  return {
    type,
    status,
    observedGeneration: type === 'Conflicting' ? (inForce ?? generation) : generation,
    lastTransitionTime: told?.status === status ? told.lastTransitionTime : timestamp(now),
    reason,
    message: message.slice(0, MAX_MESSAGE),
  };
}

function saysTheSame(before: PolicyStatus | undefined, next: OwnedStatus): boolean {
  return (
    before !== undefined &&
    before.observedGeneration === next.observedGeneration &&
    before.revision === next.revision &&
    next.conditions.every((condition) => {
      const told = findCondition(before.conditions, condition.type);
      return (
        told?.status === condition.status &&
        told.reason === condition.reason &&
        told.message === condition.message &&
        told.observedGeneration === condition.observedGeneration
      );
    })
  );
}

/** The conditions whose status or reason a write has changed: each is worth an event. */
export function transitions(before: PolicyStatus | undefined, after: OwnedStatus): readonly Condition[] {
  return after.conditions.filter((condition) => {
    const told = findCondition(before?.conditions, condition.type);
    return told?.status !== condition.status || told.reason !== condition.reason;
  });
}
