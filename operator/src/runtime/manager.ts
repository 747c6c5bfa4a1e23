import type { Informer } from '@chaperone/crds/client/informer';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Logger } from '@chaperone/crds/process/logger';
import type { Controller } from './controller.ts';
import type { EventRecorder } from './events.ts';
import type { HealthCheck } from '@chaperone/crds/process/health';
import type { ElectionOutcome, LeaderElector } from './leaderelection.ts';

/** Another process may lead by now: everything has to end and begin anew before anything else is written. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly code = 'ERR_LEADERSHIP_LOST';
}

/** Work of the leader that is no reconcile, such as what is applied once after an installation. */
export interface Runnable {
  readonly name: string;
  /** Runs beside the controllers until it is done or `signal` aborts. What it throws ends the manager. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the manager needs of an informer. */
export type ManagedInformer = Pick<
  Informer<object>,
  'start' | 'stop' | 'hasSynced' | 'waitForSync' | 'stalenessMs' | 'lastError'
> & { readonly resource: { readonly plural: string } };

export interface ManagerOptions {
  readonly informers: readonly ManagedInformer[];
  readonly controllers: readonly Controller[];
  readonly runnables?: readonly Runnable[];
  /** Without one this process always leads. */
  readonly elector?: LeaderElector;
  readonly recorder?: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called first of all where the lease is lost: to cut what is on its way to the API server. */
  readonly onLost?: () => void;
  /** For reconciles that run when it is told to stop; default 10 s, and as long again after they are aborted. */
  readonly graceMs?: number;
}

/** Starts and ends what an operator consists of, in the order in which its parts need each other. */
export interface Manager {
  /**
   * Informers, then, once all are synced, the election, then controllers and runnables. Resolves when `signal` has
   * aborted and all have ended. @throws LeadershipLostError, and what a runnable throws, after stopping the rest.
   */
  run(signal: AbortSignal): Promise<void>;
}

export function newManager(options: ManagerOptions): Manager {
  const { informers, controllers, runnables = [], elector, recorder, clock, logger } = options;
  const graceMs = options.graceMs ?? 10_000;

  async function synced(signal: AbortSignal): Promise<boolean> {
    informers.forEach((informer) => informer.start());
    const all = await Promise.all(informers.map((informer) => informer.waitForSync(signal)));
    return all.every(Boolean) && !signal.aborted;
  }

  /** Leads until told to stop. Returns where that was done in good order, and throws where it has to end at once. */
  async function lead(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const errors: unknown[] = [];
    const running = new Set<Promise<void>>();
    const startAll = (): void => {
      controllers.forEach((controller) => controller.start());
      for (const runnable of runnables) {
        running.add(
          runnable.run(stop).catch((error: unknown) => {
            if (!stop.aborted) {
              logger.error('Runnable failed', { runnable: runnable.name, error });
              errors.push(error);
              failed.abort();
            }
          }),
        );
      }
    };
    const release = new AbortController();
    const election = elect(startAll, release.signal).then((outcome) => {
      if (outcome === 'lost') {
        options.onLost?.();
        errors.push(new LeadershipLostError('The lease could not be kept'));
        failed.abort();
      }
    });
    await aborted(stop);
    // Not a moment more once the lease is lost: another may have begun.
    const patience = signal.aborted ? graceMs : 0;
    await Promise.all(controllers.map((controller) => controller.stop(patience)));
    await Promise.race([Promise.all(running), sleep(clock, patience)]);
    await recorder?.stop(errors.length === 0 ? Math.min(graceMs, 5_000) : 0);
    // Only now: who takes the lease over must find nobody at work.
    release.abort();
    await election;
    if (errors.length > 0) {
      throw errors[0];
    }
  }

  async function elect(startAll: () => void, signal: AbortSignal): Promise<ElectionOutcome> {
    if (elector !== undefined) {
      return elector.run(startAll, signal);
    }
    startAll();
    return 'stopped';
  }

  return {
    async run(signal) {
      try {
        if (await synced(signal)) {
          logger.info('Caches are synced', { informers: informers.length });
          await lead(signal);
        }
      } finally {
        await Promise.all(informers.map((informer) => informer.stop()));
        logger.info('Stopped');
      }
    },
  };
}

/** Resolves when the signal has aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/**
 * Readiness: every informer has read its kind whole and has heard from the API server lately. Ready is also who waits
 * for the lead: it could take over this moment. `maxStalenessMs` (default 45 s) is more than a quiet watch lasts.
 */
export function informerChecks(informers: readonly ManagedInformer[], maxStalenessMs = 45_000): HealthCheck[] {
  return informers.map((informer) => ({
    name: `informer-${informer.resource.plural}`,
    check() {
      if (!informer.hasSynced()) {
        return informer.lastError() === undefined ? 'not synced yet' : 'not synced: the list fails';
      }
      const staleness = informer.stalenessMs() ?? Infinity;
      return staleness <= maxStalenessMs
        ? undefined
        : `nothing heard from the API server for ${Math.round(staleness / 1000)} s`;
    },
  }));
}

/**
 * Readiness: the API server serves the calls about the Lease, of which there are many. A server that hangs shows here
 * within seconds, and by a quiet watch only when that should have ended.
 */
export function leaseCheck(elector: Pick<LeaderElector, 'stalenessMs'>, retryPeriodMs = 2_000): HealthCheck {
  // Between two attempts there may be a fifth more than the period, and each takes a moment.
  const maxStalenessMs = retryPeriodMs * 1.2 + 1_500;
  return {
    name: 'api-server',
    check() {
      const staleness = elector.stalenessMs() ?? 0;
      return staleness <= maxStalenessMs
        ? undefined
        : `no call about the lease was served for ${Math.round(staleness / 1000)} s`;
    },
  };
}
