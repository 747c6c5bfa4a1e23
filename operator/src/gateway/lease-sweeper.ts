import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import type { ReplicaTracker } from './replicas.ts';

export interface LeaseSweeperOptions {
  readonly leases: Pick<ResourceClient<Lease>, 'delete'>;
  readonly replicas: Pick<ReplicaTracker, 'expiredFor'>;
  /** How long a Lease that ran out stays, in milliseconds; default one hour. */
  readonly graceMs?: number;
}

const SWEEP_EVERY_MS = 600_000;

/** Removes the Leases of replicas that are gone for good and could not do it themselves. */
export function newLeaseSweeper({ leases, replicas, graceMs = 3_600_000 }: LeaseSweeperOptions): Reconciler {
  return {
    async reconcile(_request, { signal, logger }): Promise<Result> {
      for (const { metadata } of replicas.expiredFor(graceMs)) {
        try {
          // Only as it was seen: a replica that comes back has renewed it.
          await leases.delete(metadata, {
            uid: metadata.uid,
            resourceVersion: metadata.resourceVersion,
            signal,
          });
          logger.info('Removed the Lease of a replica that is gone', { replica: metadata.name });
        } catch (error) {
          if (!isNotFound(error) && !isConflict(error)) {
            throw error;
          }
        }
      }
      return { requeueAfterMs: SWEEP_EVERY_MS };
    },
  };
}
