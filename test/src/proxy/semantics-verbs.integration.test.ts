import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;

const NAMESPACE = 'semantics-verbs';
const core = (rest: string): string => `/api/v1/namespaces/${NAMESPACE}/${rest}`;
const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});
const red = { objectSelector: { matchLabels: { team: 'red' } } };

beforeAll(async () => {
  scene = await newScene('verbs');
  const allow = (name: string, verbs: PolicyRule['verbs'], ...resources: string[]): PolicyRule =>
    rule(name, { verbs, resources });
  await scene.enforce('verbs', [
    allow('reads', ['get', 'list'], 'pods'),
    allow('changes', ['get', 'update', 'patch'], 'configmaps', 'secrets'),
    deny('no-new-secrets', { verbs: ['create'], resources: ['secrets'] }),
    allow('makes', ['create'], 'services', 'endpoints'),
    deny('no-create', { verbs: ['create'], resources: ['pods/attach', 'services/proxy'] }),
    allow('exec-as-create', ['create'], 'pods/exec', 'pods/proxy', 'pods/portforward', 'pods/eviction'),
    deny('not-in-red', { verbs: ['create'], resources: ['pods/exec', 'pods/eviction'], ...red }),
    deny('no-rm', { verbs: ['create'], resources: ['pods/exec'], ...when('rm', "'rm' in request.command") }),
    deny('unseen', { verbs: ['create'], resources: ['pods/portforward'], ...when('object', "object.kind == 'Pod'") }),
    allow('tokens', ['create'], 'serviceaccounts/token'),
    deny('long-tokens', {
      verbs: ['create'],
      resources: ['serviceaccounts/token'],
      resourceNames: ['looked-at'],
      ...when('long', 'object.spec.expirationSeconds > 600'),
    }),
    rule('administration', { verbs: ['*'], apiGroups: ['chaperone.dev'], resources: ['*'] }),
  ]);
  // The ServiceAccount of a namespace is made a moment after it.
  const wait = ['wait', 'serviceaccount/default', `--namespace=${NAMESPACE}`, '--for=create', '--timeout=20s'];
  await scene.client.kubectl(wait);
  for (const team of ['red', 'blue'])
    await scene.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: team, namespace: NAMESPACE, labels: { team } },
      spec: { nodeName: 'none', containers: [{ name: 'app', image: 'app' }] },
    });
  for (const name of ['plain', 'looked-at'])
    await scene.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } });
  for (const kind of ['ConfigMap', 'Secret'])
    await scene.apply({ apiVersion: 'v1', kind, metadata: { name: 'there', namespace: NAMESPACE } });
});

afterAll(async () => {
  await scene.client.kubectl(['delete', 'pods', '--all', `--namespace=${NAMESPACE}`, '--force', '--grace-period=0']);
  await scene.end();
});

const put = (resource: string, kind: string, name: string): CallRequest => ({
  method: 'PUT',
  path: core(`${resource}/${name}`),
  body: { apiVersion: 'v1', kind, metadata: { name } },
});
const apply = (resource: string, kind: string, name: string): CallRequest => ({
  method: 'PATCH',
  path: core(`${resource}/${name}?fieldManager=semantics&force=true`),
  headers: { 'content-type': 'application/apply-patch+yaml' },
  body: { apiVersion: 'v1', kind, metadata: { name } },
});
const merge = (resource: string, name: string): CallRequest => ({
  method: 'PATCH',
  path: core(`${resource}/${name}`),
  headers: { 'content-type': 'application/merge-patch+json' },
  body: { metadata: { annotations: { a: 'b' } } },
});

describe('on an object that does not exist', () => {
  test.each([
    ['a PUT is judged as create: not by an Allow of update', put('configmaps', 'ConfigMap', 'missing'), 'not allowed'],
    ['an apply is judged as create', apply('configmaps', 'ConfigMap', 'missing'), 'not allowed'],
    ['a merge patch is a patch', merge('configmaps', 'missing'), 'answered 404'],
    ['a PUT is judged as create by a Deny', put('secrets', 'Secret', 'missing'), 'denied by no-new-secrets'],
    ['an apply is judged as create by a Deny', apply('secrets', 'Secret', 'missing'), 'denied by no-new-secrets'],
    ['a PUT is judged as create by an Allow of create', put('endpoints', 'Endpoints', 'by-put'), 'made'],
    ['an apply is judged as create by an Allow of create', apply('endpoints', 'Endpoints', 'by-apply'), 'made'],
  ])('%s', async (_, call, expected) => {
    expect(await scene.outcome(call)).toBe(expected);
  });
});

describe('on an object that exists', () => {
  beforeAll(() =>
    scene.apply({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'there', namespace: NAMESPACE } }),
  );

  test.each([
    ['a PUT is an update', put('configmaps', 'ConfigMap', 'there'), 'made'],
    ['an apply is a patch', apply('configmaps', 'ConfigMap', 'there'), 'made'],
    ['a PUT is no create for a Deny', put('secrets', 'Secret', 'there'), 'made'],
    ['a PUT is no create for an Allow', put('endpoints', 'Endpoints', 'there'), 'not allowed'],
    ['an apply is no create for an Allow', apply('endpoints', 'Endpoints', 'there'), 'not allowed'],
  ])('%s', async (_, call, expected) => {
    expect(await scene.outcome(call)).toBe(expected);
  });
});

test('whether a PUT creates is read before, as the caller', async () => {
  const path = core('configmaps/there');
  const answer = await scene.call(put('configmaps', 'ConfigMap', 'there'));
  expect(await scene.reached(answer)).toEqual([`get ${path}`, `update ${path}`]);
});

describe.each(['GET', 'POST'] as const)('a connect by %s is judged as create', (method) => {
  test.each(['pods/blue/attach', 'services/s/proxy'])('and refused by a Deny of create: %s', async (rest) => {
    expect(await scene.outcome({ method, path: core(rest) })).toBe('denied by no-create');
  });
  test('and permitted by an Allow of create', async () => {
    expect(await scene.outcome({ method, path: core('pods/missing/proxy/') })).toBe('answered 404');
  });
});

describe('a connect is never made to look at what it does', () => {
  test.each([
    ['the labels of its Pod count', 'pods/red/exec?command=id', 'denied by not-in-red'],
    ['the arguments of an exec count', 'pods/blue/exec?command=rm&command=-rf', 'denied by no-rm'],
    ['and none of them is another', 'pods/blue/exec?command=rm+-rf', 'answered 400'],
    ['its object is not known', 'pods/blue/portforward', 'denied by unseen (condition)'],
  ])('%s', async (_, rest, expected) => {
    expect(await scene.outcome({ path: core(rest) })).toBe(expected);
  });

  test('and its Pod alone is read', async () => {
    const answer = await scene.call({ path: core('pods/red/exec?command=id') });
    expect(await scene.reached(answer)).toEqual([`get ${core('pods/red')}`]);
    const unseen = await scene.call({ path: core('pods/blue/portforward') });
    expect(await scene.reached(unseen)).toEqual([]);
  });
});

test('an eviction is judged by the labels of its Pod, not by those that the caller writes into it', async () => {
  const eviction = (name: string, team: string): CallRequest => ({
    method: 'POST',
    path: core(`pods/${name}/eviction?dryRun=All`),
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, labels: { team } } },
  });
  expect(await scene.outcome(eviction('red', 'blue'))).toBe('denied by not-in-red');
  expect(await scene.outcome(eviction('blue', 'red'))).toBe('made');
});

describe('a TokenRequest', () => {
  const request = (name: string): CallRequest => ({
    method: 'POST',
    path: core(`serviceaccounts/${name}/token`),
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 700 } },
  });

  test('is never made as a dry run, whose answer would hold a token: what it is like is not known', async () => {
    const answer = await scene.call(request('looked-at'));
    expect(messageOf(answer)).toContain('"long-tokens" of AgentPolicy');
    expect(messageOf(answer)).toContain('cannot be known of the call: condition');
    expect(await scene.reached(answer)).toEqual([]);
  });

  test('is made once where nothing looks at it', async () => {
    const answer = await scene.call(request('plain'));
    expect(answer.status).toBe(201);
    expect(await scene.reached(answer)).toEqual([`create ${core('serviceaccounts/plain/token')}`]);
  });
});

describe('writes to chaperone.dev are refused whatever policies say', () => {
  const policies = '/apis/chaperone.dev/v1alpha1/agentpolicies';
  const requests = `/apis/chaperone.dev/v1alpha1/namespaces/${NAMESPACE}/approvalrequests`;
  const cases: Readonly<Record<string, CallRequest>> = {
    'a policy is made': { method: 'POST', path: policies, body: { metadata: { name: 'mine' } } },
    'a policy is made by apply': { ...apply('', '', ''), path: `${policies}/mine?fieldManager=m` },
    'a policy is deleted': { method: 'DELETE', path: `${policies}/chaperone-discovery` },
    'all are deleted': { method: 'DELETE', path: policies },
    'a dry run of a write': { method: 'POST', path: `${policies}?dryRun=All`, body: { metadata: { name: 'mine' } } },
    'a request is decided': { ...merge('', ''), path: `${requests}/r/status` },
    'a request is made': { method: 'POST', path: requests, body: { metadata: { name: 'mine' } } },
  };
  test.each(Object.entries(cases))('%s', async (_, call) => {
    const answer = await scene.call(call);
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toContain('objects and kinds of chaperone.dev are not written through Chaperone');
    expect(await scene.reached(answer)).toEqual([]);
  });

  test('reads are judged by policy', async () => {
    expect(await scene.outcome({ path: policies })).toBe('made');
  });
});
