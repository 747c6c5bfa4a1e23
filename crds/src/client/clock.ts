/** A timer that was set on a {@link Clock}; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a dependency, so that logic that waits can be tested without waiting.
 *
 * `now` is the wall clock in milliseconds since the epoch: good for timestamps others read, wrong for measuring, as
 * it jumps when the machine's clock is set. `monotonic` is in milliseconds from an arbitrary start and never goes
 * back: leases, backoff and durations are judged by it.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** The longest delay `setTimeout` accepts; anything longer fires at once (Node prints TimeoutOverflowWarning). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. Its timers are cut to {@link MAX_TIMER_MS} and keep the process alive until cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * Resolves after `delayMs` or as soon as `signal` aborts, whichever comes first, and never rejects: a caller that must
 * know the difference looks at `signal.aborted`, which it has to do anyway before going on.
 */
export async function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) {
    return;
  }
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimer(finish, delayMs);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** Resolves with the work, or without it once so much time has passed. Rejects as the work does by then. */
export async function waitAtMost(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, sleep(clock, delayMs, over.signal)]);
  } finally {
    over.abort();
  }
}
