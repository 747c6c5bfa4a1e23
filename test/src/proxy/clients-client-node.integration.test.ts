import { CoreV1Api, KubeConfig, ListWatch, Watch, type V1ConfigMap } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { PATHS, type ClientPaths, type PathName } from './clients-paths.ts';
import { startClientsScene, type ClientsScene } from './clients-scene.ts';
import { newTwins } from './clients-twins.ts';

const GROUP = 'clients-client-node';
const twins = newTwins();

let scene: ClientsScene;
let paths: ClientPaths;

beforeAll(async () => {
  scene = await startClientsScene(GROUP, twins);
  ({ paths } = scene);
});

afterAll(async () => {
  await scene.end();
});

function configOf(path: PathName): KubeConfig {
  const config = new KubeConfig();
  // client-node does not send the groups of a kubeconfig that impersonates: directly, the administrator does as well.
  config.loadFromFile(path === 'direct' ? inject('gateway').adminKubeconfig : paths.kubeconfig.gateway);
  return config;
}

/** A client-node informer as its documentation has it, and what it told. */
function informerOf(path: PathName, labelSelector: string, query = '') {
  const config = configOf(path);
  const api = config.makeApiClient(CoreV1Api);
  const namespace = twins.namespace[path];
  const events: string[] = [];
  const informer = new ListWatch<V1ConfigMap>(
    `/api/v1/namespaces/${namespace}/configmaps${query}`,
    new Watch(config),
    () => api.listNamespacedConfigMap({ namespace, labelSelector }),
    false,
    labelSelector,
  );
  const told = (event: string) => (object: V1ConfigMap) =>
    void events.push(`${event} ${object.metadata?.name} ${object.data?.['a'] ?? ''}`);
  informer.on('add', told('add'));
  informer.on('update', told('update'));
  informer.on('delete', told('delete'));
  informer.on('error', (error: unknown) => void events.push(`error ${String(error)}`));
  return { informer, api, namespace, events };
}

const configMap = (name: string, a: string): V1ConfigMap => ({
  metadata: { name, labels: { informed: 'yes' } },
  data: { a },
});

describe('an informer of client-node', () => {
  test('tells the same through the gateway as without it', async () => {
    const life = async (path: PathName): Promise<readonly string[]> => {
      const { informer, api, namespace, events } = informerOf(path, 'informed=yes');
      await api.createNamespacedConfigMap({ namespace, body: configMap('before', '0') });
      await informer.start();
      try {
        await api.createNamespacedConfigMap({ namespace, body: configMap('during', '1') });
        await api.replaceNamespacedConfigMap({ name: 'during', namespace, body: configMap('during', '2') });
        await api.deleteNamespacedConfigMap({ name: 'during', namespace });
        await vi.waitFor(() => expect(events.at(-1)).toBe('delete during 2'), { timeout: 15_000, interval: 50 });
        expect(informer.list().map(({ metadata }) => metadata?.name)).toEqual(['before']);
        // Before it is stopped, of which client-node tells as an error, or does not.
        return [...events];
      } finally {
        await informer.stop();
      }
    };
    const [direct, gateway] = await Promise.all(PATHS.map(life));
    expect(gateway).toEqual(direct);
    expect(gateway).toEqual(['add before 0', 'add during 1', 'update during 2', 'delete during 2']);
  });

  test('outlives watches that end, as those of an API server do, and misses nothing between them', async () => {
    const life = async (path: PathName): Promise<readonly string[]> => {
      // The API server ends each watch by itself, as it does after half an hour.
      const { informer, api, namespace, events } = informerOf(path, 'outlives=yes', '?timeoutSeconds=1');
      const body = (a: string): V1ConfigMap => ({
        metadata: { name: 'outlived', labels: { outlives: 'yes' } },
        data: { a },
      });
      let watches = 0;
      informer.on('connect', () => void (watches += 1));
      await informer.start();
      try {
        await api.createNamespacedConfigMap({ namespace, body: body('1') });
        for (const a of ['2', '3']) {
          const before = watches;
          await vi.waitFor(() => expect(watches).toBeGreaterThan(before), { timeout: 15_000, interval: 50 });
          await api.replaceNamespacedConfigMap({ name: 'outlived', namespace, body: body(a) });
        }
        await vi.waitFor(() => expect(events.at(-1)).toBe('update outlived 3'), { timeout: 15_000, interval: 50 });
        // Before it is stopped, of which client-node tells as an error, or does not.
        return [...events];
      } finally {
        await informer.stop();
      }
    };
    const [direct, gateway] = await Promise.all(PATHS.map(life));
    expect(gateway).toEqual(direct);
    expect(gateway).toEqual(['add outlived 1', 'update outlived 2', 'update outlived 3']);
  });
});
