import { ApiError, isAlreadyExists, isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { CallOptions, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Logger } from '@chaperone/crds/process/logger';
import { heldSpec, judge, observe, releasedSpec, type LeaseObservation } from './lease-record.ts';

export interface LeaderElectionOptions {
  readonly leases: Pick<ResourceClient<Lease>, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, for instance pod name and a random part: whoever bears it takes the Lease for its own. */
  readonly identity: string;
  /** Given to the Lease wherever it lacks them, so that it goes with its owner. */
  readonly ownerReferences?: readonly OwnerReference[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: () => number;
  /** How long others wait after the last renewal they saw; default 15 s. */
  readonly leaseDurationMs?: number;
  /** How long renewing may fail before this process stops by itself; default 10 s, and below the lease duration. */
  readonly renewDeadlineMs?: number;
  /** Between attempts; default 2 s. */
  readonly retryPeriodMs?: number;
  readonly onLeading?: (leading: boolean) => void;
}

/** How an election ended for this process. */
export type ElectionOutcome =
  /** It was told to stop, and has given the Lease back if it had it. */
  | 'stopped'
  /** It had the Lease and could not keep it: another may lead by now, so whatever needs the lead has to end. */
  | 'lost';

export interface LeaderElector {
  /**
   * Waits until this process leads, calls `onStartedLeading`, and renews until `signal` aborts or the Lease is lost.
   * Abort only after everything that needs the lead has stopped: the Lease is given back at once.
   */
  run(onStartedLeading: () => void, signal: AbortSignal): Promise<ElectionOutcome>;
  /** Leads, and no other process can think so by now, by this process's own clock. */
  isLeader(): boolean;
  /** The identity of whoever was last seen to hold the Lease. */
  leader(): string | undefined;
  /**
   * Milliseconds since the API server last served a call about the Lease; undefined before the first time. There is
   * one every `retryPeriodMs`, with a fifth of jitter, so that it tells of a server that hangs long before a watch does.
   */
  stalenessMs(): number | undefined;
}

export function newLeaderElector(options: LeaderElectionOptions): LeaderElector {
  const { leases, namespace, name, identity, clock, logger, ownerReferences = [] } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const random = options.random ?? Math.random;
  if (!(retryPeriodMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
    throw new RangeError('A lease lasts longer than its renew deadline, and that longer than the retry period');
  }
  let observation: LeaseObservation | undefined;
  let leading = false;
  /** Monotonic time just before the last successful write was sent: the server cannot have counted from earlier. */
  let renewedAt = -Infinity;
  let servedAt: number | undefined;

  function note(lease: Stored<Lease>): LeaseObservation {
    const before = observation?.lease.spec?.holderIdentity;
    observation = observe(observation, lease, clock.monotonic());
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== before && holder !== '' && holder !== identity) {
      logger.info('Another process leads', { leader: holder });
    }
    return observation;
  }

  /** One that was made without its owner, by hand or by an earlier version, is given it. */
  function owned<M extends NonNullable<Lease['metadata']>>(metadata: M): M {
    const owners = new Set(metadata.ownerReferences?.map(({ uid }) => uid));
    return ownerReferences.every(({ uid }) => owners.has(uid))
      ? metadata
      : { ...metadata, ownerReferences: [...ownerReferences] };
  }

  async function write(lease: Stored<Lease> | undefined, spec: Lease['spec'], call: CallOptions): Promise<void> {
    const sentAt = clock.monotonic();
    const changed = {
      metadata: owned(lease?.metadata ?? { name, namespace }),
      ...(spec === undefined ? {} : { spec }),
    };
    const written =
      lease === undefined ? await leases.create(changed, call) : await leases.replace({ ...lease, ...changed }, call);
    note(written);
    renewedAt = sentAt;
  }

  const held = (before: Lease['spec']): Lease['spec'] =>
    heldSpec(before, { identity, leaseDurationMs, nowMs: clock.now() });

  async function read(call: CallOptions): Promise<Stored<Lease> | undefined> {
    try {
      return await leases.get({ name, namespace }, call);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** Takes the Lease if it may, or renews it. False: another has it, or was faster. @throws what the client throws. */
  async function acquireOrRenew(call: CallOptions): Promise<boolean> {
    const known = leading ? observation : undefined;
    if (known !== undefined) {
      try {
        await write(known.lease, held(known.lease.spec), call);
        return true;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) {
          throw error;
        }
        // Written by somebody since, perhaps by ourselves in a call whose answer was lost. Look before giving up.
      }
    }
    const lease = await read(call);
    if (lease !== undefined && judge(note(lease), identity, clock.monotonic()).type === 'held') {
      return false;
    }
    try {
      await write(lease, held(lease?.spec), call);
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) {
        return false;
      }
      throw error;
    }
  }

  /** One attempt, cut after `limitMs` even where the client hangs. An error counts as neither gain nor loss. */
  async function attempt(limitMs: number, signal: AbortSignal): Promise<boolean | 'failed'> {
    const limit = new AbortController();
    const timer = clock.setTimer(() => limit.abort(new Error('The lease call took too long')), limitMs);
    try {
      const outcome = await acquireOrRenew({ signal: AbortSignal.any([signal, limit.signal]), timeoutMs: limitMs });
      servedAt = clock.monotonic();
      return outcome;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) {
        servedAt = clock.monotonic();
      }
      if (!signal.aborted) {
        logger.warn('Lease could not be read or written', { error });
      }
      return 'failed';
    } finally {
      timer.cancel();
    }
  }

  async function acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if ((await attempt(renewDeadlineMs, signal)) === true) {
        // A success that came after the abort still is the Lease, to be given back.
        return true;
      }
      await sleep(clock, retryPeriodMs * (1 + random() * 0.2), signal);
    }
    return false;
  }

  /** Keeps the Lease; returns true when told to stop and false when it is lost. */
  async function keep(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await sleep(clock, retryPeriodMs, signal);
      if (signal.aborted) {
        return true;
      }
      const leftMs = renewedAt + renewDeadlineMs - clock.monotonic();
      // Also after the process was stopped and woken again: time went on without it.
      // Half of what is left, so that one call that hangs leaves time for another.
      const limitMs = Math.min(Math.max(leftMs / 2, retryPeriodMs), leftMs);
      const renewed = leftMs > 0 ? await attempt(limitMs, signal) : 'failed';
      if (renewed === false || (renewed === 'failed' && clock.monotonic() >= renewedAt + renewDeadlineMs)) {
        return signal.aborted;
      }
    }
  }

  /** Gives the Lease back if it is ours. Others wait for it to run out where that fails. */
  async function release(): Promise<void> {
    try {
      const lease = await read({ timeoutMs: retryPeriodMs });
      if (lease?.spec?.holderIdentity === identity) {
        await leases.replace(
          { ...lease, spec: { ...releasedSpec(lease.spec, clock.now()) } },
          { timeoutMs: retryPeriodMs },
        );
        logger.info('Released the lease');
      }
    } catch (error) {
      logger.warn('Lease could not be released', { error });
    }
  }

  function setLeading(now: boolean): void {
    leading = now;
    options.onLeading?.(now);
  }

  return {
    async run(onStartedLeading, signal) {
      if (!(await acquire(signal))) {
        // The call that was cut may have taken it all the same.
        await release();
        return 'stopped';
      }
      setLeading(true);
      logger.info('Became leader', { identity });
      if (!signal.aborted) {
        onStartedLeading();
      }
      const kept = await keep(signal);
      setLeading(false);
      if (!kept) {
        logger.error('Lost the lease', { identity });
        return 'lost';
      }
      await release();
      return 'stopped';
    },
    isLeader: () => leading && clock.monotonic() < renewedAt + leaseDurationMs,
    leader: () => observation?.lease.spec?.holderIdentity,
    stalenessMs: () => (servedAt === undefined ? undefined : clock.monotonic() - servedAt),
  };
}
