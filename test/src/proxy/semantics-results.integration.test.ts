import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
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
  scene = await newScene('results');
  deployments = `/apis/apps/v1/namespaces/${scene.namespace}/deployments`;
  await scene.enforce('results', [
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

afterAll(() => scene.end());

const patched = (path: string, type: string, body: unknown): CallRequest => ({
  method: 'PATCH',
  path,
  headers: { 'content-type': `application/${type}` },
  body,
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
