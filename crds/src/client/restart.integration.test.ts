import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '@chaperone/e2e/cluster/control-plane';
import type { Supervisor } from '@chaperone/e2e/process/supervisor';
import { startTestControlPlane, type TestControlPlane } from '@chaperone/e2e/stack/test-control-plane';
import { newConnection } from './connection.ts';
import { newInformer, type Informer, type InformerObservation } from './informer.ts';
import { configMaps, type ConfigMap } from './kinds.ts';
import { kubeConfigFromFile } from './kubeconfig.ts';
import { newClient, type Client } from './resource-client.ts';

// A control plane of its own: the one that the other tests share must not be stopped under them.
let own: TestControlPlane;
let supervisor: Supervisor;
let options: ControlPlaneOptions;
let controlPlane: ControlPlane;
let client: Client;
let informer: Informer<ConfigMap>;
let observations: InformerObservation[];

beforeAll(async () => {
  own = await startTestControlPlane('restart');
  ({ supervisor, options, controlPlane } = own);
}, 120_000);

afterAll(() => own.stop(), 60_000);

afterEach(async () => {
  await informer.stop();
  await client.connection.close();
});

async function startInformer(idleMs: number): Promise<void> {
  const kubeConfig = kubeConfigFromFile(controlPlane.adminKubeconfig);
  client = newClient({
    connection: newConnection({ kubeConfig, userAgent: 'restart-test' }),
    fieldManager: 'restart-test',
  });
  observations = [];
  informer = newInformer<ConfigMap>({
    client,
    kubeConfig,
    resource: configMaps,
    namespace: 'default',
    idleMs,
    observe: (observation) => observations.push(observation),
  });
  informer.start();
  expect(await informer.waitForSync(AbortSignal.timeout(10_000))).toBe(true);
}

function apiServerPid(): number {
  const record = supervisor.running().find(({ name }) => name === 'kube-apiserver');
  if (record === undefined) {
    throw new TypeError('kube-apiserver does not run');
  }
  return record.pid;
}

async function write(name: string): Promise<void> {
  await client.resource(configMaps).apply({ metadata: { name, namespace: 'default' } });
}

async function heardOf(name: string, timeout: number): Promise<void> {
  await vi.waitFor(() => expect(informer.lister.get({ name, namespace: 'default' })).toBeDefined(), {
    timeout,
    interval: 20,
  });
}

test('a killed API server is noticed, waited for and taken up again, with what changed meanwhile', async () => {
  await startInformer(30_000);
  await write('before');
  await heardOf('before', 5_000);
  process.kill(apiServerPid(), 'SIGKILL');
  await delay(8_000);
  expect(informer.lastError()).toMatchObject({ name: 'ConnectionError' });
  expect(informer.stalenessMs()).toBeGreaterThan(7_000);
  expect(informer.lister.get({ name: 'before', namespace: 'default' })).toBeDefined();
  await startControlPlane(supervisor, options);
  await write('after');
  await heardOf('after', 6_000);
  await vi.waitFor(() => expect(informer.lastError()).toBeUndefined(), { timeout: 6_000 });
  // Every attempt is an observation: eight seconds and a start of the server must not have been a storm.
  expect(observations.length).toBeLessThan(40);
}, 90_000);

test('an API server that hangs is taken for gone after the idle time, and taken up again when it goes on', async () => {
  await startInformer(6_000);
  const pid = apiServerPid();
  process.kill(pid, 'SIGSTOP');
  try {
    await delay(14_000);
    expect(informer.stalenessMs()).toBeGreaterThan(10_000);
    expect(informer.lastError()).toBeDefined();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await write('resumed');
  await heardOf('resumed', 16_000);
}, 90_000);

test('a resourceVersion that the restarted API server no longer knows leads to a new list', async () => {
  await startInformer(30_000);
  const lists = (): number => observations.filter(({ type }) => type === 'listed').length;
  expect(lists()).toBe(1);
  // Moves etcd's revision on where this informer does not look, so that its own place is from before the restart.
  for (let count = 0; count < 5; count += 1) {
    await client
      .resource(configMaps)
      .apply({ metadata: { name: 'moves-on', namespace: 'kube-system' }, data: { count: `${count}` } });
  }
  await supervisor.stop('kube-apiserver');
  await startControlPlane(supervisor, options);
  await write('later');
  await heardOf('later', 8_000);
  const relists = observations.filter((observation) => observation.type === 'watchEnded' && observation.relist);
  expect(relists).toEqual([expect.objectContaining({ error: expect.objectContaining({ status: 410 }) as unknown })]);
  expect(lists()).toBe(2);
}, 90_000);
