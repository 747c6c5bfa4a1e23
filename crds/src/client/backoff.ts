/** Bounds of an exponential backoff, in milliseconds. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Delay before the next attempt after `failures` failures in a row (none: no delay): it doubles from `baseMs` up to
 * `maxMs`, and half of it is random, so that replicas that lost the same server do not come back together.
 * `random` yields numbers in [0, 1).
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  if (failures <= 0) {
    return 0;
  }
  const full = Math.min(backoff.baseMs * 2 ** Math.min(failures - 1, 30), backoff.maxMs);
  return full / 2 + (full / 2) * random();
}
