import type { Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import type { Lease } from '@chaperone/crds/client/kinds';
import { judge, observe, type LeaseObservation } from '../runtime/lease-record.ts';

/** The replicas of the gateway, by their Leases. */
export interface Replicas {
  /** Does a replica of this name hold a Lease that has not run out? */
  isAlive(replica: string): boolean;
}

/** No replica: `judge` tells a Lease of its own from another's, and none here is ours. */
const NOBODY = '';

/**
 * Judges by the Leases in one namespace, each named after its replica. A Lease has run out when this process has not
 * seen it renewed for as long as it was taken for, whatever the replica's clock says; just after a start it is
 * therefore believed for that long.
 */
export function newLeaseReplicas(options: {
  readonly leases: Pick<Informer<Lease>, 'lister' | 'addHandler'>;
  readonly namespace: string;
  readonly clock: Clock;
}): Replicas {
  const { leases, namespace, clock } = options;
  const observations = new Map<string, LeaseObservation>();

  leases.addHandler((event) => {
    const { name, namespace: where } = event.object.metadata;
    if (where !== namespace) {
      return;
    }
    if (event.type === 'deleted') {
      observations.delete(name);
    } else {
      observations.set(name, observe(observations.get(name), event.object, clock.monotonic()));
    }
  });

  return {
    isAlive(replica) {
      const observation = observations.get(replica);
      return observation !== undefined && judge(observation, NOBODY, clock.monotonic()).type === 'held';
    },
  };
}
