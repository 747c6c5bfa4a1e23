import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newRateLimiter, newTokenBucket } from './ratelimiter.ts';
import { newWorkQueue, type WorkQueue, type WorkQueueMetrics } from './workqueue.ts';

interface Recorded extends WorkQueueMetrics {
  readonly depths: number[];
  readonly counts: { added: number; retried: number };
  readonly waits: number[];
  readonly works: number[];
  ages: () => readonly number[];
}

function newRecorded(): Recorded {
  const recorded: Recorded = {
    depths: [],
    counts: { added: 0, retried: 0 },
    waits: [],
    works: [],
    ages: () => [],
    depth: (items) => recorded.depths.push(items),
    added: () => void (recorded.counts.added += 1),
    retried: () => void (recorded.counts.retried += 1),
    waited: (seconds) => recorded.waits.push(seconds),
    worked: (seconds) => recorded.works.push(seconds),
    running: (ages) => void (recorded.ages = ages),
  };
  return recorded;
}

function setUp(): { clock: FakeClock; queue: WorkQueue; metrics: Recorded } {
  const clock = newFakeClock();
  const metrics = newRecorded();
  return { clock, metrics, queue: newWorkQueue({ clock, metrics, rateLimiter: newRateLimiter({ clock }) }) };
}

/** What is handed out right now, without waiting. */
async function next(queue: WorkQueue): Promise<string | undefined> {
  return queue.depth > 0 ? queue.get() : undefined;
}

describe('a work queue', () => {
  test('hands out in the order of adding, each key once', async () => {
    const { queue, metrics } = setUp();
    ['a', 'b', 'a', 'c', 'a'].forEach((key) => queue.add(key));
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c']);
    expect(queue.depth).toBe(0);
    expect(metrics.counts.added).toBe(3);
  });

  test('lets a worker wait for the next key', async () => {
    const { queue } = setUp();
    const waiting = queue.get();
    queue.add('late');
    expect(await waiting).toBe('late');
  });

  test('gives a key that is added while it is processed again afterwards, and only then', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await next(queue)).toBe('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  test('adds after a delay, the earliest of several, over one timer', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 9_000);
    queue.addAfter('b', 2_000);
    expect(clock.pendingTimers()).toBe(1);
    await clock.advance(999);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(await next(queue)).toBe('a');
    await clock.advance(1_000);
    expect(await next(queue)).toBe('b');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('is not confused by a wall clock that jumps', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 1_000);
    clock.jumpWallClock(-86_400_000);
    await clock.advance(1_000);
    expect(await next(queue)).toBe('a');
  });

  test('survives a delay that no timer can hold', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('year', 365 * 86_400_000);
    await clock.advance(30 * 86_400_000);
    expect(queue.depth).toBe(0);
    await clock.advance(336 * 86_400_000);
    expect(await next(queue)).toBe('year');
  });

  test('makes a key that fails wait longer each time, until it is forgiven', async () => {
    const { queue, clock, metrics } = setUp();
    const delays: number[] = [];
    for (const forgive of [false, false, false, true, false]) {
      const before = clock.monotonic();
      if (forgive) {
        queue.forget('a');
      }
      queue.addRateLimited('a');
      while (queue.depth === 0) {
        await clock.advance(1);
      }
      delays.push(clock.monotonic() - before);
      queue.done((await queue.get()) ?? '');
    }
    expect(delays).toEqual([5, 10, 20, 5, 10]);
    expect(metrics.counts.retried).toBe(5);
  });

  test('measures waiting, working and what is still at work', async () => {
    const { queue, clock, metrics } = setUp();
    queue.add('a');
    await clock.advance(2_000);
    await queue.get();
    await clock.advance(3_000);
    expect(metrics.ages()).toEqual([3]);
    queue.done('a');
    expect(metrics.waits).toEqual([2]);
    expect(metrics.works).toEqual([3]);
    expect(metrics.ages()).toEqual([]);
    expect(metrics.depths).toEqual(expect.arrayContaining([0, 1]));
    expect(metrics.depths.at(-1)).toBe(0);
  });
});

describe('shutting down', () => {
  test('sends idle workers home and takes nothing more', async () => {
    const { queue, clock } = setUp();
    const worker = queue.get();
    queue.addAfter('later', 10);
    await queue.shutDown();
    expect(await worker).toBeUndefined();
    queue.add('a');
    await clock.advance(100);
    expect(await queue.get()).toBeUndefined();
    expect(clock.pendingTimers()).toBe(0);
  });

  test('waits for what is being processed and drops what waits', async () => {
    const { queue } = setUp();
    queue.add('a');
    queue.add('b');
    await queue.get();
    let down = false;
    const shutDown = queue.shutDown().then(() => (down = true));
    await settle();
    expect(down).toBe(false);
    expect(await queue.get()).toBeUndefined();
    queue.done('a');
    await shutDown;
    expect(down).toBe(true);
  });

  test('hands out what waits where it is told to drain', async () => {
    const { queue } = setUp();
    queue.add('a');
    queue.add('b');
    await queue.get();
    const shutDown = queue.shutDown({ drain: true });
    queue.done('a');
    expect(await queue.get()).toBe('b');
    queue.done('b');
    await shutDown;
    expect(await queue.get()).toBeUndefined();
  });
});

describe('whatever happens', () => {
  const keys = ['a', 'b', 'c'];
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...keys) }),
    fc.record({ do: fc.constant('addAfter' as const), key: fc.constantFrom(...keys), ms: fc.nat(50) }),
    fc.record({ do: fc.constant('addRateLimited' as const), key: fc.constantFrom(...keys) }),
    fc.record({ do: fc.constant('get' as const) }),
    fc.record({ do: fc.constant('done' as const), index: fc.nat(5) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(50) }),
  );

  test('no two workers have the same key, and no add is lost, also one made during processing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { queue, clock } = setUp();
        /** Keys that were added and not handed out since. */
        const owed = new Set<string>();
        const inHand: string[] = [];
        const take = async (): Promise<boolean> => {
          const key = await next(queue);
          if (key === undefined) {
            return false;
          }
          expect(inHand).not.toContain(key);
          inHand.push(key);
          owed.delete(key);
          return true;
        };
        for (const current of steps) {
          switch (current.do) {
            case 'add':
              queue.add(current.key);
              owed.add(current.key);
              break;
            case 'addAfter':
              queue.addAfter(current.key, current.ms);
              owed.add(current.key);
              break;
            case 'addRateLimited':
              queue.addRateLimited(current.key);
              owed.add(current.key);
              break;
            case 'get':
              await take();
              break;
            case 'done':
              inHand.splice(current.index, 1).forEach((key) => queue.done(key));
              break;
            case 'wait':
              await clock.advance(current.ms);
              break;
            default:
              current satisfies never;
          }
        }
        await clock.advance(120_000);
        do {
          inHand.splice(0).forEach((key) => queue.done(key));
        } while (await take());
        expect([...owed]).toEqual([]);
        expect(queue.depth).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('with several workers at once, each key is seen after its last change', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom(...keys), gap: fc.nat(20) }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(30),
        async (changes, workers, workMs) => {
          const { queue, clock } = setUp();
          const version = new Map<string, number>();
          const seen = new Map<string, number>();
          const busy = new Set<string>();
          const work = async (): Promise<void> => {
            for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
              const current = key;
              expect(busy.has(current)).toBe(false);
              busy.add(current);
              seen.set(current, version.get(current) ?? 0);
              await new Promise<void>((resolve) => clock.setTimer(resolve, workMs));
              busy.delete(current);
              queue.done(current);
            }
          };
          const working = Promise.all(Array.from({ length: workers }, work));
          for (const { key, gap } of changes) {
            version.set(key, (version.get(key) ?? 0) + 1);
            queue.add(key);
            await clock.advance(gap);
          }
          await clock.advance(10_000);
          expect(seen).toEqual(version);
          await queue.shutDown();
          await working;
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a token bucket', () => {
  test('lets a burst through, then one at a time, each later than the one before', async () => {
    const clock = newFakeClock();
    const bucket = newTokenBucket({ clock, perSecond: 10, burst: 3 });
    expect(Array.from({ length: 5 }, () => bucket.reserve())).toEqual([0, 0, 0, 100, 200]);
    await clock.advance(200);
    expect(bucket.reserve()).toBe(100);
  });

  test('takes no token on credit where only asked to try', async () => {
    const clock = newFakeClock();
    const bucket = newTokenBucket({ clock, perSecond: 1, burst: 1 });
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
    await clock.advance(1_000);
    expect(bucket.tryTake()).toBe(true);
  });

  test('bounds the retries of all keys together', () => {
    const clock = newFakeClock();
    const limiter = newRateLimiter({ clock, perSecond: 10, burst: 2 });
    expect(['a', 'b', 'c', 'd'].map((key) => limiter.when(key))).toEqual([5, 5, 100, 200]);
  });

  test('never makes one key wait longer than its maximum on its own account', () => {
    const limiter = newRateLimiter({ clock: newFakeClock(), perSecond: 1e9, burst: 1e9, maxMs: 1_000 });
    const delays = Array.from({ length: 50 }, () => limiter.when('a'));
    expect(Math.max(...delays)).toBe(1_000);
    expect(limiter.failures('a')).toBe(50);
  });
});
