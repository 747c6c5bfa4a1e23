import type { Tally } from '@chaperone/crds/approval/tally';
import type {
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  Condition,
  ObservedDecision,
} from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import type { NextCondition } from '../runtime/conditions.ts';
import type { RequestMemory } from './memory.ts';

/** Everything that the state of a request depends on. */
export interface LifecycleInput {
  readonly spec: ApprovalRequestSpec;
  /** As read; undefined for a request that nobody has written to yet. */
  readonly status: ApprovalRequestStatus | undefined;
  readonly generation: number;
  /**
   * What is known of the request from before, by this process or the record of an earlier one; undefined where what the
   * status says can be believed. Else it stands above the status, which anybody could write while the admission policies
   * were away.
   */
  readonly memory: RequestMemory | undefined;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: number;
  readonly admission: AdmissionState;
  /** Does the replica that consumed the approval still hold its Lease? Of no account before it is consumed. */
  readonly replicaAlive: boolean;
  /** How long a closed request is kept, in milliseconds. */
  readonly retentionMs: number;
}

/** The input, and what has been found out from it. */
export interface Situation extends LifecycleInput {
  /** The conditions as they are on record. */
  readonly before: readonly Condition[];
  readonly observed: ReadonlyMap<string, ObservedDecision>;
  /** What had been recorded was changed, so that nothing in the request counts. */
  readonly altered: boolean;
  readonly counted: Tally;
  readonly consumed: boolean;
  readonly voided: boolean;
  readonly denied: boolean;
  readonly expired: boolean;
}

/** A condition without what is the same for all. */
export type Saying<Reason extends string = string> = Pick<NextCondition, 'status' | 'message'> & {
  readonly reason: Reason;
};
