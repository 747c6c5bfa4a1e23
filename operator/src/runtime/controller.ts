import { isConflict } from '@chaperone/crds/client/api-error';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Logger } from '@chaperone/crds/process/logger';
import { newRateLimiter, type RateLimiterOptions } from './ratelimiter.ts';
import { keyOf, requestOf, TerminalError, type Reconciler, type Request, type Result } from './reconciler.ts';
import { newWorkQueue, type WorkQueueMetrics } from './workqueue.ts';

/** How a reconcile ended, in controller-runtime's words. */
export const RECONCILE_RESULTS = ['success', 'error', 'requeue', 'requeue_after'] as const;
export type ReconcileResult = (typeof RECONCILE_RESULTS)[number];

export interface ControllerMetrics {
  readonly queue: WorkQueueMetrics;
  reconciled(result: ReconcileResult, seconds: number): void;
  failed(kind: 'retried' | 'terminal' | 'timeout'): void;
  activeWorkers(workers: number): void;
}

export interface ControllerOptions {
  /** In logs and metrics, for instance `agentpolicy`. */
  readonly name: string;
  readonly reconciler: Reconciler;
  readonly logger: Logger;
  readonly metrics: ControllerMetrics;
  readonly clock: Clock;
  /** Most requests reconciled at the same time; default 1. Never two of the same key. */
  readonly maxConcurrentReconciles?: number;
  /** After this the signal of a reconcile aborts; default 60 s. */
  readonly reconcileTimeoutMs?: number;
  readonly rateLimit?: Omit<RateLimiterOptions, 'clock'>;
  /** Makes the ids that join the lines of one reconcile; default random. */
  readonly newReconcileID?: () => string;
}

/** Reconciles what is enqueued, from `start` to `stop`. */
export interface Controller {
  readonly name: string;
  /** Requests that come before `start` wait for it. */
  enqueue(request: Request): void;
  enqueueAfter(request: Request, delayMs: number): void;
  start(): void;
  /**
   * Begins no further reconcile, gives those that run `graceMs`, then aborts them and waits as long again. Resolves
   * with false where one did not end even so.
   */
  stop(graceMs: number): Promise<boolean>;
}

export function newController(options: ControllerOptions): Controller {
  const { name, reconciler, metrics, clock } = options;
  const { maxConcurrentReconciles = 1, reconcileTimeoutMs = 60_000 } = options;
  const newReconcileID = options.newReconcileID ?? ((): string => crypto.randomUUID());
  const queue = newWorkQueue({
    clock,
    metrics: metrics.queue,
    rateLimiter: newRateLimiter({ clock, ...options.rateLimit }),
  });
  const aborting = new AbortController();
  let started = false;
  let active = 0;

  async function reconcile(key: string, logger: Logger): Promise<Result> {
    const timeout = new AbortController();
    const timer = clock.setTimer(() => {
      metrics.failed('timeout');
      // It keeps its worker and its key until it returns: another worker must not have the key meanwhile.
      logger.warn('Reconcile exceeded its time', { timeoutMs: reconcileTimeoutMs });
      timeout.abort(new Error(`Reconcile exceeded ${reconcileTimeoutMs} ms`));
    }, reconcileTimeoutMs);
    try {
      const signal = AbortSignal.any([timeout.signal, aborting.signal]);
      return await reconciler.reconcile(requestOf(key), { signal, logger });
    } finally {
      timer.cancel();
    }
  }

  function requeue(key: string, error: unknown, logger: Logger): ReconcileResult {
    if (error instanceof TerminalError) {
      queue.forget(key);
      metrics.failed('terminal');
      logger.error('Reconcile failed and is not retried', { error });
      return 'error';
    }
    queue.addRateLimited(key);
    if (isConflict(error)) {
      // Somebody else wrote first; the informer brings their state. Everyday, and no fault.
      logger.debug('Reconcile met a conflict', { error });
      return 'requeue';
    }
    metrics.failed('retried');
    logger.error('Reconcile failed', { error });
    return 'error';
  }

  function finish(key: string, result: Result): ReconcileResult {
    queue.forget(key);
    if (result.requeueAfterMs === undefined) {
      return 'success';
    }
    queue.addAfter(key, result.requeueAfterMs);
    return 'requeue_after';
  }

  /** Nothing that a reconciler does gets past here. */
  async function process(key: string): Promise<void> {
    const began = clock.monotonic();
    const { namespace, name: object } = requestOf(key);
    const logger = options.logger.child({
      controller: name,
      ...(namespace === undefined ? {} : { namespace }),
      name: object,
      reconcileID: newReconcileID(),
    });
    metrics.activeWorkers(++active);
    let outcome: ReconcileResult;
    try {
      outcome = finish(key, await reconcile(key, logger));
    } catch (error) {
      outcome = requeue(key, error, logger);
    }
    queue.done(key);
    metrics.activeWorkers(--active);
    const durationMs = clock.monotonic() - began;
    metrics.reconciled(outcome, durationMs / 1000);
    logger.debug('Reconciled', { result: outcome, durationMs });
  }

  async function work(): Promise<void> {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      await process(key);
    }
  }

  return {
    name,
    enqueue: (request) => queue.add(keyOf(request)),
    enqueueAfter: (request, delayMs) => queue.addAfter(keyOf(request), delayMs),
    start() {
      if (started) {
        return;
      }
      started = true;
      options.logger.info('Started controller', { controller: name, workers: maxConcurrentReconciles });
      for (let worker = 0; worker < maxConcurrentReconciles; worker += 1) {
        void work();
      }
    },
    async stop(graceMs) {
      const stopped = new AbortController();
      const idle = queue.shutDown().then(() => true);
      const within = (): Promise<boolean> =>
        Promise.race([idle, sleep(clock, graceMs, stopped.signal).then(() => false)]);
      let ended = await within();
      if (!ended) {
        aborting.abort(new Error('The controller is stopping'));
        ended = await within();
      }
      // Else its timers would hold the process for the rest of the grace.
      stopped.abort();
      if (!ended) {
        options.logger.error('Controller did not stop in time', { controller: name, active });
      }
      return ended;
    },
  };
}
