import type { Clock } from '@chaperone/crds/client/clock';

/** How long a key that failed has to wait. */
export interface RateLimiter {
  /** Counts a failure of the key and returns its delay in milliseconds. */
  when(key: string): number;
  forget(key: string): void;
  failures(key: string): number;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Delay after the first failure of a key; doubles with each. Default 5 ms, as controller-runtime. */
  readonly baseMs?: number;
  /** Longest delay of a key. Default 60 s: an operator that waits longer for a server that is back looks dead. */
  readonly maxMs?: number;
  /** Retries per second over all keys, after a burst. Default 10. */
  readonly perSecond?: number;
  /** Default 100. */
  readonly burst?: number;
}

/**
 * The larger of an exponential delay per key and a token bucket over all: a single bad object is retried ever more
 * slowly, and ten thousand that fail together do not become a storm. Holds one number per failing key, until `forget`.
 */
export function newRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { baseMs = 5, maxMs = 60_000, perSecond = 10, burst = 100 } = options;
  const counts = new Map<string, number>();
  const bucket = newTokenBucket({ clock: options.clock, perSecond, burst });
  return {
    when(key) {
      const failures = counts.get(key) ?? 0;
      counts.set(key, failures + 1);
      const own = Math.min(baseMs * 2 ** Math.min(failures, 40), maxMs);
      return Math.max(own, bucket.reserve());
    },
    forget: (key) => void counts.delete(key),
    failures: (key) => counts.get(key) ?? 0,
  };
}

export interface TokenBucket {
  /** Takes a token, on credit if there is none, and returns the milliseconds until it is there. */
  reserve(): number;
  /** Takes a token if there is one. */
  tryTake(): boolean;
}

export function newTokenBucket(options: {
  readonly clock: Clock;
  readonly perSecond: number;
  readonly burst: number;
}): TokenBucket {
  const { clock, perSecond, burst } = options;
  let tokens = burst;
  let at = clock.monotonic();
  const refill = (): void => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    at = now;
  };
  return {
    reserve() {
      refill();
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
    tryTake() {
      refill();
      if (tokens < 1) {
        return false;
      }
      tokens -= 1;
      return true;
    },
  };
}
