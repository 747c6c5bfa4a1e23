import { expect, test } from 'vitest';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newConnection } from '@chaperone/crds/client/connection';
import { kubeConfigFromString } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import { newLogger } from '@chaperone/crds/process/logger';
import { newNoReplicasReconciler } from './no-replicas.ts';
import type { Replica } from './replicas.ts';

const kubeConfig = kubeConfigFromString(
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
  }),
);
const release = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'chaperone-release', uid: 'uid', resourceVersion: '1' },
};

function setUp(isOnRecord: boolean) {
  const clock = newFakeClock();
  const said: string[] = [];
  const state: { replicas: readonly Replica[] } = { replicas: [] };
  const connection = { ...newConnection({ kubeConfig, userAgent: 'test' }), request: async () => release };
  const reconciler = newNoReplicasReconciler({
    client: newClient({ connection, fieldManager: 'test' }),
    replicas: { live: () => state.replicas },
    isOnRecord: () => isOnRecord,
    recorder: { event: (object, { type, reason }) => void said.push(`${type} ${reason} ${object.metadata.name}`) },
    clock,
  });
  const logger = newLogger({ level: 'error', stream: newLogLines().stream });
  const { signal } = new AbortController();
  const look = () => reconciler.reconcile({ name: 'gateway' }, { signal, logger });
  return Object.assign(state, { clock, said, look });
}

const TOLD = 'Warning NoReplicas chaperone-release';

test('that there is no replica is said once, when it has been so for a while, and again the next time', async () => {
  const setting = setUp(false);
  expect(await setting.look()).toEqual({ requeueAfterMs: 10_000 });
  await setting.clock.advance(9_999);
  expect(await setting.look()).toEqual({ requeueAfterMs: 1 });
  expect(setting.said).toEqual([]);
  await setting.clock.advance(1);
  expect(await setting.look()).toEqual({});
  expect(await setting.look()).toEqual({});
  expect(setting.said).toEqual([TOLD]);
  setting.replicas = [{ name: 'a', revision: undefined }];
  await setting.look();
  setting.replicas = [];
  await setting.look();
  await setting.clock.advance(10_000);
  await setting.look();
  expect(setting.said).toEqual([TOLD, TOLD]);
});

test('a replica that comes in time keeps it from being said', async () => {
  const setting = setUp(false);
  await setting.look();
  await setting.clock.advance(9_000);
  setting.replicas = [{ name: 'a', revision: undefined }];
  expect(await setting.look()).toEqual({});
  await setting.clock.advance(60_000);
  expect(setting.said).toEqual([]);
});

test('a restart is no news', async () => {
  const setting = setUp(true);
  expect(await setting.look()).toEqual({});
  await setting.clock.advance(60_000);
  await setting.look();
  expect(setting.said).toEqual([]);
});
