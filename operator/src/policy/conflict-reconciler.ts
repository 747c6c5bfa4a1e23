import type { Clock } from '@chaperone/crds/client/clock';
import type { Reconciler, Request } from '../runtime/reconciler.ts';
import { nextExpiry } from './compared-rule.ts';
import { NO_CONFLICTS, reportOf, type PolicyConflicts } from './conflict-report.ts';
import { findConflicts, type Conflicts } from './conflicts.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import type { PublishedBundles } from './published-bundles.ts';

/** The one key of the controller: every rule is compared with every other. */
export const CONFLICTS_REQUEST: Request = { name: 'conflicts' };

export interface ConflictReconcilerOptions {
  readonly published: PublishedBundles;
  readonly metrics: PolicyMetrics;
  readonly clock: Clock;
  /** Lets timers and sockets have their turn. */
  readonly pause: () => Promise<void>;
  /** Called after each comparison, also where nothing had to be compared, with the milliseconds that it took. */
  readonly onCompared: (durationMs: number) => void;
}

export interface ConflictReconciler extends Reconciler {
  /** What is said of the policy of this uid that is in force. */
  conflictsOf(uid: string): PolicyConflicts | 'pending';
}

/** How long rules are compared before other work has its turn: publishing must not wait. */
const SLICE_MS = 8;

interface Compared {
  readonly revision: string;
  /** Milliseconds since the epoch: from then on a policy that was compared says nothing. */
  readonly until: number;
  readonly byUid: ReadonlyMap<string, PolicyConflicts | 'pending'>;
}

/** Compares the rules of what is in force, after it was published and off its way. */
export function newConflictReconciler(options: ConflictReconcilerOptions): ConflictReconciler {
  const { published, metrics, clock, pause, onCompared } = options;
  let compared: Compared | undefined;

  async function compare(signal: AbortSignal): Promise<Compared | undefined> {
    const bundle = published.current();
    const now = clock.now();
    if (bundle === undefined || (compared?.revision === bundle.revision && now < compared.until)) {
      return compared;
    }
    const began = clock.monotonic();
    const { byPolicy, complete } = await inSlices(findConflicts(bundle.policies, now), signal);
    const byUid = new Map(
      bundle.policies.map(({ uid, name }): [string, PolicyConflicts | 'pending'] => {
        const found = byPolicy.get(name);
        const otherwise = complete ? NO_CONFLICTS : 'pending';
        return [uid, found === undefined ? otherwise : reportOf(found)];
      }),
    );
    metrics.analysed((clock.monotonic() - began) / 1_000, byPolicy.size);
    return { revision: bundle.revision, until: nextExpiry(bundle.policies, now), byUid };
  }

  async function inSlices(steps: Generator<undefined, Conflicts, undefined>, signal: AbortSignal): Promise<Conflicts> {
    let sliceEnds = clock.monotonic() + SLICE_MS;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        return step.value;
      }
      if (clock.monotonic() >= sliceEnds) {
        await pause();
        signal.throwIfAborted();
        sliceEnds = clock.monotonic() + SLICE_MS;
      }
    }
  }

  return {
    conflictsOf: (uid) => compared?.byUid.get(uid) ?? 'pending',
    async reconcile(_request, { signal }) {
      const began = clock.monotonic();
      try {
        compared = await compare(signal);
      } finally {
        onCompared(clock.monotonic() - began);
      }
      const until = compared?.until ?? Infinity;
      return until === Infinity ? {} : { requeueAfterMs: Math.max(until - clock.now(), 1) };
    },
  };
}
