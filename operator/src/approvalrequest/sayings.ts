import type { RequirementTally } from '@chaperone/crds/approval/tally';
import type {
  ApprovedReason,
  DeniedReason,
  ExecutedReason,
  ExpiredReason,
  VoidedReason,
} from '@chaperone/crds/v1alpha1/conditions';
import type { ApprovalRequirement, Condition, Decision } from '@chaperone/crds/v1alpha1/generated/api';
import { describeAdmission } from '../admission/admission-state.ts';
import { findCondition } from '../runtime/conditions.ts';
import type { Saying, Situation } from './situation.ts';

/** Names that a message lists before it counts the rest: one line has to fit into an event and onto a terminal. */
const MAX_LISTED = 5;

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}

/** The latched condition's own words, so that what was said once is not said differently later. */
function kept<Reason extends string>(
  before: readonly Condition[],
  type: string,
  reasons: readonly Reason[],
  otherwise: Saying<Reason>,
): Saying<Reason> {
  const condition = findCondition(before, type);
  const reason = reasons.find((candidate) => candidate === condition?.reason);
  return condition?.status === 'True' && reason !== undefined
    ? { status: 'True', reason, message: condition.message }
    : otherwise;
}

export function executedCondition({ status, before, replicaAlive }: Situation): Saying<ExecutedReason> {
  const executed = findCondition(before, 'Executed');
  if (status?.outcome !== undefined) {
    const { code } = status.outcome;
    return code < 400
      ? { status: 'True', reason: 'Succeeded', message: `The API server answered ${code}` }
      : { status: 'False', reason: 'Refused', message: `The API server refused the call with ${code}` };
  }
  if (status?.consumed !== undefined) {
    const { replica, auditID } = status.consumed;
    // Once said it stands until an outcome comes after all: a Lease may come back, the call's connection does not.
    return executed?.reason === 'OutcomeUnknown' || !replicaAlive
      ? {
          status: 'Unknown',
          reason: 'OutcomeUnknown',
          message:
            `Replica ${replica} was lost while it executed the call, so whether the API server carried it out is not known: ` +
            `look for audit ID ${auditID} in the audit log of the cluster`,
        }
      : { status: 'Unknown', reason: 'InProgress', message: `Replica ${replica} is executing the call` };
  }
  return kept<ExecutedReason>(before, 'Executed', ['Succeeded'], {
    status: 'False',
    reason: 'NotExecuted',
    message: 'The call has not been executed',
  });
}

export function voidedCondition({ status, before, voided }: Situation): Saying<VoidedReason> {
  if (!voided || status?.voided === undefined) {
    return kept<VoidedReason>(before, 'Voided', ['TargetChanged', 'TargetGone', 'PolicyChanged'], {
      status: 'False',
      reason: 'NotVoided',
      message: 'The call is not known to differ from the one that reviewers were asked about',
    });
  }
  const { reason, message } = status.voided;
  return { status: 'True', reason, message: message ?? VOIDED_BY[reason] };
}

const VOIDED_BY = {
  TargetChanged: 'The object has changed since approval was asked for',
  TargetGone: 'The object is gone',
  PolicyChanged: 'The policies now ask for other approvals',
} as const;

export function expiredCondition({ spec, before, expired }: Situation): Saying<ExpiredReason> {
  return expired
    ? kept<ExpiredReason>(before, 'Expired', ['Expired'], {
        status: 'True',
        reason: 'Expired',
        message: `Neither decided nor used before ${spec.expiresAt}: repeat the call to have a new request made`,
      })
    : { status: 'False', reason: 'NotExpired', message: `Open until ${spec.expiresAt} unless it is settled before` };
}

export function deniedCondition({ spec, status, before, counted, denied }: Situation): Saying<DeniedReason> {
  if (!denied) {
    return { status: 'False', reason: 'NotDenied', message: 'No reviewer has denied it' };
  }
  const decisions = new Map(Object.entries(status?.decisions ?? {}));
  const by = counted.deniedBy.map((reviewer) => withReason(reviewer, decisions.get(reviewer)));
  return kept<DeniedReason>(before, 'Denied', ['Denied'], {
    status: 'True',
    reason: 'Denied',
    message: `Denied by ${listed(by)}; the same call is refused until ${spec.expiresAt}`,
  });
}

export function approvedCondition(situation: Situation): Saying<ApprovedReason> {
  const { before, counted, admission, altered, consumed, voided, denied, expired } = situation;
  if (voided) {
    return {
      status: 'False',
      reason: 'Voided',
      message: 'The call is no longer the one that reviewers were asked about',
    };
  }
  if (denied) {
    return { status: 'False', reason: 'Denied', message: 'A reviewer denied it' };
  }
  if (expired) {
    return { status: 'False', reason: 'Expired', message: `Not ${counted.approved ? 'used' : 'approved'} in time` };
  }
  if (consumed) {
    return kept<ApprovedReason>(before, 'Approved', ['Approved'], bySituation(situation));
  }
  if (admission.type !== 'AsShipped') {
    return {
      status: 'Unknown',
      reason: 'AdmissionPolicyMissing',
      message: `No decision is counted while anybody could have written it: ${describeAdmission(admission)}`,
    };
  }
  if (altered) {
    return {
      status: 'Unknown',
      reason: 'AdmissionPolicyMissing',
      message: `What had been recorded in this request was changed while the admission policies were away, so nothing in it counts: ${ANEW}`,
    };
  }
  return bySituation(situation);
}

/** A decision is final, and the same call finds the open request. */
const ANEW = 'repeat the call once this request has expired or was deleted by a member of the break-glass groups';

function bySituation(situation: Situation): Saying<ApprovedReason> {
  const { counted, status } = situation;
  const decisions = new Map(Object.entries(status?.decisions ?? {}));
  if (counted.approved) {
    const by = new Set(counted.requirements.flatMap(({ approvedBy }) => approvedBy));
    return {
      status: 'True',
      reason: 'Approved',
      message: `Approved by ${listed([...by].map((reviewer) => withReason(reviewer, decisions.get(reviewer))))}`,
    };
  }
  const missing = counted.requirements.filter(({ met }) => !met).map(progress);
  return { status: 'Unknown', reason: 'Pending', message: [...missing, ...uncounted(situation)].join('. ') };
}

/** How far a requirement is, and who can bring it further. */
export function progress({ requirement, approvedBy }: RequirementTally): string {
  const by = approvedBy.length === 0 ? '' : `, by ${listed(approvedBy)}`;
  return (
    `rule ${requirement.rule} of policy ${requirement.policy}: ` +
    `${approvedBy.length} of ${requirement.required} approvals${by}; may decide: ${reviewersOf(requirement)}`
  );
}

const reviewersOf = ({ reviewers }: ApprovalRequirement): string =>
  listed(reviewers.map(({ kind, name }) => `${kind.toLowerCase()} ${name}`));

/** Decisions that are on record and count for nothing, so that nobody waits for them to. */
function uncounted({ observed }: Situation): string[] {
  const among = (standing: 'Late' | 'Unverified'): string[] =>
    [...observed].filter(([, observation]) => observation.standing === standing).map(([reviewer]) => reviewer);
  const unverified = among('Unverified');
  const late = among('Late');
  return [
    ...(unverified.length === 0
      ? []
      : [
          `Not counted, as the admission policies may not have been as shipped when it was made: ${listed(unverified)}. ` +
            `A decision is final: have another reviewer decide, or ${ANEW}`,
        ]),
    ...(late.length === 0 ? [] : [`Not counted, as it came too late: ${listed(late)}`]),
  ];
}

/** `dana: INC-42`, on one line. */
export function withReason(reviewer: string, decision: Decision | undefined): string {
  const reason = decision?.reason?.replaceAll(/\s+/g, ' ').trim() ?? '';
  return reason === '' ? reviewer : `${reviewer} (${reason})`;
}
