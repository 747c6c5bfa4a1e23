import type { Clock } from '@chaperone/crds/client/clock';
import { isDeleting, type Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import type { Condition } from '@chaperone/crds/v1alpha1/generated/api';
import { findCondition, setCondition } from '../runtime/conditions.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { newStatusWriter, type ObjectWithStatus } from '../runtime/status-writer.ts';
import { GATEWAY_FIELD_MANAGER } from './child-writer.ts';
import { judgeEnforced, type EnforcedInput } from './enforced.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export interface EnforcedReconcilerOptions<T extends ObjectWithStatus> {
  readonly lister: Lister<T>;
  readonly api: Pick<ResourceClient<T>, 'apply'>;
  /** The apply of one condition to an object. */
  readonly configure: (object: Stored<T>, condition: Condition) => ApplyConfiguration<T>;
  /** What is known of bundle, replicas, rights and cluster at this moment. */
  readonly facts: () => Omit<EnforcedInput, 'uid' | 'generation' | 'status'>;
  /** When this generation of the object was put into force, by the monotonic clock, where this process saw it. */
  readonly inForceSince: (uid: string, generation: number) => number | undefined;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'enforced'>;
  readonly clock: Clock;
}

/** Writes `Enforced`, by server-side apply under a manager of its own, and only where it differs. */
export function newEnforcedReconciler<T extends ObjectWithStatus>(options: EnforcedReconcilerOptions<T>): Reconciler {
  const { lister, api, configure, facts, recorder, metrics, clock } = options;
  const statuses = newStatusWriter({ api, fieldManager: GATEWAY_FIELD_MANAGER });

  function tell(object: Stored<T>, before: Condition | undefined, after: Condition): void {
    const { uid, generation } = object.metadata;
    const isNews = before?.status !== after.status || before.observedGeneration !== after.observedGeneration;
    if (after.status === 'True' && isNews) {
      const since = options.inForceSince(uid, generation ?? 0);
      if (since !== undefined) {
        metrics.enforced((clock.monotonic() - since) / 1_000);
      }
    }
    // Waiting is no news, and neither are replicas that come one after another. That there is none concerns all objects
    // alike and is said once, of the installation.
    if (before?.status !== after.status && after.status !== 'Unknown' && after.reason !== 'NoReplicas') {
      const good = after.status === 'True';
      const note = {
        type: good ? ('Normal' as const) : ('Warning' as const),
        reason: after.reason,
        note: after.message,
      };
      recorder.event(object, { ...note, action: 'Enforce' });
    }
  }

  return {
    async reconcile(request, { signal, logger }): Promise<Result> {
      const object = lister.get(request);
      if (object === undefined || isDeleting(object)) {
        return {};
      }
      const { uid, generation = 0 } = object.metadata;
      const status = statuses.statusOf(object);
      const conditions = status?.conditions ?? [];
      const next = judgeEnforced({ ...facts(), uid, generation, status });
      if (next === undefined) {
        return {};
      }
      const before = findCondition(conditions, 'Enforced');
      const after = findCondition(setCondition(conditions, next, clock.now()), 'Enforced');
      if (after === undefined || after === before) {
        return {};
      }
      const condition: Condition = { ...after, observedGeneration: generation };
      if (!(await statuses.apply(object, configure(object, condition), signal))) {
        return {};
      }
      logger.info('Changed condition', { type: 'Enforced', status: condition.status, reason: condition.reason });
      tell(object, before, condition);
      return {};
    },
  };
}
