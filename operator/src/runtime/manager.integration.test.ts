import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import { systemClock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer, type Informer } from '@chaperone/crds/client/informer';
import { configMaps, events, leases, namespaces, type ConfigMap } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile, kubeConfigFromString, type KubeConfig } from '@chaperone/crds/client/kubeconfig';
import { isDeleting } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import { startFaultProxy, type FaultProxy } from '@chaperone/test/faults/fault-proxy';
import { newLogLines, type LogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import { newMetrics, type Metrics } from '../metrics.ts';
import { newController } from './controller.ts';
import { newEventRecorder, type EventRecorder } from './events.ts';
import { addFinalizer, hasFinalizer, isControlledBy, ownerReference, removeFinalizer } from './finalizers.ts';
import { report } from '@chaperone/crds/process/health';
import { newLeaderElector } from './leaderelection.ts';
import { informerChecks, newManager } from './manager.ts';
import type { Reconciler } from './reconciler.ts';
import { ownersOf, requestFor, watch } from './source.ts';

const FINALIZER = 'chaperone.dev/mirror-test';

let direct: Client;
let namespace: string;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  const connection = newConnection({
    kubeConfig: kubeConfigFromFile(inject('adminKubeconfig')),
    userAgent: 'manager-test',
  });
  ends.push(() => connection.close());
  direct = newClient({ connection, fieldManager: 'manager-test' });
  namespace = (await direct.resource(namespaces).create({ metadata: { generateName: 'manager-' } })).metadata.name;
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) {
    await end();
  }
});

/** Keeps a copy beside each ConfigMap labelled `mirror: yes`: the smallest controller that uses every part. */
function newMirror(client: Client, sources: Informer<ConfigMap>, recorder: EventRecorder): Reconciler {
  const api = client.resource(configMaps);
  return {
    async reconcile(request, { signal }) {
      const source = sources.lister.get(request);
      if (source === undefined || source.metadata.labels?.['mirror'] !== 'yes') {
        return {};
      }
      if (isDeleting(source)) {
        await removeFinalizer(api, source, FINALIZER, { signal });
        return {};
      }
      const held = await addFinalizer(api, source, FINALIZER, { signal });
      await api.apply(
        {
          metadata: {
            ...requestFor(held),
            name: `${request.name}-mirror`,
            ownerReferences: [ownerReference(held)],
          },
          data: source.data ?? {},
        },
        { force: true, signal },
      );
      if (!hasFinalizer(source, FINALIZER)) {
        recorder.event(held, { type: 'Normal', reason: 'Mirrored', action: 'Mirror', note: 'The copy is there' });
      }
      return {};
    },
  };
}

interface Operator {
  readonly proxy: FaultProxy;
  readonly metrics: Metrics;
  readonly log: LogLines;
  readonly stop: () => Promise<void>;
  readonly readiness: () => { ok: boolean; text: string };
  /** How it ended, or undefined while it runs. */
  outcome: unknown;
}

/** One operator process, with its own way to the API server. */
async function startOperator(identity: string): Promise<Operator> {
  const proxy = await startFaultProxy(inject('adminKubeconfig'));
  ends.push(() => proxy.close());
  const kubeConfig: KubeConfig = kubeConfigFromString(proxy.kubeconfig);
  const metrics = newMetrics();
  const log = newLogLines();
  const logger = newLogger({ level: 'debug', stream: log.stream });
  const connection = newConnection({ kubeConfig, userAgent: 'mirror', observe: (call) => metrics.call(call) });
  ends.push(() => connection.close());
  const client = newClient({ connection, fieldManager: 'mirror' });
  const informer = newInformer<ConfigMap>({ client, kubeConfig, resource: configMaps, namespace });
  const recorder = newEventRecorder({
    events: client.resource(events),
    reportingController: 'chaperone.dev/mirror-test',
    reportingInstance: identity,
    clock: systemClock,
    logger,
    observe: (outcome) => metrics.event(outcome),
  });
  const controller = newController({
    name: 'mirror',
    reconciler: newMirror(client, informer, recorder),
    logger,
    metrics: metrics.controller('mirror', 2),
    clock: systemClock,
    maxConcurrentReconciles: 2,
  });
  watch(controller, informer);
  watch(controller, informer, {
    map: ({ object }) => ownersOf(object, { apiVersion: 'v1', kind: 'ConfigMap', namespaced: true }),
  });
  const manager = newManager({
    informers: [informer],
    controllers: [controller],
    elector: newLeaderElector({
      leases: client.resource(leases),
      namespace,
      name: 'mirror',
      identity,
      clock: systemClock,
      logger,
      leaseDurationMs: 3_000,
      renewDeadlineMs: 2_000,
      retryPeriodMs: 400,
      onLeading: metrics.leading('mirror'),
    }),
    recorder,
    clock: systemClock,
    logger,
    graceMs: 2_000,
  });
  const stopping = new AbortController();
  const operator: Operator = {
    proxy,
    metrics,
    log,
    readiness: () => report('readyz', informerChecks([informer], 2_500)),
    stop: async () => {
      stopping.abort();
      await running;
    },
    outcome: undefined,
  };
  const running = manager.run(stopping.signal).then(
    () => (operator.outcome = 'stopped'),
    (error: unknown) => (operator.outcome = error),
  );
  ends.push(operator.stop);
  return operator;
}

async function leads(operator: Operator): Promise<boolean> {
  const metric = await operator.metrics.registry.getSingleMetric('leader_election_master_status')?.get();
  return metric?.values[0]?.value === 1;
}

async function eventually(check: () => Promise<void> | void, timeout = 10_000): Promise<void> {
  await vi.waitFor(check, { timeout, interval: 50 });
}

const source = (name: string, data: Record<string, string>): Promise<unknown> =>
  direct.resource(configMaps).apply({ metadata: { name, namespace, labels: { mirror: 'yes' } }, data });

async function mirrored(name: string, data: Record<string, string>, timeout?: number): Promise<void> {
  await eventually(async () => {
    const copy = await direct.resource(configMaps).get({ name: `${name}-mirror`, namespace });
    expect(copy.data).toEqual(data);
  }, timeout);
}

describe('an operator on a real API server', () => {
  test('converges, repairs its children, lets go on deletion, and says each transition once', async () => {
    const operator = await startOperator('one');
    await source('web', { a: '1' });
    await mirrored('web', { a: '1' });
    const api = direct.resource(configMaps);
    const owner = await api.get({ name: 'web', namespace });
    expect(isControlledBy(await api.get({ name: 'web-mirror', namespace }), owner)).toBe(true);
    expect(hasFinalizer(owner, FINALIZER)).toBe(true);
    await api.delete({ name: 'web-mirror', namespace });
    await mirrored('web', { a: '1' });
    await api.mergePatch({ name: 'web-mirror', namespace }, { data: { a: 'edited by hand' } });
    await mirrored('web', { a: '1' });
    await source('web', { a: '2' });
    await mirrored('web', { a: '2' });
    await eventually(async () => {
      const { items } = await direct.resource(events).list({ namespace });
      expect(items.filter(({ reason }) => reason === 'Mirrored')).toEqual([
        expect.objectContaining({
          note: 'The copy is there',
          reportingInstance: 'one',
          regarding: expect.objectContaining({ kind: 'ConfigMap', name: 'web', namespace }) as unknown,
        }),
      ]);
    });
    await api.delete({ name: 'web', namespace });
    await eventually(async () => {
      await expect(api.get({ name: 'web', namespace })).rejects.toSatisfy(isNotFound);
    });
    expect(operator.readiness()).toEqual({ ok: true, text: '[+]informer-configmaps ok\nreadyz check passed\n' });
    expect(operator.log.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('keeps the lead over an API server that is away for less than the renew deadline, and works on by itself', async () => {
    const operator = await startOperator('one');
    await eventually(async () => expect(await leads(operator)).toBe(true));
    await operator.proxy.refuse();
    await source('web', { a: '1' });
    await delay(1_200);
    await operator.proxy.accept();
    await mirrored('web', { a: '1' });
    expect(operator.outcome).toBeUndefined();
    expect(operator.readiness().ok).toBe(true);
  });

  test('that starts without an API server is not ready, and leads nothing, until there is one', async () => {
    const operator = await startOperator('one');
    await operator.proxy.refuse();
    await delay(1_000);
    const { ok, text } = operator.readiness();
    expect(ok).toBe(false);
    expect(text).toMatch(/^\[-\]informer-configmaps failed: not synced/);
    expect(await leads(operator)).toBe(false);
    await operator.proxy.accept();
    await eventually(async () => expect(await leads(operator)).toBe(true));
    expect(operator.readiness().ok).toBe(true);
  });
});

describe('two operators', () => {
  test('of which the leader stops hand over at once', async () => {
    const first = await startOperator('first');
    await eventually(async () => expect(await leads(first)).toBe(true));
    const second = await startOperator('second');
    await eventually(() => expect(second.readiness().ok).toBe(true));
    expect(await leads(second)).toBe(false);
    await first.stop();
    expect(first.outcome).toBe('stopped');
    await eventually(async () => expect(await leads(second)).toBe(true), 1_500);
    await source('web', { a: '1' });
    await mirrored('web', { a: '1' });
    const lease = await direct.resource(leases).get({ name: 'mirror', namespace });
    expect(lease.spec?.holderIdentity).toBe('second');
  });

  test('of which the leader is cut off never lead both, and the one cut off ends', async () => {
    const first = await startOperator('first');
    await eventually(async () => expect(await leads(first)).toBe(true));
    const second = await startOperator('second');
    await first.proxy.refuse();
    let both = false;
    for (let turn = 0; turn < 60 && !(await leads(second)); turn += 1) {
      both ||= (await leads(first)) && (await leads(second));
      await delay(100);
    }
    expect(both).toBe(false);
    expect(await leads(second)).toBe(true);
    expect(first.outcome).toMatchObject({ name: 'LeadershipLostError' });
    expect(first.log.lines().map(({ message }) => message)).toContain('Lost the lease');
    await source('web', { a: '1' });
    await mirrored('web', { a: '1' });
  });
});

describe('an operator that waits for the lead', () => {
  test('says that it is not ready while it hears nothing, and is ready again by itself', async () => {
    const first = await startOperator('first');
    await eventually(async () => expect(await leads(first)).toBe(true));
    const second = await startOperator('second');
    await eventually(() => expect(second.readiness().ok).toBe(true));
    await second.proxy.refuse();
    await delay(3_000);
    expect(second.readiness()).toEqual({
      ok: false,
      text: expect.stringMatching(
        /^\[-\]informer-configmaps failed: nothing heard from the API server for 3 s\n/,
      ) as unknown,
    });
    await second.proxy.accept();
    await eventually(() => expect(second.readiness().ok).toBe(true));
    expect([first.outcome, second.outcome]).toEqual([undefined, undefined]);
    expect(await leads(first)).toBe(true);
  });
});

describe('finalizers', () => {
  test('of others are kept: a list that was read before they came is a conflict', async () => {
    const api = direct.resource(configMaps);
    const read = await api.create({ metadata: { name: 'shared', namespace } });
    const others = await addFinalizer(api, read, 'example.com/theirs');
    await expect(addFinalizer(api, read, FINALIZER)).rejects.toSatisfy(isConflict);
    const both = await addFinalizer(api, others, FINALIZER);
    expect(both.metadata.finalizers).toEqual(['example.com/theirs', FINALIZER]);
    await removeFinalizer(api, both, FINALIZER);
    await expect(removeFinalizer(api, both, 'example.com/theirs')).rejects.toSatisfy(isConflict);
    const left = await api.get({ name: 'shared', namespace });
    expect(left.metadata.finalizers).toEqual(['example.com/theirs']);
    await removeFinalizer(api, left, 'example.com/theirs');
    await api.delete({ name: 'shared', namespace });
    await removeFinalizer(api, left, 'example.com/theirs');
  });
});

describe('events', () => {
  test('repeated are one object with a series, as the API server accepts it', async () => {
    const api = direct.resource(events);
    const recorder = newEventRecorder({
      events: api,
      reportingController: 'chaperone.dev/mirror-test',
      reportingInstance: 'one',
      clock: systemClock,
      logger: newLogger({ level: 'error', stream: newLogLines().stream }),
      seriesMs: 50,
    });
    const about = await direct.resource(configMaps).create({ metadata: { name: 'noisy', namespace } });
    const clusterScoped = await direct.resource(namespaces).get({ name: namespace });
    for (let count = 0; count < 7; count += 1) {
      recorder.event(about, { type: 'Warning', reason: 'Noisy', action: 'Look', note: '語'.repeat(1_000) });
    }
    recorder.event(clusterScoped, { type: 'Normal', reason: 'Seen', action: 'Look', note: 'about a namespace' });
    await recorder.stop(5_000);
    const { items } = await api.list({ namespace });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ reason: 'Noisy', type: 'Warning', series: { count: 7 } });
    const elsewhere = await api.list({ namespace: 'default' });
    expect(elsewhere.items.filter(({ regarding }) => regarding?.name === namespace)).toHaveLength(1);
  });
});
