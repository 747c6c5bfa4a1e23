import { describe, expect, test } from 'vitest';
import { ApiError, ConnectionError, summarizeStatus } from './api-error.ts';
import { backoffDelay } from './backoff.ts';
import { MalformedFrameError } from './watch-frames.ts';
import { nextWatch, type NextWatch, type WatchEnd } from './watch-end.ts';

const backoff = { baseMs: 200, maxMs: 5_000 };
const apiError = (status: number, body: object = {}): ApiError =>
  new ApiError('GET /x', summarizeStatus({ status, body: { kind: 'Status', ...body } }));
const good: WatchEnd = { established: true, frames: 3, livedMs: 100 };
const refused: WatchEnd = { established: false, frames: 0, livedMs: 1 };

describe('after a watch', () => {
  const cases: Record<string, { end: WatchEnd; failures?: number; want: NextWatch }> = {
    'that ended in good order with events, it is resumed at once': {
      end: good,
      failures: 4,
      want: { relist: false, delayMs: 0, failures: 0 },
    },
    'that was quiet for long, it is resumed at once': {
      end: { established: true, frames: 0, livedMs: 25_000 },
      want: { relist: false, delayMs: 0, failures: 0 },
    },
    'that ended as soon as it began, there is a pause': {
      end: { established: true, frames: 0, livedMs: 10 },
      want: { relist: false, delayMs: 200, failures: 1 },
    },
    'that was cut after events, there is a short pause, whatever came before': {
      end: { ...good, error: new ConnectionError('reset') },
      failures: 9,
      want: { relist: false, delayMs: 200, failures: 1 },
    },
    'that could not be reached for the fourth time, the pause has grown': {
      end: { ...refused, error: new ConnectionError('refused') },
      failures: 3,
      want: { relist: false, delayMs: 1_600, failures: 4 },
    },
    'that could not be reached for hours, the pause is the longest': {
      end: { ...refused, error: new ConnectionError('refused') },
      failures: 5_000,
      want: { relist: false, delayMs: 5_000, failures: 5_001 },
    },
    'that was too old, the list is read at once': {
      end: { ...refused, error: apiError(410) },
      want: { relist: true, delayMs: 0, failures: 1 },
    },
    'that was too old again, the list waits': {
      end: { ...refused, error: apiError(410) },
      failures: 2,
      want: { relist: true, delayMs: 400, failures: 3 },
    },
    'from the future, the list is read': {
      end: { ...refused, error: apiError(504, { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }) },
      want: { relist: true, delayMs: 0, failures: 1 },
    },
    'with an unreadable event, the list is read': {
      end: { ...good, error: new MalformedFrameError('x') },
      want: { relist: true, delayMs: 0, failures: 1 },
    },
    'that was forbidden, the list shows what is allowed': {
      end: { ...refused, error: apiError(403) },
      failures: 1,
      want: { relist: true, delayMs: 200, failures: 2 },
    },
    'that the server has no room for, its wish is kept and the place too': {
      end: { ...refused, error: apiError(429, { details: { retryAfterSeconds: 3 } }) },
      want: { relist: false, delayMs: 3_200, failures: 1 },
    },
    'with a wish shorter than the pause that is due, the pause wins': {
      end: { ...refused, error: apiError(503, { details: { retryAfterSeconds: 1 } }) },
      failures: 9,
      want: { relist: false, delayMs: 5_000, failures: 10 },
    },
    'with a server error, it is resumed where it was': {
      end: { ...refused, error: apiError(500) },
      want: { relist: false, delayMs: 200, failures: 1 },
    },
  };
  test.each(Object.entries(cases))('%s', (_what, { end, failures = 0, want }) => {
    expect(nextWatch(end, failures, backoff, () => 1)).toEqual(want);
  });
});

describe('backoff', () => {
  test('doubles up to its maximum and is half chance', () => {
    const delays = [0, 1, 2, 3, 6, 100].map((failures) => [
      backoffDelay(backoff, failures, () => 0),
      backoffDelay(backoff, failures, () => 1),
    ]);
    expect(delays).toEqual([
      [0, 0],
      [100, 200],
      [200, 400],
      [400, 800],
      [2_500, 5_000],
      [2_500, 5_000],
    ]);
  });
});
