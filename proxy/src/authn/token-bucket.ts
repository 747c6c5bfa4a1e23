import type { Clock } from '@chaperone/crds/client/clock';

/** Allows bursts of `capacity` and one more every `refillMs`. */
export interface TokenBucket {
  /** Whether another is allowed now; if so it is counted. */
  take(): boolean;
}

export function newTokenBucket(options: {
  readonly capacity: number;
  readonly refillMs: number;
  readonly clock: Clock;
}): TokenBucket {
  const { capacity, refillMs, clock } = options;
  let level = capacity;
  let filledAt = clock.monotonic();
  return {
    take() {
      const now = clock.monotonic();
      level = Math.min(capacity, level + (now - filledAt) / refillMs);
      filledAt = now;
      if (level < 1) return false;
      level -= 1;
      return true;
    },
  };
}
