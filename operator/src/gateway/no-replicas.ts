import type { Clock } from '@chaperone/crds/client/clock';
import { clusterRoles, type ClusterRole } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { ReleaseMissingError, releaseOwner } from './child-writer.ts';
import type { ReplicaTracker } from './replicas.ts';

export interface NoReplicasReconcilerOptions {
  readonly client: Client;
  readonly replicas: Pick<ReplicaTracker, 'live'>;
  /** Does a policy or a rule say so already, written by this process or one before? */
  readonly isOnRecord: () => boolean;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
}

/** The only replica may be replaced by the next, and at the installation the operator comes first. */
const TELL_AFTER_MS = 10_000;

/**
 * Says once, of the installation, that there is no replica of the gateway: each policy's condition says so too, and an
 * event for each of them and every generation would bury all others.
 */
export function newNoReplicasReconciler(options: NoReplicasReconcilerOptions): Reconciler {
  const { client, replicas, isOnRecord, recorder, clock } = options;
  const releases = client.resource(clusterRoles);
  /** Since when, by the monotonic clock; undefined while there is one. */
  let since: number | undefined;
  let isTold: boolean | undefined;

  async function tell(signal: AbortSignal): Promise<void> {
    let release: Stored<ClusterRole>;
    try {
      release = await releaseOwner(releases, signal);
    } catch (error) {
      if (error instanceof ReleaseMissingError) {
        return;
      }
      throw error;
    }
    recorder.event(release, {
      type: 'Warning',
      reason: 'NoReplicas',
      action: 'Enforce',
      note: 'No replica of the gateway holds a Lease: nothing enforces the policies, and callers have nobody to call',
    });
  }

  return {
    async reconcile(_request, { signal, logger }): Promise<Result> {
      isTold ??= isOnRecord();
      if (replicas.live().length > 0) {
        since = undefined;
        isTold = false;
        return {};
      }
      since ??= clock.monotonic();
      const waitMs = since + TELL_AFTER_MS - clock.monotonic();
      if (isTold || waitMs > 0) {
        return isTold ? {} : { requeueAfterMs: waitMs };
      }
      await tell(signal);
      isTold = true;
      logger.warn('No replica of the gateway holds a Lease');
      return {};
    },
  };
}
