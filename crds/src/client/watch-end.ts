import { ApiError, isGone, isTooLargeResourceVersion, isTooManyRequests, retryAfterSeconds } from './api-error.ts';
import { backoffDelay, type Backoff } from './backoff.ts';
import { MalformedFrameError } from './watch-frames.ts';

/** How one watch ended. */
export interface WatchEnd {
  /** Headers with 200 were seen. */
  readonly established: boolean;
  /** Events and bookmarks that were taken over. */
  readonly frames: number;
  /** From the call to the end. */
  readonly livedMs: number;
  /** Nothing where the server ended it in good order or we cut it for being silent. */
  readonly error?: unknown;
}

/** What to do next. */
export interface NextWatch {
  /** Read the list again, as the place to resume at is not to be trusted; else resume where the last event left off. */
  readonly relist: boolean;
  readonly delayMs: number;
  /** Failures in a row, this one included. */
  readonly failures: number;
}

/** A watch that lived this long was a good one, whatever it carried: a quiet kind has no events. */
const GOOD_WATCH_MS = 3_000;

/**
 * Decides how to go on after a watch. A good watch that ends is resumed at once, so a quiet kind is never unwatched for
 * more than a round trip; only failures in a row are backed off from. Pure: `random` yields numbers in [0, 1).
 */
export function nextWatch(end: WatchEnd, failuresBefore: number, backoff: Backoff, random: () => number): NextWatch {
  const good = end.established && (end.frames > 0 || end.livedMs >= GOOD_WATCH_MS);
  if (end.error === undefined && good) {
    return { relist: false, delayMs: 0, failures: 0 };
  }
  const failures = (good ? 0 : failuresBefore) + 1;
  if (needsList(end.error)) {
    // The first list again comes at once; one that leads to the same end is backed off from, or a server that always
    // answers 410 would be listed in a tight loop.
    return { relist: true, delayMs: backoffDelay(backoff, failures - 1, random), failures };
  }
  return { relist: false, delayMs: failureDelay(end.error, failures, backoff, random), failures };
}

/** How long to wait after a failed list or watch; a server that says how long is believed. */
export function failureDelay(error: unknown, failures: number, backoff: Backoff, random: () => number): number {
  const delay = backoffDelay(backoff, failures, random);
  const asked = (retryAfterSeconds(error) ?? 0) * 1000;
  // Jitter on top: everybody who was refused was told the same second.
  return asked === 0 ? delay : Math.max(delay, asked + backoff.baseMs * random());
}

function needsList(error: unknown): boolean {
  if (error instanceof MalformedFrameError || isGone(error) || isTooLargeResourceVersion(error)) {
    return true;
  }
  // Other refusals (400, 403, 404) do not heal by resuming; a list shows whether the kind is there and readable.
  return error instanceof ApiError && error.status < 500 && !isTooManyRequests(error);
}
