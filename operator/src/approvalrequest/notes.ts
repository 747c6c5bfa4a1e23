import { tally } from '@chaperone/crds/approval/tally';
import { approvalRequestConditions } from '@chaperone/crds/v1alpha1/conditions';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import type { Condition, ObservedDecision, RequestedCall } from '@chaperone/crds/v1alpha1/generated/api';
import { findCondition } from '../runtime/conditions.ts';
import type { EventNote } from '../runtime/events.ts';
import type { Lifecycle } from './lifecycle.ts';
import { progress, withReason } from './sayings.ts';

/**
 * The events that a step of a request's life is worth: that it was made, each decision when it is put on record, and
 * what settled it. All follow from the difference between what was on record and what is written now, so that nothing
 * is said again after a restart.
 */
export function notesOf(request: Pick<ApprovalRequest, 'spec' | 'status'>, next: Lifecycle): EventNote[] {
  const before = request.status?.conditions ?? [];
  const recorded = new Map(Object.entries(request.status?.observedDecisions ?? {}));
  const requested = before.length === 0 ? [requestedNote(request)] : [];
  const decided = [...next.observed]
    .filter(([reviewer, { standing }]) => recorded.get(reviewer)?.standing !== standing)
    .map(([reviewer, observed]) => decisionNote(request, reviewer, observed));
  const settled = approvalRequestConditions.flatMap((type) => {
    const was = findCondition(before, type);
    const is = findCondition(next.conditions, type);
    return is === undefined || (was?.status === is.status && was.reason === is.reason) ? [] : conditionNote(is);
  });
  return [...requested, ...decided, ...settled];
}

function requestedNote({ spec }: Pick<ApprovalRequest, 'spec'>): EventNote {
  const open = tally(spec, new Map()).requirements.map(progress).join('. ');
  const note = `${spec.requester.username} asks to ${callOf(spec.request)}, until ${spec.expiresAt}. ${open}`;
  return { type: 'Normal', reason: 'ApprovalRequested', action: 'Request', note };
}

/** `delete pods/web-0`, or the path of what is no resource. */
function callOf({ verb, resource, subresource, name, path }: RequestedCall): string {
  const what = [resource, name, subresource].filter((part) => part !== undefined).join('/');
  return `${verb} ${what === '' ? path.slice(0, 256) : what}`;
}

function decisionNote(
  { status }: Pick<ApprovalRequest, 'status'>,
  reviewer: string,
  { standing }: ObservedDecision,
): EventNote {
  const decision = new Map(Object.entries(status?.decisions ?? {})).get(reviewer);
  const verdict = decision?.verdict === 'Denied' ? 'denied' : 'approved';
  const who = withReason(reviewer, decision);
  switch (standing) {
    case 'Counted':
      return { type: 'Normal', reason: 'DecisionRecorded', action: 'Decide', note: `${who} ${verdict} it` };
    case 'Late':
      return {
        type: 'Warning',
        reason: 'DecisionLate',
        action: 'Decide',
        note: `${who} ${verdict} it too late; that does not count`,
      };
    case 'Unverified':
      return {
        type: 'Warning',
        reason: 'DecisionUnverified',
        action: 'Decide',
        note: `The decision of ${who} does not count: the admission policies may not have been as shipped when it was made`,
      };
    default:
      return standing satisfies never;
  }
}

/** What settles a request; the conditions that say that nothing of the sort has happened are worth no event. */
function conditionNote({ status, reason, message }: Condition): EventNote[] {
  switch (reason) {
    case 'Approved':
    case 'Denied':
    case 'Expired':
      // Of the three, `Approved` also says by its own reason why it is False.
      return status === 'True' ? [{ type: 'Normal', reason, action: 'Decide', note: message }] : [];
    case 'TargetChanged':
    case 'TargetGone':
    case 'PolicyChanged':
      return [{ type: 'Warning', reason, action: 'Void', note: message }];
    case 'InProgress':
    case 'Succeeded':
      return [{ type: 'Normal', reason, action: 'Execute', note: message }];
    case 'Refused':
    case 'OutcomeUnknown':
      return [{ type: 'Warning', reason, action: 'Execute', note: message }];
    default:
      // NotExecuted, Pending and the like. AdmissionPolicyMissing befalls all open requests at once and is logged once.
      return [];
  }
}
