import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Lister } from '@chaperone/crds/client/store';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Condition, PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { transitions, type OwnedStatus } from './status.ts';

/** The gateway controller writes `Enforced` under a name of its own, so that neither takes the other's away. */
export const STATUS_FIELD_MANAGER = 'chaperone-operator-policy';

/** An AgentPolicy or a MaskingRule, as far as its status is concerned. */
export type ObjectWithStatus = KubernetesObject & { readonly status?: PolicyStatus };

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

/** Most objects whose last write is remembered until the watch brings it. */
const MAX_REMEMBERED = 4_096;

/** Writes what was decided about an object into its status, by server-side apply, and only where it differs. */
export function newStatusReconciler<T extends ObjectWithStatus>(
  options: StatusReconcilerOptions<T>,
): StatusReconciler<T> {
  const { lister, api, configure, decide, recorder, onWritten } = options;
  /** By uid: what a write was based on and what came of it, as the watch brings it later. */
  const written = new Map<string, { readonly basedOn: string; readonly status: PolicyStatus | undefined }>();

  function statusOf({ metadata, status }: Stored<T>): PolicyStatus | undefined {
    const own = written.get(metadata.uid);
    return own?.basedOn === metadata.resourceVersion ? own.status : status;
  }

  function remember(object: Stored<T>, status: PolicyStatus | undefined): void {
    written.delete(object.metadata.uid);
    written.set(object.metadata.uid, { basedOn: object.metadata.resourceVersion, status });
    const [oldest] = written.keys();
    if (written.size > MAX_REMEMBERED && oldest !== undefined) {
      written.delete(oldest);
    }
  }

  return {
    isDue: (object) => decide(object, statusOf(object)).next !== undefined,
    async reconcile(request, { signal, logger }): Promise<Result> {
      const object = lister.get(request);
      if (object === undefined) {
        return {};
      }
      const before = statusOf(object);
      const { next, againInMs } = decide(object, before);
      const result = againInMs === undefined ? {} : { requeueAfterMs: againInMs };
      if (next === undefined) {
        return result;
      }
      try {
        const after = await api.apply(configure(object, next), {
          subresource: 'status',
          fieldManager: STATUS_FIELD_MANAGER,
          force: true,
          signal,
        });
        remember(object, after.status);
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) {
          // It is gone, or another object has its name: the watch brings what there is now.
          return {};
        }
        throw error;
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
