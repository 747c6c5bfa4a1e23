import { describe, expect, test } from 'vitest';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import type { ElectionOutcome } from './leaderelection.ts';
import { informerChecks, leaseCheck, newManager, type ManagedInformer, type Runnable } from './manager.ts';

interface Setting {
  readonly clock: FakeClock;
  readonly order: string[];
  readonly stop: AbortController;
  readonly run: Promise<unknown>;
  readonly sync: () => void;
  readonly win: () => void;
  readonly lose: () => void;
}

/** A manager over parts that only take note of what is asked of them. */
function setUp(runnables: readonly Runnable[] = []): Setting {
  const clock = newFakeClock();
  const order: string[] = [];
  const stop = new AbortController();
  let sync: () => void = () => undefined;
  let win: () => void = () => undefined;
  let lose: () => void = () => undefined;
  const informer: ManagedInformer = {
    resource: { plural: 'configmaps' },
    start: () => order.push('informer starts'),
    stop: async () => void order.push('informer stops'),
    hasSynced: () => false,
    waitForSync: (signal) =>
      new Promise((resolve) => {
        sync = () => resolve(true);
        signal?.addEventListener('abort', () => resolve(false), { once: true });
      }),
    stalenessMs: () => undefined,
    lastError: () => undefined,
  };
  const manager = newManager({
    informers: [informer],
    controllers: [
      {
        name: 'c',
        enqueue: () => undefined,
        enqueueAfter: () => undefined,
        start: () => order.push('controller starts'),
        stop: async (graceMs) => {
          order.push(`controller stops within ${graceMs}`);
          return true;
        },
      },
    ],
    runnables,
    elector: {
      isLeader: () => true,
      leader: () => undefined,
      stalenessMs: () => undefined,
      run: (onStartedLeading, signal) =>
        new Promise<ElectionOutcome>((resolve) => {
          order.push('election starts');
          win = onStartedLeading;
          lose = () => resolve('lost');
          signal.addEventListener(
            'abort',
            () => {
              order.push('lease is released');
              resolve('stopped');
            },
            { once: true },
          );
        }),
    },
    onLost: () => order.push('connection is cut'),
    recorder: { event: () => undefined, stop: async () => void order.push('events are written') },
    clock,
    logger: newLogger({ level: 'error', stream: newLogLines().stream }),
    graceMs: 5_000,
  });
  const run = manager.run(stop.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  return { clock, order, stop, run, sync: () => sync(), win: () => win(), lose: () => lose() };
}

const STARTED = ['informer starts', 'election starts', 'controller starts'];

describe('a manager', () => {
  test('starts in the order of need and stops in reverse, the lease before the informers and after the work', async () => {
    const setting = setUp();
    setting.sync();
    await settle();
    setting.win();
    setting.stop.abort();
    await setting.clock.advance(10_000);
    expect(await setting.run).toBe('stopped');
    expect(setting.order).toEqual([
      ...STARTED,
      'controller stops within 5000',
      'events are written',
      'lease is released',
      'informer stops',
    ]);
  });

  test('that is stopped before its caches are synced never stands for election', async () => {
    const setting = setUp();
    await settle();
    setting.stop.abort();
    expect(await setting.run).toBe('stopped');
    expect(setting.order).toEqual(['informer starts', 'informer stops']);
  });

  test('that loses the lease stops its work without a moment of grace, and says so', async () => {
    const setting = setUp();
    setting.sync();
    await settle();
    setting.win();
    setting.lose();
    await setting.clock.advance(0);
    expect(await setting.run).toMatchObject({ name: 'LeadershipLostError', code: 'ERR_LEADERSHIP_LOST' });
    expect(setting.order.slice(0, 5)).toEqual([...STARTED, 'connection is cut', 'controller stops within 0']);
  });

  test('ends with what a runnable threw, after stopping the rest', async () => {
    const broken = new Error('cannot apply');
    const setting = setUp([{ name: 'broken', run: () => Promise.reject(broken) }]);
    setting.sync();
    await settle();
    setting.win();
    await setting.clock.advance(10_000);
    expect(await setting.run).toBe(broken);
    expect(setting.order).toEqual(expect.arrayContaining(['lease is released', 'informer stops']));
  });

  test('tells its runnables when to end, and does not wait for ever for one that does not', async () => {
    const ended: string[] = [];
    const setting = setUp([
      {
        name: 'heeds',
        run: (signal) =>
          new Promise((resolve) =>
            signal.addEventListener('abort', () => {
              ended.push('heeds');
              resolve();
            }),
          ),
      },
      { name: 'hangs', run: () => new Promise(() => undefined) },
    ]);
    setting.sync();
    await settle();
    setting.win();
    setting.stop.abort();
    await setting.clock.advance(5_000);
    expect(await setting.run).toBe('stopped');
    expect(ended).toEqual(['heeds']);
  });
});

describe('readiness by informers', () => {
  const informer = (change: Partial<ManagedInformer>): ManagedInformer => ({
    resource: { plural: 'configmaps' },
    start: () => undefined,
    stop: async () => undefined,
    hasSynced: () => true,
    waitForSync: async () => true,
    stalenessMs: () => 1_000,
    lastError: () => undefined,
    ...change,
  });

  test.each<[string, Partial<ManagedInformer>, string | undefined]>([
    ['synced and fresh', {}, undefined],
    ['not synced', { hasSynced: () => false }, 'not synced yet'],
    [
      'not synced for a reason',
      { hasSynced: () => false, lastError: () => new Error('x') },
      'not synced: the list fails',
    ],
    ['stale', { stalenessMs: () => 61_000 }, 'nothing heard from the API server for 61 s'],
  ])('%s', (_what, change, want) => {
    const [check] = informerChecks([informer(change)]);
    expect(check?.name).toBe('informer-configmaps');
    expect(check?.check()).toBe(want);
  });
});

test.each([
  [undefined, undefined],
  [2_900, undefined],
  [3_901, undefined],
  [5_100, 'no call about the lease was served for 5 s'],
])('readiness by the lease, whose last call was served %s ms ago', (stalenessMs, want) => {
  expect(leaseCheck({ stalenessMs: () => stalenessMs }, 2_001).check()).toBe(want);
});
