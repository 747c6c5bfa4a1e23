import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, summarizeStatus } from '@chaperone/crds/client/api-error';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import { newMetrics, type Metrics } from '../metrics.ts';
import { newController, type Controller, type ControllerOptions } from './controller.ts';
import { requestOf, TerminalError, type ReconcileContext, type Reconciler, type Request } from './reconciler.ts';

type Reconcile = Reconciler['reconcile'];

interface Setting {
  readonly controller: Controller;
  readonly clock: FakeClock;
  readonly metrics: Metrics;
  readonly lines: () => Record<string, unknown>[];
}

function setUp(reconcile: Reconcile, options: Partial<ControllerOptions> = {}): Setting {
  const clock = newFakeClock();
  const metrics = newMetrics();
  const { stream, lines } = newLogLines();
  let id = 0;
  const controller = newController({
    name: 'tested',
    reconciler: { reconcile },
    logger: newLogger({ level: 'debug', stream }),
    metrics: metrics.controller('tested', 1),
    clock,
    newReconcileID: () => `id-${++id}`,
    ...options,
  });
  return { controller, clock, metrics, lines };
}

async function value(metrics: Metrics, name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const metric = await metrics.registry.getSingleMetric(name)?.get();
  return metric?.values.find((sample) =>
    Object.entries({ controller: 'tested', ...labels }).every(([key, label]) => sample.labels[key] === label),
  )?.value;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a controller', () => {
  test('reconciles what is enqueued, also before it starts, and counts it', async () => {
    const seen: Request[] = [];
    const { controller, metrics } = setUp(async (request) => {
      seen.push(request);
      return {};
    });
    controller.enqueue({ name: 'early', namespace: 'a' });
    await settle();
    expect(seen).toEqual([]);
    expect(await value(metrics, 'controller_runtime_reconcile_total', { result: 'success' })).toBe(0);
    controller.start();
    controller.enqueue({ name: 'clusterwide' });
    await settle();
    expect(seen).toEqual([{ name: 'early', namespace: 'a' }, { name: 'clusterwide' }]);
    expect(await value(metrics, 'controller_runtime_reconcile_total', { result: 'success' })).toBe(2);
    expect(await value(metrics, 'controller_runtime_active_workers')).toBe(0);
    expect(await value(metrics, 'workqueue_adds_total')).toBe(2);
  });

  test('comes again when asked to, and not sooner', async () => {
    const times: number[] = [];
    const { controller, clock } = setUp(async () => {
      times.push(clock.monotonic());
      return { requeueAfterMs: 30_000 };
    });
    controller.start();
    controller.enqueue({ name: 'x' });
    await clock.advance(95_000);
    expect(times).toEqual([0, 30_000, 60_000, 90_000]);
  });

  test.each<[string, Reconcile]>([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws before its promise',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects with nothing', () => Promise.reject(undefined)],
  ])('goes on after a reconciler that %s, with backoff', async (_what, reconcile) => {
    const spy = vi.fn<Reconcile>(reconcile);
    const { controller, clock, metrics, lines } = setUp(spy);
    controller.start();
    controller.enqueue({ name: 'bad' });
    await clock.advance(40);
    // At 0, 5, 15, 35 ms.
    expect(spy).toHaveBeenCalledTimes(4);
    expect(await value(metrics, 'controller_runtime_reconcile_errors_total')).toBe(4);
    expect(await value(metrics, 'workqueue_retries_total')).toBe(4);
    expect(lines().filter(({ message }) => message === 'Reconcile failed')).toHaveLength(4);
    controller.enqueue({ name: 'good' });
    await settle();
    expect(spy).toHaveBeenCalledWith({ name: 'good' }, expect.anything());
  });

  test('does not retry what cannot succeed, and comes again when the object changes', async () => {
    const spy = vi.fn<Reconcile>(() => Promise.reject(new TerminalError('the rule cannot compile')));
    const { controller, clock, metrics } = setUp(spy);
    controller.start();
    controller.enqueue({ name: 'x' });
    await clock.advance(3_600_000);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(await value(metrics, 'controller_runtime_terminal_reconcile_errors_total')).toBe(1);
    expect(await value(metrics, 'controller_runtime_reconcile_errors_total')).toBe(1);
    controller.enqueue({ name: 'x' });
    await settle();
    expect(spy).toHaveBeenCalledTimes(2);
  });

  test('retries a conflict without calling it an error', async () => {
    const conflict = new ApiError(
      'PUT /x',
      summarizeStatus({ status: 409, body: { kind: 'Status', reason: 'Conflict' } }),
    );
    const spy = vi.fn<Reconcile>().mockRejectedValueOnce(conflict).mockResolvedValue({});
    const { controller, clock, metrics, lines } = setUp(spy);
    controller.start();
    controller.enqueue({ name: 'x' });
    await clock.advance(100);
    expect(spy).toHaveBeenCalledTimes(2);
    expect(await value(metrics, 'controller_runtime_reconcile_errors_total')).toBe(0);
    expect(await value(metrics, 'controller_runtime_reconcile_total', { result: 'requeue' })).toBe(1);
    expect(lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('forgets the failures of an object that succeeds', async () => {
    const times: number[] = [];
    const { controller, clock } = setUp(async () => {
      times.push(clock.monotonic());
      if (times.length === 3) {
        return {};
      }
      throw new Error('broken');
    });
    controller.start();
    controller.enqueue({ name: 'x' });
    await clock.advance(100);
    controller.enqueue({ name: 'x' });
    await clock.advance(9);
    expect(times).toEqual([0, 5, 15, 100, 105]);
  });

  test('runs as many at a time as it may, and never one object twice', async () => {
    const running = new Set<string>();
    let most = 0;
    let twice = false;
    const { controller, clock } = setUp(
      async ({ name }) => {
        twice ||= running.has(name);
        running.add(name);
        most = Math.max(most, running.size);
        await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
        running.delete(name);
        return {};
      },
      { maxConcurrentReconciles: 3 },
    );
    controller.start();
    for (let round = 0; round < 20; round += 1) {
      ['a', 'b', 'c', 'd', 'e'].forEach((name) => controller.enqueue({ name }));
      await clock.advance(70);
    }
    expect(most).toBe(3);
    expect(twice).toBe(false);
  });

  test('tells a reconciler whose time is up, and keeps its key from others until it returns', async () => {
    let finish: () => void = () => undefined;
    const contexts: ReconcileContext[] = [];
    const { controller, clock, metrics } = setUp(
      async (_request, context) => {
        contexts.push(context);
        await new Promise<void>((resolve) => (finish = resolve));
        return {};
      },
      { reconcileTimeoutMs: 1_000, maxConcurrentReconciles: 2 },
    );
    controller.start();
    controller.enqueue({ name: 'slow' });
    await clock.advance(1_500);
    expect(contexts[0]?.signal.aborted).toBe(true);
    controller.enqueue({ name: 'slow' });
    await clock.advance(1_000);
    expect(contexts).toHaveLength(1);
    expect(await value(metrics, 'workqueue_longest_running_processor_seconds')).toBe(2.5);
    expect(await value(metrics, 'controller_runtime_reconcile_timeouts_total')).toBe(1);
    finish();
    await settle();
    expect(contexts).toHaveLength(2);
    expect(contexts[1]?.signal.aborted).toBe(false);
  });

  test('names controller, object and one id per reconcile in every line', async () => {
    const { controller, lines } = setUp(async (_request, { logger }) => {
      logger.info('Looked around');
      return {};
    });
    controller.start();
    controller.enqueue({ name: 'x', namespace: 'ns' });
    await settle();
    const own = lines().filter(({ message }) => message !== 'Started controller');
    expect(own.map(({ message }) => message)).toEqual(['Looked around', 'Reconciled']);
    for (const line of own) {
      expect(line).toMatchObject({ controller: 'tested', namespace: 'ns', name: 'x', reconcileID: 'id-1' });
    }
  });
});

describe('stopping', () => {
  test('lets what runs finish and begins nothing new', async () => {
    const seen: string[] = [];
    const { controller, clock } = setUp(async ({ name }) => {
      seen.push(name);
      await new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
      return { requeueAfterMs: 10 };
    });
    controller.start();
    controller.enqueue({ name: 'a' });
    controller.enqueue({ name: 'b' });
    await settle();
    const stopped = controller.stop(5_000);
    await clock.advance(2_000);
    expect(await stopped).toBe(true);
    await clock.advance(10_000);
    expect(seen).toEqual(['a']);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('aborts what does not finish in time', async () => {
    const { controller, clock } = setUp(
      (_request, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
        ),
    );
    controller.start();
    controller.enqueue({ name: 'a' });
    await settle();
    const stopped = controller.stop(5_000);
    await clock.advance(5_000);
    expect(await stopped).toBe(true);
  });

  test('says so where a reconciler does not heed its signal', async () => {
    const { controller, clock, lines } = setUp(() => new Promise(() => undefined));
    controller.start();
    controller.enqueue({ name: 'a' });
    await settle();
    const stopped = controller.stop(5_000);
    await clock.advance(10_000);
    expect(await stopped).toBe(false);
    expect(lines().at(-1)).toMatchObject({ message: 'Controller did not stop in time', active: 1 });
  });
});

test('requests and keys are told apart by their slash', () => {
  expect(requestOf('/x')).toEqual({ name: 'x' });
  expect(requestOf('ns/x')).toEqual({ name: 'x', namespace: 'ns' });
});
