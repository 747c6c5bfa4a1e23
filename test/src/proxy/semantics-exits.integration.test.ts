import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;

const NAMESPACE = 'semantics-exits';
const core = (rest: string): string => `/api/v1/namespaces/${NAMESPACE}/${rest}`;
const rbac = (rest: string): string => `/apis/rbac.authorization.k8s.io/v1/${rest}`;

/** Every exit that a call can be, as who names no resource must not reach it. */
const EXITS: Readonly<Record<string, CallRequest>> = {
  'pods/exec over GET': { path: core('pods/p/exec?command=id') },
  'pods/exec over POST': { method: 'POST', path: core('pods/p/exec?command=id') },
  'pods/attach': { path: core('pods/p/attach') },
  'pods/portforward': { path: core('pods/p/portforward') },
  'pods/ephemeralcontainers': { method: 'PATCH', path: core('pods/p/ephemeralcontainers'), body: {} },
  'pods/proxy': { path: core('pods/p/proxy/') },
  'services/proxy': { method: 'DELETE', path: core('services/s/proxy/x') },
  'nodes/proxy': { path: '/api/v1/nodes/n/proxy/run' },
  'serviceaccounts/token': { method: 'POST', path: core('serviceaccounts/default/token'), body: {} },
  'certificatesigningrequests/approval': {
    method: 'PUT',
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval',
    body: {},
  },
  'a webhook is registered': {
    method: 'POST',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    body: {},
  },
  'a policy of admission is deleted': {
    method: 'DELETE',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/chaperone-bundle',
  },
  'an API is taken over': { method: 'PATCH', path: '/apis/apiregistration.k8s.io/v1/apiservices/v1.', body: {} },
  'a role is written': { method: 'PUT', path: rbac('clusterroles/r'), body: {} },
  'a role is bound': { method: 'POST', path: rbac(`namespaces/${NAMESPACE}/rolebindings`), body: {} },
  'all bindings are deleted': { method: 'DELETE', path: rbac('clusterrolebindings?labelSelector=none') },
};

const secret = (name: string, type?: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, annotations: { 'kubernetes.io/service-account.name': 'default' } },
  ...(type === undefined ? {} : { type }),
});
const TOKEN = 'kubernetes.io/service-account-token';
const postSecret = (body: object): CallRequest => ({ method: 'POST', path: core('secrets'), body });

const everything: Partial<PolicyRule> = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

beforeAll(async () => {
  scene = await newScene('exits');
  await scene.enforce('everything', [rule('everything', everything)]);
});

afterAll(() => scene.end());

describe('in Allow rules a wildcard does not reach', () => {
  test.each(Object.entries(EXITS))('%s', async (_, call) => {
    expect(await scene.outcome(call)).toBe('not allowed');
  });

  test('a Secret that becomes a token, however it is written', async () => {
    expect(await scene.outcome(postSecret(secret('token', TOKEN)))).toBe('not allowed');
    const applied: CallRequest = {
      method: 'PATCH',
      path: core('secrets/token?fieldManager=m'),
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: secret('token', TOKEN),
    };
    expect(await scene.outcome(applied)).toBe('not allowed');
    expect(await scene.outcome({ ...applied, method: 'PUT', headers: {} })).toMatch(/^not allowed/);
  });
});

describe('and it does reach', () => {
  const cases: Readonly<Record<string, readonly [CallRequest, string]>> = {
    'any other Secret': [postSecret(secret('opaque')), 'made'],
    'a Secret of another type': [postSecret(secret('other', 'example.com/other')), 'made'],
    'reads of roles': [{ path: rbac('clusterroles') }, 'made'],
    'reads of webhooks': [{ path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations' }, 'made'],
    'a subresource that is no exit': [
      { path: '/apis/apps/v1/namespaces/default/deployments/none/scale' },
      'answered 404',
    ],
    'a log': [{ path: core('pods/none/log') }, 'answered 404'],
    'anything else': [{ path: '/api/v1/nodes' }, 'made'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call)).toBe(expected);
  });
});

describe('an exit that is named is reached', () => {
  beforeAll(() =>
    scene.enforce('named', [
      rule('tokens', { verbs: ['create'], resources: ['serviceaccounts/token'] }),
      rule('roles', { verbs: ['delete'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }),
      rule('proxies', { verbs: ['create'], resources: ['services/proxy'] }),
      rule('secrets', { verbs: ['create'], resources: ['secrets'], namespaces: [NAMESPACE] }),
    ]),
  );

  const cases: Readonly<Record<string, readonly [CallRequest, string]>> = {
    'a token': [{ method: 'POST', path: core('serviceaccounts/none/token'), body: {} }, 'answered 404'],
    'a role': [{ method: 'DELETE', path: rbac('clusterroles/none') }, 'answered 404'],
    'a proxy': [{ path: core('services/none/proxy/') }, 'answered 404'],
    'a Secret that becomes a token': [postSecret(secret('token', TOKEN)), 'made'],
    'but another verb of it is not': [{ method: 'PUT', path: rbac('clusterroles/none'), body: {} }, 'not allowed'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call)).toBe(expected);
  });
});

describe('in Deny rules a wildcard reaches everything', () => {
  beforeAll(() => scene.enforce('nothing', [deny('nothing', everything)]));

  test.each(Object.entries(EXITS))('%s', async (_, call) => {
    expect(await scene.outcome(call)).toBe('denied by nothing');
  });
});
