import { MAX_TIMER_MS, type Clock, type Timer } from '@chaperone/crds/client/clock';
import type { RateLimiter } from './ratelimiter.ts';

/** Where a queue counts; the names behind it are controller-runtime's. */
export interface WorkQueueMetrics {
  depth(items: number): void;
  added(): void;
  retried(): void;
  /** Seconds between add and get. */
  waited(seconds: number): void;
  /** Seconds between get and done. */
  worked(seconds: number): void;
  /** To be asked at each scrape for the ages, in seconds, of what is being processed. */
  running(ages: () => readonly number[]): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly rateLimiter: RateLimiter;
  readonly metrics: WorkQueueMetrics;
}

/**
 * A queue of keys, after client-go's workqueue: a key that waits is held once; one that is added while it is processed
 * comes again when that is done, and never to two workers at a time.
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key in `delayMs`; of several delays of one key the earliest stands. */
  addAfter(key: string, delayMs: number): void;
  /** Adds the key after the delay that its failures have earned it. */
  addRateLimited(key: string): void;
  /** Forgives the failures of a key; to be called when it succeeded. */
  forget(key: string): void;
  /** The next key, or undefined once the queue is shut down. Each needs its `done`. */
  get(): Promise<string | undefined>;
  done(key: string): void;
  readonly depth: number;
  /**
   * Takes nothing more and, unless told to drain, hands out nothing more: what waits is read anew after a restart.
   * Resolves when every key that was handed out is done.
   */
  shutDown(options?: { readonly drain: boolean }): Promise<void>;
}

export function newWorkQueue({ clock, rateLimiter, metrics }: WorkQueueOptions): WorkQueue {
  /** Keys that must be processed, and since when. Those in `processing` too come again afterwards. */
  const dirty = new Map<string, number>();
  const processing = new Map<string, number>();
  /** Keys that can be handed out, first in first out; always dirty and not in processing. */
  const ready = new Set<string>();
  const delayed = new Map<string, number>();
  const getters: ((key: string | undefined) => void)[] = [];
  const idleWaiters: (() => void)[] = [];
  let wake: { readonly at: number; readonly timer: Timer } | undefined;
  let shuttingDown = false;

  metrics.depth(0);
  metrics.running(() => [...processing.values()].map((since) => (clock.monotonic() - since) / 1000));

  function handOut(): void {
    while (getters.length > 0) {
      const [key] = ready;
      if (key === undefined) {
        break;
      }
      getters.shift()?.(take(key));
    }
    metrics.depth(ready.size);
    if (shuttingDown && ready.size === 0) {
      getters.splice(0).forEach((resolve) => resolve(undefined));
    }
    if (ready.size === 0 && processing.size === 0) {
      idleWaiters.splice(0).forEach((resolve) => resolve());
    }
  }

  function take(key: string): string {
    const now = clock.monotonic();
    metrics.waited((now - (dirty.get(key) ?? now)) / 1000);
    ready.delete(key);
    dirty.delete(key);
    processing.set(key, now);
    return key;
  }

  function add(key: string): void {
    if (shuttingDown || dirty.has(key)) {
      return;
    }
    metrics.added();
    dirty.set(key, clock.monotonic());
    if (!processing.has(key)) {
      ready.add(key);
      handOut();
    }
  }

  function scheduleWake(at: number): void {
    if (wake !== undefined && wake.at <= at) {
      return;
    }
    wake?.timer.cancel();
    // One timer for all delays, however many keys wait.
    wake = { at, timer: clock.setTimer(addDue, Math.min(at - clock.monotonic(), MAX_TIMER_MS)) };
  }

  function addDue(): void {
    wake = undefined;
    const now = clock.monotonic();
    let next = Infinity;
    for (const [key, at] of delayed) {
      if (at <= now) {
        delayed.delete(key);
        add(key);
      } else {
        next = Math.min(next, at);
      }
    }
    if (next !== Infinity) {
      scheduleWake(next);
    }
  }

  function addAfter(key: string, delayMs: number): void {
    if (shuttingDown) {
      return;
    }
    if (!(delayMs > 0)) {
      add(key);
      return;
    }
    const at = clock.monotonic() + delayMs;
    delayed.set(key, Math.min(at, delayed.get(key) ?? Infinity));
    scheduleWake(at);
  }

  return {
    add,
    addAfter,
    addRateLimited(key) {
      metrics.retried();
      addAfter(key, rateLimiter.when(key));
    },
    forget: (key) => rateLimiter.forget(key),
    get: () =>
      new Promise((resolve) => {
        getters.push(resolve);
        handOut();
      }),
    done(key) {
      const since = processing.get(key);
      if (since === undefined) {
        return;
      }
      metrics.worked((clock.monotonic() - since) / 1000);
      processing.delete(key);
      if (dirty.has(key)) {
        ready.add(key);
      }
      handOut();
    },
    get depth() {
      return ready.size;
    },
    async shutDown({ drain } = { drain: false }) {
      shuttingDown = true;
      wake?.timer.cancel();
      delayed.clear();
      if (!drain) {
        ready.clear();
        dirty.clear();
      }
      const idle = new Promise<void>((resolve) => idleWaiters.push(resolve));
      handOut();
      await idle;
    },
  };
}
