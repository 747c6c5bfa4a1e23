import { countedDecisions, tally } from '@chaperone/crds/approval/tally';
import type { ApprovalRequestConditionType } from '@chaperone/crds/v1alpha1/conditions';
import type {
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  Condition,
  Decision,
  ObservedDecision,
} from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import { findCondition, hasConditionStatus, setCondition } from '../runtime/conditions.ts';
import { digestOf, isAltered, type RememberedDecision, type RequestMemory } from './memory.ts';
import { approvedCondition, deniedCondition, executedCondition, expiredCondition, voidedCondition } from './sayings.ts';
import type { LifecycleInput, Saying, Situation } from './situation.ts';

export interface Lifecycle {
  /** For every decision when it was first seen and whether it counts, for `status.observedDecisions`. */
  readonly observed: ReadonlyMap<string, ObservedDecision>;
  /** The same, to be remembered for the next look. */
  readonly memory: RequestMemory;
  /** All five, weightiest first, for `status.conditions`. */
  readonly conditions: readonly Condition[];
  /** Nothing that reviewers do changes it any more. */
  readonly closed: boolean;
  /** When to look again although nothing has changed, in milliseconds since the epoch. */
  readonly wakeAt: number;
  /** From when on the request is to be deleted, in milliseconds since the epoch; undefined while it is open. */
  readonly deleteAt: number | undefined;
}

/** How often to see whether the admission policies can be read again. */
const ADMISSION_CHECK_MS = 1_000;

/** How often to see whether the replica that executes a call is still there: a Lease runs out without an event. */
export const REPLICA_CHECK_MS = 5_000;

/**
 * The state of a request from its facts: decisions, requirements, clock. Pure.
 *
 * What closes a request (Denied, Expired, Voided, Executed) is never taken back, whatever comes later. Approved is a
 * view of the facts: it ends with what closes the request, and is Unknown while the admission policies are not as
 * shipped, so that no gate opens meanwhile.
 */
export function lifecycle(input: LifecycleInput): Lifecycle {
  const situation = judge(input);
  const sayings: Readonly<Record<ApprovalRequestConditionType, Saying>> = {
    Executed: executedCondition(situation),
    Voided: voidedCondition(situation),
    Expired: expiredCondition(situation),
    Denied: deniedCondition(situation),
    Approved: approvedCondition(situation),
  };
  const conditions = Object.entries(sayings).map(([type, saying]) => conditionOf(type, saying, input));
  const { observed, altered, consumed, voided, denied, expired } = situation;
  const phase = consumed || voided ? 'Used' : expired ? 'Expired' : 'Open';
  // What was changed is not what is remembered, or the change would be forgotten.
  const memory: RequestMemory =
    altered && input.memory !== undefined ? input.memory : { decisions: remembered(input.status, observed), phase };
  const closed = consumed || voided || denied || expired;
  const deleteAt = deletionTime(conditions, input, denied);
  return { observed, memory, conditions, closed, deleteAt, wakeAt: wakeTime(input, { closed, deleteAt }) };
}

/**
 * What has become of the request. What closed it before stays; of what closes it now the first of consumed, voided,
 * denied, expired does. A denial beats an approval that has not been used.
 */
function judge(input: LifecycleInput): Situation {
  const { spec, status, now } = input;
  const before = status?.conditions ?? [];
  const was = closedOnRecord(before);
  const consumed = status?.consumed !== undefined || hasConditionStatus(before, 'Executed', 'True');
  const open = !consumed && !Object.values(was).includes(true);
  const voided = open && status?.voided !== undefined;
  const past = now >= expiryOf(spec);
  const altered = isOther(input, open && !voided);
  const observed = altered ? unverified(input) : observe(input, { open, late: !open || voided || past });
  const counted = tally(spec, countedAmong(status?.decisions, observed));
  const is = open ? closedNow({ voided, denied: counted.deniedBy.length > 0, expired: past }) : was;
  return { ...input, before, observed, altered, counted, consumed, ...is };
}

const isOther = ({ memory, status }: LifecycleInput, isOpen: boolean): boolean =>
  memory !== undefined && isAltered(memory, { decisions: status?.decisions, isOpen });

/** What closes, or has closed, a request other than its execution. */
type Closing = Pick<Situation, 'voided' | 'denied' | 'expired'>;

/** The first that holds closes it, and the others do not any more. */
const closedNow = ({ voided, denied, expired }: Closing): Closing => ({
  voided,
  denied: denied && !voided,
  expired: expired && !voided && !denied,
});

const closedOnRecord = (conditions: readonly Condition[]): Closing => ({
  voided: hasConditionStatus(conditions, 'Voided', 'True'),
  denied: hasConditionStatus(conditions, 'Denied', 'True'),
  expired: hasConditionStatus(conditions, 'Expired', 'True'),
});

/** Does the record say that nothing which reviewers do changes the request any more? */
export const isClosed = (status: ApprovalRequestStatus | undefined): boolean =>
  status?.consumed !== undefined ||
  status?.voided !== undefined ||
  Object.values(closedOnRecord(status?.conditions ?? [])).includes(true);

/** `spec.expiresAt` in milliseconds. What cannot be read as a time has passed: nothing can be approved by mistake. */
export function expiryOf(spec: Pick<ApprovalRequestSpec, 'expiresAt'>): number {
  const time = Date.parse(spec.expiresAt);
  return Number.isNaN(time) ? -Infinity : time;
}

/**
 * Each decision's first sight: as remembered, else as recorded, else now. What is recorded is believed only where nothing
 * stands above it, or nothing depends on it any more. Where nothing is known about the admission policies at present, a
 * decision is left for later: when they can be read again it shows whether they were touched.
 */
function observe(
  { status, memory, now, admission }: LifecycleInput,
  { open, late }: { readonly open: boolean; readonly late: boolean },
): Map<string, ObservedDecision> {
  const recorded = new Map(
    Object.entries((memory === undefined || !open ? status?.observedDecisions : undefined) ?? {}),
  );
  const standing = firstStanding(admission, late);
  const observed = new Map<string, ObservedDecision>();
  for (const reviewer of Object.keys(status?.decisions ?? {}).sort()) {
    const known = memory?.decisions.get(reviewer) ?? recorded.get(reviewer);
    if (known !== undefined) {
      observed.set(reviewer, { time: known.time, standing: known.standing });
    } else if (standing !== undefined) {
      observed.set(reviewer, { time: new Date(now).toISOString(), standing });
    }
  }
  return observed;
}

/** Nothing counts any more, and each keeps the time at which it was first seen. */
function unverified({ status, memory, now }: LifecycleInput): Map<string, ObservedDecision> {
  const recorded = new Map(Object.entries(status?.observedDecisions ?? {}));
  const timeOf = (reviewer: string): string =>
    memory?.decisions.get(reviewer)?.time ?? recorded.get(reviewer)?.time ?? new Date(now).toISOString();
  return new Map(
    Object.keys(status?.decisions ?? {})
      .toSorted()
      .map((reviewer) => [reviewer, { time: timeOf(reviewer), standing: 'Unverified' }]),
  );
}

function remembered(
  status: ApprovalRequestStatus | undefined,
  observed: ReadonlyMap<string, ObservedDecision>,
): Map<string, RememberedDecision> {
  const decisions = Object.entries(status?.decisions ?? {});
  return new Map(
    decisions.flatMap(([reviewer, decision]) => {
      const seen = observed.get(reviewer);
      return seen === undefined ? [] : [[reviewer, { ...seen, digest: digestOf(decision) }]];
    }),
  );
}

function firstStanding(admission: AdmissionState, late: boolean): ObservedDecision['standing'] | undefined {
  if (late) {
    return 'Late';
  }
  switch (admission.type) {
    case 'AsShipped':
      return 'Counted';
    case 'NotAsShipped':
    case 'Settling':
      return 'Unverified';
    case 'Unreadable':
      return undefined;
    default:
      return admission satisfies never;
  }
}

const countedAmong = (
  decisions: Readonly<Record<string, Decision>> | undefined,
  observed: ReadonlyMap<string, ObservedDecision>,
): ReadonlyMap<string, Decision> =>
  countedDecisions({ decisions: { ...decisions }, observedDecisions: Object.fromEntries(observed) });

function conditionOf(type: string, saying: Saying, { status, generation, now }: LifecycleInput): Condition {
  const before = (status?.conditions ?? []).filter((condition) => condition.type === type);
  const after = findCondition(setCondition(before, { type, ...saying, observedGeneration: generation }, now), type);
  if (after === undefined) {
    throw new RangeError(`No condition ${type}`);
  }
  return { ...after, observedGeneration: generation };
}

/** A denial stands until `expiresAt`: deleted earlier, the same call would make a new request. */
function deletionTime(
  conditions: readonly Condition[],
  { spec, status, retentionMs }: LifecycleInput,
  denied: boolean,
): number | undefined {
  const executed = findCondition(conditions, 'Executed');
  const settled =
    executed?.reason === 'InProgress'
      ? undefined
      : executed?.reason !== 'NotExecuted'
        ? executed
        : conditions.find((condition) => condition.status === 'True' && condition.type !== 'Approved');
  if (settled === undefined) {
    return undefined;
  }
  // When an outcome is the last thing to become known, the transition was that of the consumption.
  const times = [settled.lastTransitionTime, status?.outcome?.time ?? settled.lastTransitionTime].map(Date.parse);
  const closedAt = Math.max(...times.filter((time) => !Number.isNaN(time)));
  return Math.max(closedAt + retentionMs, denied ? expiryOf(spec) : -Infinity);
}

function wakeTime(
  { spec, now, admission }: LifecycleInput,
  { closed, deleteAt }: Pick<Lifecycle, 'closed' | 'deleteAt'>,
): number {
  if (closed) {
    return deleteAt ?? now + REPLICA_CHECK_MS;
  }
  return admission.type === 'Unreadable' ? Math.min(expiryOf(spec), now + ADMISSION_CHECK_MS) : expiryOf(spec);
}
