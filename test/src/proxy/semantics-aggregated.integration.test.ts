import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GROUP, startCarelessServer, VERSION_PATH, type CarelessServer } from './semantics-aggregated-server.ts';
import { newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
let server: CarelessServer;

const deeds = `${VERSION_PATH}/namespaces/semantics-aggregated/deeds`;
const every = { verbs: ['create' as const], apiGroups: [GROUP], resources: ['deeds'] };
const NAME = `v1.${GROUP}`;

beforeAll(async () => {
  scene = await newScene('aggregated');
  server = await startCarelessServer();
  await scene.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'careless', namespace: scene.namespace },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  await scene.apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: NAME },
    spec: {
      group: GROUP,
      version: 'v1',
      groupPriorityMinimum: 1_000,
      versionPriority: 10,
      insecureSkipTLSVerify: true,
      service: { name: 'careless', namespace: scene.namespace, port: server.port },
    },
  });
  await scene.enforce('deeds', [rule('deeds', every)]);
});

afterAll(async () => {
  await scene.client.kubectl(['delete', 'apiservice', NAME, '--ignore-not-found']);
  server.close();
  await scene.end();
});

test('an aggregated server is sent no dry run, even one that declares them: it may carry them out', async () => {
  const published = ['get', `--raw=/openapi/v3${VERSION_PATH}`];
  await expect.poll(async () => (await scene.client.kubectl(published)).stdout).toContain('"dryRun"');
  const call = {
    method: 'POST',
    path: deeds,
    body: { apiVersion: `${GROUP}/v1`, kind: 'Deed', metadata: { name: 'd' } },
  } as const;
  expect(await scene.outcome(call)).toBe('made');
  expect(server.asked).toEqual([`POST ${deeds}`]);

  await scene.enforce('bad-deeds', [
    deny('bad', { ...every, conditions: [{ name: 'bad', expression: "object.metadata.name == 'bad'" }] }),
  ]);
  expect(await scene.outcome(call)).toBe('denied by bad (condition)');
  expect(server.asked).toEqual([`POST ${deeds}`]);
});
