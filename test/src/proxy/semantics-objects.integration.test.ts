import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { newScene, type Scene } from './semantics-scene.ts';

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
  deny('paused', when('paused', 'has(object.spec.paused) && object.spec.paused == true')),
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

  const cases: Readonly<Record<string, readonly [() => CallRequest, string]>> = {
    'the old one, whose label an update takes away': [
      () => ({ method: 'PUT', path: `${maps}/guarded`, body: configMap('guarded', {}) }),
      'denied by guarded',
    ],
    'the new one, to which a patch gives the label': [
      () => patched(`${maps}/plain`, 'merge-patch+json', { metadata: { labels: { guard: 'yes' } } }),
      'denied by guarded',
    ],
    'the one that is created': [
      () => ({ method: 'POST', path: maps, body: configMap('made', { guard: 'yes' }) }),
      'denied by guarded',
    ],
    'the one that is deleted': [() => ({ method: 'DELETE', path: `${maps}/guarded` }), 'denied by guarded'],
    'the one that is read': [() => ({ path: `${maps}/guarded` }), 'denied by guarded'],
    'and not if neither does: a read': [() => ({ path: `${maps}/plain` }), 'made'],
    'and not if neither does: a patch': [
      () => patched(`${maps}/plain`, 'merge-patch+json', { data: { a: 'b' } }),
      'made',
    ],
    'and not if neither does: a delete': [() => ({ method: 'DELETE', path: `${maps}/plain` }), 'made'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call())).toBe(expected);
  });
});

describe('CEL in Deny is asked of the old and of the new object', () => {
  beforeEach(() => scene.apply(configMap('locked', {}, { mode: 'locked' })));

  test('unlocking is refused for what was', async () => {
    const call = patched(`${maps}/locked`, 'merge-patch+json', { data: { mode: 'open' } });
    expect(await scene.outcome(call)).toBe('denied by locked');
  });
  test('deleting is refused for what is', async () => {
    expect(await scene.outcome({ method: 'DELETE', path: `${maps}/locked` })).toBe('denied by locked');
  });
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
  const relabelled = (name: string, open: string): CallRequest =>
    patched(`${secrets}/${name}`, 'merge-patch+json', { metadata: { labels: { open } } });

  const cases: Readonly<Record<string, readonly [() => CallRequest, string]>> = {
    'both: a read': [() => ({ path: `${secrets}/open` }), 'made'],
    'both: a patch': [() => patched(`${secrets}/open`, 'merge-patch+json', { stringData: { a: 'c' } }), 'made'],
    'not the old one alone': [() => relabelled('open', 'no'), 'not allowed'],
    'not the new one alone': [() => relabelled('shut', 'yes'), 'not allowed'],
    neither: [() => ({ path: `${secrets}/shut` }), 'not allowed'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call())).toBe(expected);
  });
});

describe('a Namespace is judged', () => {
  const made = (name: string, labels: object): CallRequest => ({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
  });

  test('by its own name, where a rule says namespaces', async () => {
    expect(await scene.outcome(made('semantics-objects-own', {}))).toBe('made');
    expect(await scene.outcome({ path: '/api/v1/namespaces/semantics-objects-own' })).toBe('made');
    expect(await scene.outcome(made('semantics-objects-foreign', {}))).toBe('not allowed');
    expect(await scene.outcome({ path: `/api/v1/namespaces/${scene.namespace}` })).toBe('not allowed');
  });

  test('by its own labels, where a rule says namespaceSelector', async () => {
    const path = '/api/v1/namespaces/semantics-objects-labelled';
    const label = 'semantics-objects';
    const relabelled = (labels: object): CallRequest => patched(path, 'merge-patch+json', { metadata: { labels } });
    expect(await scene.outcome(made('semantics-objects-labelled', { [label]: 'mine' }))).toBe('made');
    expect(await scene.outcome({ path })).toBe('made');
    expect(await scene.outcome(relabelled({ [label]: 'yours' }))).toBe('not allowed');
    expect(await scene.outcome(relabelled({ more: 'labels' }))).toBe('made');
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
    'of an apply, in YAML 1.1, where yes is true': [
      () =>
        patched(
          `${web}?fieldManager=semantics&force=true`,
          'apply-patch+yaml',
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: &spec\n  paused: yes\n',
        ),
      'paused',
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
    expect(await scene.outcome(call())).toBe(`denied by ${denied}`);
  });

  test('and what none of the rules denies is done as it was shown', async () => {
    const answer = await scene.call(
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
