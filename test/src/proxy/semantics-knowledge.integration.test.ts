import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallAnswer, CallRequest } from './gateway-client.ts';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
let other: string;

/** Each resource is a stage of its own: rules about one say nothing of the others. */
const CORE = {
  namesDenied: 'configmaps',
  namesAllowed: 'services',
  labelsDenied: 'endpoints',
  labelsAllowed: 'serviceaccounts',
  objectDenied: 'limitranges',
  objectAllowed: 'resourcequotas',
  failing: 'podtemplates',
} as const;

const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});
const tier = (value: string): Pick<PolicyRule, 'objectSelector'> => ({
  objectSelector: { matchLabels: { tier: value } },
});

beforeAll(async () => {
  scene = await newScene('knowledge');
  other = `${scene.namespace}-other`;
  await scene.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: other, labels: { closed: 'yes' } } });
  const every = (name: string, resource: string, changes: Partial<PolicyRule> = {}): PolicyRule =>
    rule(name, { verbs: ['*'], resources: [resource], ...changes });
  const never = (name: string, resource: string, changes: Partial<PolicyRule>): PolicyRule =>
    deny(name, { verbs: ['*'], resources: [resource], ...changes });
  await scene.enforce('knowledge', [
    every('names', CORE.namesDenied),
    never('not-db', CORE.namesDenied, { resourceNames: ['db'] }),
    every('only-web', CORE.namesAllowed, { resourceNames: ['web'] }),
    every('labels', CORE.labelsDenied),
    never('not-prod', CORE.labelsDenied, tier('prod')),
    every('only-dev', CORE.labelsAllowed, tier('dev')),
    every('objects', CORE.objectDenied),
    never(
      'not-locked',
      CORE.objectDenied,
      when('locked', "has(object.metadata.annotations) && 'locked' in object.metadata.annotations"),
    ),
    every('only-annotated', CORE.objectAllowed, when('annotated', 'has(object.metadata.annotations)')),
    every('templates', CORE.failing, { verbs: ['get', 'list'] }),
    deny('failing', { verbs: ['get'], resources: [CORE.failing], ...when('fails', "user.extra['none'] == ['x']") }),
    rule('failing-allow', {
      verbs: ['get'],
      resources: ['replicationcontrollers'],
      ...when('fails', "user.extra['none'] != ['x']"),
    }),
    every('jobs-here', 'jobs', { apiGroups: ['batch'], namespaces: [scene.namespace] }),
    every('cronjobs', 'cronjobs', { apiGroups: ['batch'] }),
    never('no-cronjobs-there', 'cronjobs', { apiGroups: ['batch'], namespaces: [other] }),
    every('leases', 'leases', { apiGroups: ['coordination.k8s.io'] }),
    never('no-closed-leases', 'leases', {
      apiGroups: ['coordination.k8s.io'],
      namespaceSelector: { matchLabels: { closed: 'yes' } },
    }),
  ]);
});

afterAll(async () => {
  await scene.client.kubectl(['delete', 'namespace', other, '--wait=false']);
  await scene.end();
});

/** Refused by policy, and the API server not asked for what the call was about. */
async function expectRefused(call: CallRequest, words: string): Promise<void> {
  const answer = await scene.call(call);
  expect(answer.status, messageOf(answer)).toBe(403);
  expect(messageOf(answer)).toContain(words);
  expect(await scene.reached(answer)).toEqual([]);
}

async function expectMade(call: CallRequest): Promise<CallAnswer> {
  const answer = await scene.call(call);
  expect(answer.status, answer.text.slice(0, 500)).toBeLessThan(300);
  return answer;
}

const inNamespace = (resource: string, rest = ''): string => `/api/v1/namespaces/${scene.namespace}/${resource}${rest}`;
const LIST_VERBS = [
  ['list', { query: '', method: 'GET' }],
  ['watch', { query: 'watch=true&timeoutSeconds=1&', method: 'GET' }],
  ['deletecollection', { query: '', method: 'DELETE' }],
] as const;

describe.each(LIST_VERBS)('the names under %s', (_, { query, method }) => {
  const call = (resource: string, selector: string): CallRequest => ({
    method,
    path: inNamespace(resource, `?${query}${selector}`),
  });

  test('are not known, and match a Deny of one', () =>
    expectRefused(call(CORE.namesDenied, ''), '"not-db" of AgentPolicy "semantics-knowledge-knowledge" denies it'));

  test('are not known, and do not match an Allow of one', () =>
    expectRefused(call(CORE.namesAllowed, ''), 'as this cannot be known of the call: name'));

  test('are known by a field selector that fixes the name', async () => {
    await expectMade(call(CORE.namesDenied, 'fieldSelector=metadata.name%3Dweb'));
    await expectRefused(call(CORE.namesDenied, 'fieldSelector=metadata.name%3Ddb'), '"not-db"');
    await expectMade(call(CORE.namesAllowed, 'fieldSelector=metadata.name%3Dweb'));
    await expectRefused(call(CORE.namesAllowed, 'fieldSelector=metadata.name%3Ddb'), 'no AgentPolicy allows it');
  });

  test('are not known by a field selector that excludes one', () =>
    expectRefused(call(CORE.namesAllowed, 'fieldSelector=metadata.name!%3Ddb'), 'cannot be known of the call: name'));
});

describe.each(LIST_VERBS)('the labels under %s', (_, { query, method }) => {
  const call = (resource: string, selector: string): CallRequest => ({
    method,
    path: inNamespace(resource, `?${query}labelSelector=${encodeURIComponent(selector)}`),
  });

  test('are not known, and match a Deny of some', () =>
    expectRefused(call(CORE.labelsDenied, ''), 'denies it, as this cannot be known of the call: objectSelector'));

  test('are not known, and do not match an Allow of some', () =>
    expectRefused(call(CORE.labelsAllowed, ''), 'as this cannot be known of the call: objectSelector'));

  test('are known by a label selector that demands them', async () => {
    await expectMade(call(CORE.labelsDenied, 'tier=dev'));
    await expectMade(call(CORE.labelsDenied, 'tier in (dev,test)'));
    await expectRefused(call(CORE.labelsDenied, 'tier in (dev,prod)'), '"not-prod"');
    await expectMade(call(CORE.labelsAllowed, 'tier=dev,x=y'));
    await expectRefused(call(CORE.labelsAllowed, 'tier in (dev,test)'), '"only-dev"');
  });

  test('are not known by a label selector that excludes some', () =>
    expectRefused(call(CORE.labelsAllowed, 'tier notin (prod)'), 'cannot be known of the call: objectSelector'));
});

describe('the object of a call without one', () => {
  test('matches a Deny that looks at it', () =>
    expectRefused(
      { path: inNamespace(CORE.objectDenied) },
      'denies it, as this cannot be known of the call: condition',
    ));

  test('does not match an Allow that looks at it', () =>
    expectRefused({ path: inNamespace(CORE.objectAllowed) }, 'as this cannot be known of the call: condition'));

  test('is looked up where there is one', async () => {
    const made = await expectMade({
      method: 'POST',
      path: inNamespace(CORE.objectDenied),
      body: { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'free' }, spec: { limits: [] } },
    });
    expect(await scene.reached(made)).toEqual([
      `create ${inNamespace(CORE.objectDenied, '?dryRun=All')}`,
      `create ${inNamespace(CORE.objectDenied)}`,
    ]);
  });
});

describe('the namespaces of a list over all of them', () => {
  test('do not match an Allow for one of them', async () => {
    await expectRefused({ path: '/apis/batch/v1/jobs' }, 'as this cannot be known of the call: namespace');
    await expectMade({ path: `/apis/batch/v1/namespaces/${scene.namespace}/jobs` });
  });

  test('match a Deny for one of them', async () => {
    await expectRefused({ path: '/apis/batch/v1/cronjobs' }, '"no-cronjobs-there"');
    await expectMade({ path: `/apis/batch/v1/namespaces/${scene.namespace}/cronjobs` });
    await expectRefused({ path: `/apis/batch/v1/namespaces/${other}/cronjobs` }, '"no-cronjobs-there"');
  });

  test('match a Deny for those with a label', async () => {
    const path = (rest: string): string => `/apis/coordination.k8s.io/v1/${rest}leases`;
    await expectRefused({ path: path('') }, '"no-closed-leases"');
    await expectMade({ path: path(`namespaces/${scene.namespace}/`) });
    await expectRefused({ path: path(`namespaces/${other}/`) }, '"no-closed-leases"');
  });

  test('a namespace that does not exist has no labels that are known', () =>
    expectRefused(
      { path: '/apis/coordination.k8s.io/v1/namespaces/no-such/leases' },
      'cannot be known of the call: namespaceSelector',
    ));

  test('a namespace of a moment ago has its labels', async () => {
    const name = `${scene.namespace}-young`;
    await scene.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await expectMade({ path: `/apis/coordination.k8s.io/v1/namespaces/${name}/leases` });
    await scene.client.kubectl(['delete', 'namespace', name, '--wait=false']);
  });
});

describe('an expression that fails', () => {
  test('matches a Deny', () => expectRefused({ path: inNamespace(CORE.failing, '/t') }, '"failing"'));
  test('does not match an Allow', () =>
    expectRefused({ path: inNamespace('replicationcontrollers', '/t') }, 'cannot be known of the call: condition'));
  test('is not evaluated where the verb does not match', () => expectMade({ path: inNamespace(CORE.failing) }));
});
