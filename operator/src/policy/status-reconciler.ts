import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Lister } from '@chaperone/crds/client/store';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Condition, PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { newStatusWriter, type ObjectWithStatus } from '../runtime/status-writer.ts';
import { transitions, type OwnedStatus } from './status.ts';

/** The gateway controller writes `Enforced` under a name of its own, so that neither takes the other's away. */
export const STATUS_FIELD_MANAGER = 'chaperone-operator-policy';

export interface StatusDecision {
  /** Undefined where nothing is to be written. */
  readonly next: OwnedStatus | undefined;
  /** When to look again although nothing changes, in milliseconds. */
  readonly againInMs?: number | undefined;
}

export interface StatusReconcilerOptions<T extends ObjectWithStatus> {
  readonly lister: Lister<T>;
  readonly api: Pick<ResourceClient<T>, 'apply'>;
  readonly configure: (object: Stored<T>, status: OwnedStatus) => ApplyConfiguration<T>;
  /** What is to be said of an object whose present status is `status`. */
  readonly decide: (object: Stored<T>, status: PolicyStatus | undefined) => StatusDecision;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly onWritten: () => void;
}

export interface StatusReconciler<T extends ObjectWithStatus> extends Reconciler {
  /** Would reconciling write anything? */
  isDue(object: Stored<T>): boolean;
}

/** Writes what was decided about an object into its status, by server-side apply, and only where it differs. */
export function newStatusReconciler<T extends ObjectWithStatus>(
  options: StatusReconcilerOptions<T>,
): StatusReconciler<T> {
  const { lister, api, configure, decide, recorder, onWritten } = options;
  const statuses = newStatusWriter({ api, fieldManager: STATUS_FIELD_MANAGER });

  return {
    isDue: (object) => decide(object, statuses.statusOf(object)).next !== undefined,
    async reconcile(request, { signal, logger }): Promise<Result> {
      const object = lister.get(request);
      if (object === undefined) {
        return {};
      }
      const before = statuses.statusOf(object);
      const { next, againInMs } = decide(object, before);
      const result = againInMs === undefined ? {} : { requeueAfterMs: againInMs };
      if (next === undefined) {
        return result;
      }
      if (!(await statuses.apply(object, configure(object, next), signal))) {
        return {};
      }
      onWritten();
      for (const condition of transitions(before, next)) {
        logger.info('Changed condition', { type: condition.type, status: condition.status, reason: condition.reason });
        const note = eventOf(condition);
        if (note !== undefined) {
          recorder.event(object, note);
        }
      }
      return result;
    },
  };
}

/** Conditions that only wait are no news, nor is it that there is no conflict where there was none. */
function eventOf({ type, status, reason, message }: Condition): Parameters<EventRecorder['event']>[1] | undefined {
  if (status === 'Unknown' || reason === 'NoConflicts') {
    return undefined;
  }
  const isGood = type === 'Accepted' && status === 'True';
  return {
    type: isGood ? 'Normal' : 'Warning',
    reason,
    action: type === 'Accepted' ? 'Compile' : 'Compare',
    note: message,
  };
}
