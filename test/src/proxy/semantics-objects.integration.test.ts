import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallAnswer, CallRequest } from './gateway-client.ts';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
let maps: string;
let secrets: string;
let deployments: string;

const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});

/** What a Deployment is denied for; each is a value that only the API server's own result has. */
const deploymentRules: readonly PolicyRule[] = [
  deny('three-replicas', when('replicas', 'object.spec.replicas == 3')),
  deny('recreate', when('strategy', "object.spec.strategy.type == 'Recreate'")),
  deny('latest', when('image', "object.spec.template.spec.containers.exists(c, c.image == 'app:latest')")),
  deny(
    'lost-sidecar',
    when(
      'sidecar',
      "oldObject != null && oldObject.spec.template.spec.containers.exists(c, c.name == 'sidecar') && !object.spec.template.spec.containers.exists(c, c.name == 'sidecar')",
    ),
  ),
  // Nobody sends this: it is there by default.
  deny(
    'default-deadline',
    when('deadline', "object.spec.progressDeadlineSeconds == 600 && 'deadline' in object.metadata.annotations"),
  ),
].map((given) => ({ ...given, verbs: ['create', 'update', 'patch'], apiGroups: ['apps'], resources: ['deployments'] }));

beforeAll(async () => {
  scene = await newScene('objects');
  const inNamespace = `/api/v1/namespaces/${scene.namespace}`;
  maps = `${inNamespace}/configmaps`;
  secrets = `${inNamespace}/secrets`;
  deployments = `/apis/apps/v1/namespaces/${scene.namespace}/deployments`;
  await scene.enforce('objects', [
    rule('maps', { verbs: ['*'], resources: ['configmaps'] }),
    deny('guarded', { verbs: ['*'], resources: ['configmaps'], objectSelector: { matchLabels: { guard: 'yes' } } }),
    deny('locked', {
      verbs: ['update', 'patch', 'delete'],
      resources: ['configmaps'],
      ...when('mode', "has(object.data) && 'mode' in object.data && object.data.mode == 'locked'"),
    }),
    rule('open-secrets', { verbs: ['*'], resources: ['secrets'], objectSelector: { matchLabels: { open: 'yes' } } }),
    rule('namespaces', { verbs: ['*'], resources: ['namespaces'], namespaces: ['semantics-objects-own'] }),
    rule('labelled-namespaces', {
      verbs: ['*'],
      resources: ['namespaces'],
      namespaceSelector: { matchLabels: { 'semantics-objects': 'mine' } },
    }),
    rule('deployments', { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'] }),
    deny('scale-to-zero', {
      verbs: ['update', 'patch'],
      apiGroups: ['apps'],
      resources: ['deployments/scale'],
      ...when('zero', '!has(object.spec.replicas) || object.spec.replicas == 0'),
    }),
    ...deploymentRules,
  ]);
});

afterAll(async () => {
  await scene.client.kubectl([
    'delete',
    'namespace',
    'semantics-objects-own',
    'semantics-objects-labelled',
    '--ignore-not-found',
    '--wait=false',
  ]);
  await scene.end();
});

const patched = (path: string, type: string, body: unknown): CallRequest => ({
  method: 'PATCH',
  path,
  headers: { 'content-type': `application/${type}` },
  body,
});

async function expectDenied(call: CallRequest, ruleName: string): Promise<void> {
  const answer = await scene.call(call);
  expect(answer.status, answer.text.slice(0, 500)).toBe(403);
  expect(messageOf(answer)).toContain(`"${ruleName}"`);
  // By what was looked up, not for want of knowing it.
  expect(messageOf(answer)).not.toContain('cannot be known');
  const asked = await scene.reached(answer);
  // Looked at, and not done.
  for (const line of asked) expect(line.startsWith('get ') || line.endsWith('dryRun=All'), line).toBe(true);
}

async function expectMade(call: CallRequest): Promise<CallAnswer> {
  const answer = await scene.call(call);
  expect(answer.status, answer.text.slice(0, 500)).toBeLessThan(300);
  return answer;
}

const configMap = (name: string, labels: object, data: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: scene.namespace, labels },
  data,
});

describe('objectSelector in Deny matches if the old or the new object does', () => {
  beforeEach(async () => {
    await scene.apply(configMap('guarded', { guard: 'yes' }));
    await scene.apply(configMap('plain', { guard: 'no' }));
  });

  test('the old one, whose label an update takes away', () =>
    expectDenied({ method: 'PUT', path: `${maps}/guarded`, body: configMap('guarded', {}) }, 'guarded'));
  test('the new one, to which a patch gives the label', () =>
    expectDenied(patched(`${maps}/plain`, 'merge-patch+json', { metadata: { labels: { guard: 'yes' } } }), 'guarded'));
  test('the one that is created', () =>
    expectDenied({ method: 'POST', path: maps, body: configMap('made', { guard: 'yes' }) }, 'guarded'));
  test('the one that is deleted', () => expectDenied({ method: 'DELETE', path: `${maps}/guarded` }, 'guarded'));
  test('the one that is read', () => expectDenied({ path: `${maps}/guarded` }, 'guarded'));
  test('and not if neither does', async () => {
    await expectMade({ path: `${maps}/plain` });
    await expectMade(patched(`${maps}/plain`, 'merge-patch+json', { data: { a: 'b' } }));
    await expectMade({ method: 'DELETE', path: `${maps}/plain` });
  });
});

describe('CEL in Deny is asked of the old and of the new object', () => {
  beforeEach(() => scene.apply(configMap('locked', {}, { mode: 'locked' })));

  test('unlocking is refused for what was', () =>
    expectDenied(patched(`${maps}/locked`, 'merge-patch+json', { data: { mode: 'open' } }), 'locked'));
  test('deleting is refused for what is', () => expectDenied({ method: 'DELETE', path: `${maps}/locked` }, 'locked'));
});

describe('objectSelector in Allow matches only if both objects do', () => {
  const secret = (name: string, open: string): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: scene.namespace, labels: { open } },
    stringData: { a: 'b' },
  });
  beforeEach(async () => {
    await scene.apply(secret('open', 'yes'));
    await scene.apply(secret('shut', 'no'));
  });

  test('both', async () => {
    await expectMade({ path: `${secrets}/open` });
    await expectMade(patched(`${secrets}/open`, 'merge-patch+json', { stringData: { a: 'c' } }));
  });
  test('not the old one alone', () =>
    expectRefusedWithoutRule(patched(`${secrets}/open`, 'merge-patch+json', { metadata: { labels: { open: 'no' } } })));
  test('not the new one alone', () =>
    expectRefusedWithoutRule(
      patched(`${secrets}/shut`, 'merge-patch+json', { metadata: { labels: { open: 'yes' } } }),
    ));
  test('neither', () => expectRefusedWithoutRule({ path: `${secrets}/shut` }));

  async function expectRefusedWithoutRule(call: CallRequest): Promise<void> {
    const answer = await scene.call(call);
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toContain('no AgentPolicy allows it');
  }
});

describe('a Namespace is judged by its own name and labels', () => {
  const namespace = (name: string, labels: object): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });

  test('by its name, wherever the rule says namespaces', async () => {
    await expectMade({ method: 'POST', path: '/api/v1/namespaces', body: namespace('semantics-objects-own', {}) });
    await expectMade({ path: '/api/v1/namespaces/semantics-objects-own' });
    expect((await scene.call({ path: `/api/v1/namespaces/${scene.namespace}` })).status).toBe(403);
  });

  test('by its labels, wherever the rule says namespaceSelector', async () => {
    const path = '/api/v1/namespaces/semantics-objects-labelled';
    const labels = { 'semantics-objects': 'mine' };
    await expectMade({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: namespace('semantics-objects-labelled', labels),
    });
    await expectMade({ path });
    const relabelled = await scene.call(
      patched(path, 'merge-patch+json', { metadata: { labels: { 'semantics-objects': 'yours' } } }),
    );
    expect(relabelled.status).toBe(403);
    await expectMade(patched(path, 'merge-patch+json', { metadata: { labels: { more: 'labels' } } }));
  });
});

describe('the object that policy sees is the API server’s own result', () => {
  const container = (name: string, image: string): object => ({ name, image });
  const deployment = (spec: object = {}, annotations: object = {}): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: scene.namespace, annotations },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [container('app', 'app:1'), container('sidecar', 'sidecar:1')] },
      },
      ...spec,
    },
  });
  let web: string;
  beforeEach(async () => {
    web = `${deployments}/web`;
    await scene.apply(deployment());
  });

  const cases: Readonly<Record<string, readonly [() => CallRequest, string]>> = {
    'of a create: a field that is there by default': [
      () => ({
        method: 'POST',
        path: `${deployments}?fieldManager=x`,
        body: { ...deployment({}, { deadline: '' }), metadata: { name: 'new', annotations: { deadline: '' } } },
      }),
      'default-deadline',
    ],
    'of an update: a field that it sets': [
      () => ({ method: 'PUT', path: web, body: deployment({ replicas: 3 }) }),
      'three-replicas',
    ],
    'of an update: what it leaves out': [
      () => ({
        method: 'PUT',
        path: web,
        body: deployment({
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('app', 'app:1')] } },
        }),
      }),
      'lost-sidecar',
    ],
    'of a JSON patch: one element of a list': [
      () =>
        patched(web, 'json-patch+json', [
          { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app:latest' },
        ]),
      'latest',
    ],
    'of a JSON patch: a value that is copied': [
      () =>
        patched(web, 'json-patch+json', [
          { op: 'add', path: '/metadata/annotations', value: { image: 'app:latest' } },
          { op: 'copy', from: '/metadata/annotations/image', path: '/spec/template/spec/containers/1/image' },
        ]),
      'latest',
    ],
    'of a merge patch: a list that it replaces': [
      () =>
        patched(web, 'merge-patch+json', { spec: { template: { spec: { containers: [container('app', 'app:2')] } } } }),
      'lost-sidecar',
    ],
    'of a strategic merge patch: a list that it merges': [
      () =>
        patched(web, 'strategic-merge-patch+json', {
          spec: { template: { spec: { containers: [container('app', 'app:latest')] } } },
        }),
      'latest',
    ],
    'of a strategic merge patch: an element that it deletes': [
      () =>
        patched(web, 'strategic-merge-patch+json', {
          spec: { template: { spec: { containers: [{ name: 'sidecar', $patch: 'delete' }] } } },
        }),
      'lost-sidecar',
    ],
    'of an apply, in YAML': [
      () =>
        patched(
          `${web}?fieldManager=semantics&force=true`,
          'apply-patch+yaml',
          'apiVersion: apps/v1\nkind: Deployment\nspec: &spec\n  strategy: {type: Recreate, rollingUpdate: null}\n',
        ),
      'recreate',
    ],
    'of an apply that gives up what it had applied': [
      () =>
        patched(
          `${web}?fieldManager=kubectl&force=true`,
          'apply-patch+yaml',
          JSON.stringify(
            deployment({
              template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('app', 'app:1')] } },
            }),
          ),
        ),
      'lost-sidecar',
    ],
    'of a Scale': [() => patched(`${web}/scale`, 'merge-patch+json', { spec: { replicas: 0 } }), 'scale-to-zero'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, denied]) => {
    await expectDenied(call(), denied);
  });

  test('and what none of the rules denies is done as it was shown', async () => {
    const answer = await expectMade(
      patched(web, 'strategic-merge-patch+json', {
        spec: { replicas: 2, template: { spec: { containers: [container('app', 'app:2')] } } },
      }),
    );
    expect(await scene.reached(answer)).toEqual([`get ${web}`, `patch ${web}?dryRun=All`, `patch ${web}`]);
    expect(answer.json()).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [
              { name: 'app', image: 'app:2' },
              { name: 'sidecar', image: 'sidecar:1' },
            ],
          },
        },
      },
    });
  });
});
