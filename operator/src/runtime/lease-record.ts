import type { Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { microTimestamp } from '@chaperone/crds/client/micro-time';

/** A Lease as this process saw it, and when by its own clock. */
export interface LeaseObservation {
  readonly lease: Stored<Lease>;
  /** Monotonic milliseconds at which this state of the Lease was first seen. */
  readonly since: number;
}

/**
 * Takes note of a Lease. The clock starts anew only when its holder has written to it: the times inside are the
 * holder's own, and clocks of two nodes may be minutes apart.
 */
export function observe(
  before: LeaseObservation | undefined,
  lease: Stored<Lease>,
  nowMonotonic: number,
): LeaseObservation {
  const same = before !== undefined && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  return { lease, since: same ? before.since : nowMonotonic };
}

/** Whose a Lease is. */
export type LeaseState =
  | { readonly type: 'ours' }
  /** Released, or not renewed for as long as it was taken for. */
  | { readonly type: 'free' }
  | { readonly type: 'held'; readonly holder: string; readonly remainingMs: number };

/** A Lease is believed for at most this long, whatever duration it states. */
const MAX_LEASE_MS = 3_600_000;

export function judge(observation: LeaseObservation, identity: string, nowMonotonic: number): LeaseState {
  const { holderIdentity: holder = '', leaseDurationSeconds = 0 } = observation.lease.spec ?? {};
  if (holder === '') {
    return { type: 'free' };
  }
  if (holder === identity) {
    return { type: 'ours' };
  }
  const remainingMs = observation.since + Math.min(leaseDurationSeconds * 1000, MAX_LEASE_MS) - nowMonotonic;
  return remainingMs > 0 ? { type: 'held', holder, remainingMs } : { type: 'free' };
}

interface Hold {
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** Wall clock, for people who read the Lease. */
  readonly nowMs: number;
}

/** The spec of a Lease that nobody had, or that this process takes or renews. */
export function heldSpec(before: Lease['spec'], { identity, leaseDurationMs, nowMs }: Hold): Lease['spec'] {
  const renewing = before?.holderIdentity === identity;
  const now = microTimestamp(nowMs);
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: renewing ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (renewing || before === undefined ? 0 : 1),
  };
}

/** The spec of a Lease that is given up: the next candidate need not wait for it to run out. */
export function releasedSpec(before: Lease['spec'], nowMs: number): Lease['spec'] {
  const now = microTimestamp(nowMs);
  return { ...before, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
}
