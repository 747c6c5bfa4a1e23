import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newScene, type Scene } from './semantics-scene.ts';

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

const inNamespace = (resource: string, rest = ''): string => `/api/v1/namespaces/${scene.namespace}/${resource}${rest}`;

const LIST_VERBS = [
  ['list', { query: '', method: 'GET' }],
  ['watch', { query: 'watch=true&timeoutSeconds=1&', method: 'GET' }],
  ['deletecollection', { query: '', method: 'DELETE' }],
] as const;

describe.each(LIST_VERBS)('the names under %s', (_, { query, method }) => {
  test.each([
    ['are not known, and match a Deny of one', CORE.namesDenied, '', 'denied by not-db (name)'],
    ['are not known, and do not match an Allow of one', CORE.namesAllowed, '', 'not allowed (name)'],
    ['known by a field selector, another than is denied', CORE.namesDenied, '=web', 'made'],
    ['known by a field selector, the one that is denied', CORE.namesDenied, '=db', 'denied by not-db'],
    ['known by a field selector, the one that is allowed', CORE.namesAllowed, '=web', 'made'],
    ['known by a field selector, another than is allowed', CORE.namesAllowed, '=db', 'not allowed'],
    ['not known where a field selector excludes one', CORE.namesAllowed, '!=db', 'not allowed (name)'],
  ])('%s', async (__, resource, selector, expected) => {
    const fields = selector === '' ? '' : `fieldSelector=${encodeURIComponent(`metadata.name${selector}`)}`;
    expect(await scene.outcome({ method, path: inNamespace(resource, `?${query}${fields}`) })).toBe(expected);
  });
});

describe.each(LIST_VERBS)('the labels under %s', (_, { query, method }) => {
  test.each([
    ['are not known, and match a Deny of some', CORE.labelsDenied, '', 'denied by not-prod (objectSelector)'],
    ['are not known, and do not match an Allow of some', CORE.labelsAllowed, '', 'not allowed (objectSelector)'],
    ['known by a selector that demands others than are denied', CORE.labelsDenied, 'tier in (dev,test)', 'made'],
    ['one of those demanded is denied', CORE.labelsDenied, 'tier in (dev,prod)', 'denied by not-prod (objectSelector)'],
    ['all of those demanded are denied', CORE.labelsDenied, 'tier=prod', 'denied by not-prod'],
    ['all of those demanded are allowed', CORE.labelsAllowed, 'tier=dev,x=y', 'made'],
    ['one of those demanded is not allowed', CORE.labelsAllowed, 'tier in (dev,test)', 'not allowed (objectSelector)'],
    [
      'not known where a selector excludes some',
      CORE.labelsAllowed,
      'tier notin (prod)',
      'not allowed (objectSelector)',
    ],
  ])('%s', async (__, resource, selector, expected) => {
    const path = inNamespace(resource, `?${query}labelSelector=${encodeURIComponent(selector)}`);
    expect(await scene.outcome({ method, path })).toBe(expected);
  });
});

describe('the object', () => {
  test.each([
    ['of a list matches a Deny that looks at it', CORE.objectDenied, 'denied by not-locked (condition)'],
    ['of a list does not match an Allow that looks at it', CORE.objectAllowed, 'not allowed (condition)'],
  ])('%s', async (_, resource, expected) => {
    expect(await scene.outcome({ path: inNamespace(resource) })).toBe(expected);
  });

  test('of a create is looked up, by a dry run under the Audit-ID of the call', async () => {
    const path = inNamespace(CORE.objectDenied);
    const body = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'free' }, spec: { limits: [] } };
    const made = await scene.call({ method: 'POST', path, body });
    expect(made.status).toBe(201);
    expect(await scene.reached(made)).toEqual([`create ${path}?dryRun=All`, `create ${path}`]);
  });

  test('that the API server refuses is not known, and the caller is told its words', async () => {
    const body = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'No Name' }, spec: { limits: [] } };
    expect(await scene.outcome({ method: 'POST', path: inNamespace(CORE.objectDenied), body })).toMatch(
      /^denied by not-locked \(condition\) \[LimitRange "No Name" is invalid: metadata.name: /,
    );
  });
});

describe('over all namespaces', () => {
  const jobs = (rest: string): string => `/apis/batch/v1/${rest}jobs`;
  const cronJobs = (rest: string): string => `/apis/batch/v1/${rest}cronjobs`;
  const leases = (rest: string): string => `/apis/coordination.k8s.io/v1/${rest}leases`;
  const here = 'namespaces/semantics-knowledge/';
  const there = 'namespaces/semantics-knowledge-other/';

  test.each([
    ['a list does not match an Allow for one of them', jobs(''), 'not allowed (namespace)'],
    ['but in that one it does', jobs(here), 'made'],
    ['a list matches a Deny for one of them', cronJobs(''), 'denied by no-cronjobs-there (namespace)'],
    ['in another one it does not', cronJobs(here), 'made'],
    ['in that one it does', cronJobs(there), 'denied by no-cronjobs-there'],
    ['a list matches a Deny for those with a label', leases(''), 'denied by no-closed-leases (namespaceSelector)'],
    ['in one without the label it does not', leases(here), 'made'],
    ['in one with the label it does', leases(there), 'denied by no-closed-leases'],
    [
      'of a namespace that does not exist nothing is known',
      leases('namespaces/no-such/'),
      'denied by no-closed-leases (namespaceSelector)',
    ],
  ])('%s', async (_, path, expected) => {
    expect(await scene.outcome({ path })).toBe(expected);
  });

  test('a namespace of a moment ago has its labels', async () => {
    const name = `${scene.namespace}-young`;
    await scene.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    expect(await scene.outcome({ path: leases(`namespaces/${name}/`) })).toBe('made');
    await scene.client.kubectl(['delete', 'namespace', name, '--wait=false']);
  });
});

describe('an expression that fails', () => {
  test.each([
    ['matches a Deny', CORE.failing, '/t', 'denied by failing (condition)'],
    ['does not match an Allow', 'replicationcontrollers', '/t', 'not allowed (condition)'],
    ['is not evaluated where the verb does not match', CORE.failing, '', 'made'],
  ])('%s', async (_, resource, rest, expected) => {
    expect(await scene.outcome({ path: inNamespace(resource, rest) })).toBe(expected);
  });
});
