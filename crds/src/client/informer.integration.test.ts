import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { startFaultProxy, type FaultProxy } from '@chaperone/test/faults/fault-proxy';
import { newConnection } from './connection.ts';
import { newInformer, type Informer, type InformerEvent, type InformerObservation } from './informer.ts';
import { configMaps, namespaces, type ConfigMap } from './kinds.ts';
import { kubeConfigFromFile, kubeConfigFromString, type KubeConfig } from './kubeconfig.ts';
import { newClient, type Client } from './resource-client.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) {
    await end();
  }
});

function clientFor(kubeConfig: KubeConfig): Client {
  const connection = newConnection({ kubeConfig, userAgent: 'informer-test' });
  ends.push(() => connection.close());
  return newClient({ connection, fieldManager: 'informer-test' });
}

interface Setting {
  readonly proxy: FaultProxy;
  /** Past the proxy. */
  readonly direct: Client;
  readonly namespace: string;
  readonly informer: Informer<ConfigMap>;
  readonly events: InformerEvent<ConfigMap>[];
  readonly observations: InformerObservation[];
}

async function setUp(options: { readonly idleMs?: number; readonly resyncMs?: number } = {}): Promise<Setting> {
  const proxy = await startFaultProxy(inject('adminKubeconfig'));
  ends.push(() => proxy.close());
  const direct = clientFor(kubeConfigFromFile(inject('adminKubeconfig')));
  const created = await direct.resource(namespaces).create({ metadata: { generateName: 'informer-' } });
  const namespace = created.metadata.name;
  const kubeConfig = kubeConfigFromString(proxy.kubeconfig);
  const observations: InformerObservation[] = [];
  const informer = newInformer<ConfigMap>({
    client: clientFor(kubeConfig),
    kubeConfig,
    resource: configMaps,
    namespace,
    labelSelector: 'watched=yes',
    indices: { colour: (object) => (object.data?.['colour'] === undefined ? [] : [object.data['colour']]) },
    observe: (observation) => observations.push(observation),
    ...options,
  });
  ends.push(() => informer.stop());
  const events: InformerEvent<ConfigMap>[] = [];
  informer.addHandler((event) => events.push(event));
  return { proxy, direct, namespace, informer, events, observations };
}

async function put({ direct, namespace }: Setting, name: string, colour = 'red'): Promise<void> {
  await direct
    .resource(configMaps)
    .apply({ metadata: { name, namespace, labels: { watched: 'yes' } }, data: { colour } });
}

/** Waits until the lister knows the object in that colour, and says how long that took. */
async function seen({ informer, namespace }: Setting, name: string, colour = 'red', timeout = 15_000): Promise<number> {
  const started = performance.now();
  await vi.waitFor(() => expect(informer.lister.get({ name, namespace })?.data?.['colour']).toBe(colour), {
    timeout,
    interval: 10,
  });
  return performance.now() - started;
}

async function running(setting: Setting): Promise<void> {
  setting.informer.start();
  expect(await setting.informer.waitForSync()).toBe(true);
  await vi.waitFor(() => expect(setting.proxy.openWatches()).toBe(1), { timeout: 5_000, interval: 5 });
}

const status = (code: number, reason: string, more: object = {}): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason, ...more });

const lists = (proxy: FaultProxy): number => proxy.requests.filter((request) => !request.isWatch).length;

describe('on a well API server', () => {
  test('the first list is said as added, changes follow, and indices and deletions keep up', async () => {
    const setting = await setUp();
    const { informer, direct, namespace, events } = setting;
    await put(setting, 'a');
    await direct.resource(configMaps).create({ metadata: { name: 'other', namespace } });
    expect(informer.hasSynced()).toBe(false);
    expect(informer.stalenessMs()).toBeUndefined();
    await running(setting);
    expect(informer.lister.list().map((object) => object.metadata.name)).toEqual(['a']);
    await put(setting, 'b');
    await seen(setting, 'b');
    await put(setting, 'b', 'blue');
    await seen(setting, 'b', 'blue');
    expect(informer.lister.byIndex('colour', 'blue').map((object) => object.metadata.name)).toEqual(['b']);
    expect(informer.lister.byIndex('colour', 'red').map((object) => object.metadata.name)).toEqual(['a']);
    await direct.resource(configMaps).delete({ name: 'a', namespace });
    await vi.waitFor(() => expect(informer.lister.size).toBe(1), { timeout: 5_000 });
    expect(events.map((event) => `${event.type} ${event.object.metadata.name}`)).toEqual([
      'added a',
      'added b',
      'updated b',
      'deleted a',
    ]);
    expect(events.at(-1)).toMatchObject({ finalStateUnknown: false });
    expect(informer.stalenessMs()).toBeLessThan(5_000);
  });

  test('objects in the lister cannot be changed by one of their readers', async () => {
    const setting = await setUp();
    await put(setting, 'a');
    await running(setting);
    const object = setting.informer.lister.get({ name: 'a', namespace: setting.namespace });
    expect(() => Object.assign(object?.data ?? {}, { colour: 'green' })).toThrow(TypeError);
  });

  test('more objects than fit on a page are all there', async () => {
    const setting = await setUp();
    const names = Array.from({ length: 1_010 }, (_, index) => `many-${index}`);
    const api = setting.direct.resource(configMaps);
    for (let start = 0; start < names.length; start += 40) {
      await Promise.all(
        names
          .slice(start, start + 40)
          .map((name) => api.create({ metadata: { name, namespace: setting.namespace, labels: { watched: 'yes' } } })),
      );
    }
    await running(setting);
    expect(setting.informer.lister.size).toBe(1_010);
    expect(lists(setting.proxy)).toBe(3);
  }, 60_000);

  test('a handler that throws neither ends the informer nor keeps the next handler from hearing', async () => {
    const setting = await setUp();
    const { informer, observations } = setting;
    const heard: string[] = [];
    informer.addHandler(() => {
      throw new Error('handler broke');
    });
    informer.addHandler((event) => heard.push(event.object.metadata.name));
    await running(setting);
    await put(setting, 'a');
    await seen(setting, 'a');
    await put(setting, 'b');
    await seen(setting, 'b');
    expect(heard).toEqual(['a', 'b']);
    expect(observations.filter(({ type }) => type === 'handlerFailed')).toHaveLength(2);
  });

  test('every object is said again at the resync interval', async () => {
    const setting = await setUp({ resyncMs: 200 });
    await put(setting, 'a');
    await running(setting);
    await vi.waitFor(
      () => expect(setting.events.filter(({ type }) => type === 'resync').length).toBeGreaterThanOrEqual(2),
      { timeout: 5_000 },
    );
  });
});

describe('when watches end', () => {
  test('one that the server ends is resumed at once, again and again, and nothing is listed again', async () => {
    const setting = await setUp();
    const { proxy } = setting;
    await running(setting);
    const gaps: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await put(setting, 'a', `round-${round}`);
      await seen(setting, 'a', `round-${round}`);
      proxy.endWatches();
      await put(setting, 'b', `round-${round}`);
      gaps.push(await seen(setting, 'b', `round-${round}`));
    }
    expect(Math.max(...gaps)).toBeLessThan(1_000);
    expect(lists(proxy)).toBe(1);
  });

  test('one that is cut in the middle of an event loses nothing', async () => {
    const setting = await setUp();
    const { proxy, observations } = setting;
    await running(setting);
    await put(setting, 'a');
    await seen(setting, 'a');
    proxy.cutWatches();
    await put(setting, 'b');
    expect(await seen(setting, 'b')).toBeLessThan(2_000);
    expect(lists(proxy)).toBe(1);
    expect(observations.filter(({ type }) => type === 'watchEnded')).toHaveLength(1);
  });

  test('one that falls silent is given up after the idle time and resumed', async () => {
    const setting = await setUp({ idleMs: 6_000 });
    const { proxy, informer } = setting;
    await running(setting);
    proxy.freezeWatches();
    await put(setting, 'a');
    await delay(3_000);
    expect(informer.lister.size).toBe(0);
    expect(informer.stalenessMs()).toBeGreaterThan(2_500);
    expect(await seen(setting, 'a')).toBeLessThan(5_000);
    expect(informer.stalenessMs()).toBeLessThan(3_000);
  });

  test('a quiet kind is watched without a gap: each watch follows the one before at once', async () => {
    const proxy = await startFaultProxy(inject('adminKubeconfig'));
    ends.push(() => proxy.close());
    const kubeConfig = kubeConfigFromString(proxy.kubeconfig);
    const observations: InformerObservation[] = [];
    const informer = newInformer({
      client: clientFor(kubeConfig),
      kubeConfig,
      resource: configMaps,
      labelSelector: 'nothing=here',
      watchSeconds: { min: 4, max: 4 },
      idleMs: 6_000,
      observe: (observation) => observations.push(observation),
    });
    ends.push(() => informer.stop());
    informer.start();
    const started = performance.now();
    await vi.waitFor(() => expect(proxy.requests.filter(({ isWatch }) => isWatch).length).toBe(4), {
      timeout: 20_000,
      interval: 50,
    });
    expect(performance.now() - started).toBeGreaterThan(11_000);
    expect(observations.filter(({ type }) => type === 'watchEnded')).toEqual(
      Array.from({ length: 3 }, () => ({ type: 'watchEnded', error: undefined, retryInMs: 0, relist: false })),
    );
    expect(lists(proxy)).toBe(1);
    expect(informer.stalenessMs()).toBeLessThan(6_000);
  });
});

describe('when the API server refuses', () => {
  test('410 on resuming leads to a new list, which says what went meanwhile as a tombstone', async () => {
    const setting = await setUp();
    const { proxy, direct, namespace, events } = setting;
    await put(setting, 'gone');
    await put(setting, 'stays');
    await running(setting);
    proxy.answer(({ isWatch }) => isWatch, { status: 410, body: status(410, 'Expired') });
    // Both before the watch can be resumed: it is answered with 410 first.
    proxy.freezeWatches();
    await direct.resource(configMaps).delete({ name: 'gone', namespace });
    proxy.endWatches();
    await vi.waitFor(() => expect(setting.informer.lister.size).toBe(1), { timeout: 5_000 });
    expect(events.at(-1)).toMatchObject({ type: 'deleted', finalStateUnknown: true });
    expect(lists(proxy)).toBe(2);
    await put(setting, 'later');
    await seen(setting, 'later');
  });

  test('410 as an event inside a watch leads to a new list too', async () => {
    const setting = await setUp();
    const { proxy } = setting;
    await running(setting);
    proxy.injectIntoWatches(JSON.stringify({ type: 'ERROR', object: JSON.parse(status(410, 'Expired')) as unknown }));
    await vi.waitFor(() => expect(lists(proxy)).toBe(2), { timeout: 5_000 });
    await put(setting, 'a');
    await seen(setting, 'a');
  });

  test('410 for ever is listed ever more slowly, not in a tight loop', async () => {
    const setting = await setUp();
    const { proxy } = setting;
    proxy.answer(({ isWatch }) => isWatch, { status: 410, body: status(410, 'Expired') }, 1_000);
    setting.informer.start();
    await delay(4_000);
    expect(lists(proxy)).toBeGreaterThan(2);
    expect(lists(proxy)).toBeLessThan(12);
  });

  test('an object that is made again under its name while nobody watches is said as deleted and added', async () => {
    const setting = await setUp();
    const { proxy, direct, namespace, events } = setting;
    await put(setting, 'a');
    await running(setting);
    proxy.answer(({ isWatch }) => isWatch, { status: 410, body: status(410, 'Expired') });
    proxy.freezeWatches();
    await direct.resource(configMaps).delete({ name: 'a', namespace });
    await put(setting, 'a', 'blue');
    proxy.endWatches();
    await seen(setting, 'a', 'blue');
    expect(events.map(({ type }) => type)).toEqual(['added', 'deleted', 'added']);
  });

  test('429 is waited out as long as the server asked, for lists and for watches', async () => {
    const setting = await setUp();
    const { proxy, informer, observations } = setting;
    const busy = { status: 429, headers: { 'retry-after': '2' }, body: status(429, 'TooManyRequests') };
    proxy.answer(({ isWatch }) => !isWatch, busy);
    proxy.answer(({ isWatch }) => isWatch, busy);
    informer.start();
    await vi.waitFor(() => expect(proxy.requests).toHaveLength(1));
    await delay(500);
    expect(informer.hasSynced()).toBe(false);
    expect(informer.lastError()).toMatchObject({ name: 'ApiError', status: 429 });
    await vi.waitFor(() => expect(proxy.requests).toHaveLength(4), { timeout: 10_000 });
    const [refusedList, list, refusedWatch, watch] = proxy.requests.map(({ at }) => at);
    expect((list ?? 0) - (refusedList ?? 0)).toBeGreaterThan(1_990);
    expect((watch ?? 0) - (refusedWatch ?? 0)).toBeGreaterThan(1_990);
    await put(setting, 'a');
    await seen(setting, 'a');
    expect(informer.lastError()).toBeUndefined();
    expect(observations.map(({ type }) => type)).toEqual(['listFailed', 'listed', 'watchEnded']);
  });

  test.each([500, 503])('%s is retried, for lists and for watches, without a new list', async (code) => {
    const setting = await setUp();
    const { proxy } = setting;
    proxy.answer(({ isWatch }) => !isWatch, { status: code, body: '<html>gateway</html>' }, 2);
    proxy.answer(({ isWatch }) => isWatch, { status: code, body: '' }, 2);
    setting.informer.start();
    await put(setting, 'a');
    await seen(setting, 'a');
    await vi.waitFor(() => expect(proxy.openWatches()).toBe(1), { timeout: 5_000 });
    expect(lists(proxy)).toBe(3);
  });

  test('a resourceVersion in the future of the server, as after a restore of etcd, leads to a new list', async () => {
    const setting = await setUp();
    const { proxy } = setting;
    await running(setting);
    const tooLarge = status(504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } });
    proxy.answer(({ isWatch }) => isWatch, { status: 504, body: tooLarge });
    proxy.endWatches();
    await vi.waitFor(() => expect(lists(proxy)).toBe(2), { timeout: 5_000 });
    await put(setting, 'a');
    await seen(setting, 'a');
  });

  test.each([
    ['no JSON', '{"type":"MODIFIED","object":'],
    ['no object', '[]'],
    ['an unknown type', '{"type":"RENAMED","object":{}}'],
    ['an object without metadata', '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1"}}'],
    ['another kind', '{"type":"ADDED","object":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"}}}'],
  ])('an event that is %s is not skipped: the list is read again', async (_what, line) => {
    const setting = await setUp();
    const { proxy, informer } = setting;
    await running(setting);
    proxy.injectIntoWatches(line);
    await vi.waitFor(() => expect(lists(proxy)).toBe(2), { timeout: 5_000 });
    await put(setting, 'a');
    await seen(setting, 'a');
    expect(informer.lister.size).toBe(1);
  });
});

describe('when there is no API server', () => {
  test('a start in that time is not taken for synced, says why, and recovers by itself', async () => {
    const setting = await setUp();
    const { proxy, informer, observations } = setting;
    await proxy.refuse();
    informer.start();
    await delay(3_000);
    expect(informer.hasSynced()).toBe(false);
    expect(informer.stalenessMs()).toBeUndefined();
    expect(informer.lastError()).toMatchObject({ name: 'ConnectionError' });
    expect(observations.length).toBeLessThan(12);
    await put(setting, 'a');
    await proxy.accept();
    expect(await informer.waitForSync()).toBe(true);
    expect(await seen(setting, 'a')).toBeLessThan(6_000);
  });

  test('a running one goes stale, resumes where it was, and lists nothing again', async () => {
    const setting = await setUp();
    const { proxy, informer } = setting;
    await running(setting);
    await proxy.refuse();
    await put(setting, 'a');
    await delay(6_000);
    expect(informer.stalenessMs()).toBeGreaterThan(5_500);
    expect(informer.hasSynced()).toBe(true);
    await proxy.accept();
    expect(await seen(setting, 'a')).toBeLessThan(6_000);
    expect(lists(proxy)).toBe(1);
    expect(informer.stalenessMs()).toBeLessThan(5_000);
  });
});

describe('stopping', () => {
  test('while a watch runs ends it, and no handler hears of anything later', async () => {
    const setting = await setUp();
    const { proxy, informer, events } = setting;
    await running(setting);
    await informer.stop();
    await vi.waitFor(() => expect(proxy.openWatches()).toBe(0), { timeout: 2_000 });
    const before = proxy.requests.length;
    await put(setting, 'a');
    await delay(1_000);
    expect(events).toEqual([]);
    expect(proxy.requests.length).toBe(before);
  });

  test('during a backoff sends nothing any more', async () => {
    const setting = await setUp();
    const { proxy, informer } = setting;
    const busy = { status: 429, headers: { 'retry-after': '1' }, body: status(429, 'TooManyRequests') };
    proxy.answer(({ isWatch }) => isWatch, busy, 10);
    informer.start();
    await vi.waitFor(() => expect(proxy.requests.some(({ isWatch }) => isWatch)).toBe(true), { timeout: 5_000 });
    await informer.stop();
    const before = proxy.requests.length;
    await delay(2_500);
    expect(proxy.requests.length).toBe(before);
  });

  test('before the first list has come answers whoever waits for it', async () => {
    const setting = await setUp();
    await setting.proxy.refuse();
    setting.informer.start();
    const waiting = setting.informer.waitForSync();
    await setting.informer.stop();
    expect(await waiting).toBe(false);
    await setting.proxy.accept();
  });
});
