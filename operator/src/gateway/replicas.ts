import { COMPONENT_LABEL, PROXY_COMPONENT, REVISION_ANNOTATION } from '@chaperone/crds/bundle/replica-lease';
import type { Clock, Timer } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { judge, observe, type LeaseObservation } from '../runtime/lease-record.ts';

/** A replica that holds a Lease. */
export interface Replica {
  readonly name: string;
  /** Undefined where it serves none yet. */
  readonly revision: string | undefined;
}

/** The replicas of the gateway, by their Leases, never by their pods: some run as local processes. */
export interface ReplicaTracker {
  /** Those that hold a Lease which has not run out, by name. */
  live(): readonly Replica[];
  isAlive(replica: string): boolean;
  /** Leases that ran out at least `ms` ago. */
  expiredFor(ms: number): readonly Stored<Lease>[];
  /** Calls back when a replica came, went, or serves another revision. */
  onChange(listener: () => void): void;
  stop(): void;
}

/** `judge` tells a Lease of its own from another's, and none here is ours. */
const NOBODY = '';

/**
 * Keeps watch over the Leases of one namespace. A Lease has run out when this process has not seen it renewed for as
 * long as it was taken for, whatever the replica's clock says; just after a start it is therefore believed that long.
 */
export function newReplicaTracker(options: {
  readonly leases: Pick<Informer<Lease>, 'addHandler'>;
  readonly namespace: string;
  readonly clock: Clock;
}): ReplicaTracker {
  const { leases, namespace, clock } = options;
  const observations = new Map<string, LeaseObservation>();
  const listeners = new Set<() => void>();
  let timer: Timer | undefined;
  let last = '[]';

  const remainingMs = (observation: LeaseObservation): number => {
    const state = judge(observation, NOBODY, clock.monotonic());
    return state.type === 'held' ? state.remainingMs : 0;
  };

  const live = (): readonly Replica[] =>
    [...observations.values()]
      .filter((observation) => remainingMs(observation) > 0)
      .map(({ lease }) => ({
        name: lease.metadata.name,
        revision: lease.metadata.annotations?.[REVISION_ANNOTATION],
      }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));

  /** Tells of a change, and looks again when the next Lease runs out. */
  function look(): void {
    const words = JSON.stringify(live());
    if (words !== last) {
      last = words;
      listeners.forEach((listener) => listener());
    }
    timer?.cancel();
    const remaining = [...observations.values()].map(remainingMs).filter((ms) => ms > 0);
    timer = remaining.length === 0 ? undefined : clock.setTimer(look, Math.min(...remaining) + 1);
  }

  const removeHandler = leases.addHandler(({ type, object }) => {
    const { name, namespace: where, labels = {} } = object.metadata;
    if (where !== namespace) {
      return;
    }
    if (type === 'deleted' || labels[COMPONENT_LABEL] !== PROXY_COMPONENT) {
      observations.delete(name);
    } else {
      observations.set(name, observe(observations.get(name), object, clock.monotonic()));
    }
    look();
  });

  return {
    live,
    isAlive(replica) {
      const observation = observations.get(replica);
      return observation !== undefined && remainingMs(observation) > 0;
    },
    expiredFor: (ms) =>
      [...observations.values()]
        .filter((observation) => {
          const durationMs = (observation.lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
          return remainingMs(observation) === 0 && clock.monotonic() - observation.since >= durationMs + ms;
        })
        .map(({ lease }) => lease),
    onChange: (listener) => void listeners.add(listener),
    stop() {
      removeHandler();
      timer?.cancel();
      listeners.clear();
    },
  };
}
