import { describe, expect, test } from 'vitest';
import type { JsonValue } from '@chaperone/crds/expression/value';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { exitGroups, PROXY_SUBRESOURCE, subresourceExits } from '@chaperone/crds/v1alpha1/exits';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { call, settledCall, verdict } from '@chaperone/test/policy/calls';
import { known, type PolicyInput } from './policy-input.ts';

const base = (group: string): string => (group === '' ? '/api/v1' : `/apis/${group}/v1`);

interface Exit {
  readonly line: string;
  readonly apiGroup: string;
  readonly resource: string;
}

const exits: readonly Exit[] = [
  ...subresourceExits.map(({ apiGroup, resource, subresource }) => ({
    line: `POST ${base(apiGroup)}/namespaces/x/${resource}/y/${subresource}`,
    apiGroup,
    resource: `${resource}/${subresource}`,
  })),
  ...['pods', 'services', 'nodes', 'widgets'].map((resource) => ({
    line: `GET /apis/example.com/v1/namespaces/x/${resource}/y/${PROXY_SUBRESOURCE}/z`,
    apiGroup: 'example.com',
    resource: `${resource}/${PROXY_SUBRESOURCE}`,
  })),
  ...exitGroups.flatMap((apiGroup) =>
    [
      `POST ${base(apiGroup)}/things`,
      `PUT ${base(apiGroup)}/things/x`,
      `PATCH ${base(apiGroup)}/things/x`,
      `DELETE ${base(apiGroup)}/things/x`,
      `DELETE ${base(apiGroup)}/things`,
    ].map((line) => ({ line, apiGroup, resource: 'things' })),
  ),
];

const verdictWith = (changes: Partial<PolicyRule>, input: PolicyInput): string =>
  verdict([compiled('p', [rule('a', { verbs: ['*'], ...changes })])], input);

describe.each(exits)('$line leads out, so', ({ line, apiGroup, resource }) => {
  const wildcard = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] } satisfies Partial<PolicyRule>;
  const subresource = resource.split('/')[1];

  test('an Allow rule reaches it by its names', () => {
    expect(verdictWith({ apiGroups: [apiGroup], resources: [resource] }, settledCall(line))).toBe('Allow p/a');
  });

  test('an Allow rule reaches it by its names among wildcards', () => {
    expect(verdictWith({ apiGroups: ['*', apiGroup], resources: ['*', resource] }, settledCall(line))).toBe(
      'Allow p/a',
    );
  });

  test('an Allow rule does not reach it by * in resources', () => {
    expect(verdictWith({ apiGroups: [apiGroup], resources: ['*'] }, settledCall(line))).toBe('Deny NoRule');
  });

  test('an Allow rule does not reach it by * in apiGroups', () => {
    expect(verdictWith({ apiGroups: ['*'], resources: [resource] }, settledCall(line))).toBe('Deny NoRule');
  });

  test('an Allow rule does not reach it by */SUBRESOURCE', () => {
    const resources = subresource === undefined ? ['*'] : [`*/${subresource}`];
    expect(verdictWith({ apiGroups: [apiGroup], resources }, settledCall(line))).toBe('Deny NoRule');
  });

  test('Deny and RequireApproval rules reach it by wildcards', () => {
    const named = rule('a', { verbs: ['*'], apiGroups: [apiGroup], resources: [resource] });
    expect(verdict([compiled('p', [named, deny('d', wildcard)])], settledCall(line))).toBe('Deny p/d');
    expect(verdict([compiled('p', [named, hold('h', wildcard)])], settledCall(line))).toBe('RequireApproval p/h');
  });
});

describe('what is no exit is reached by wildcards:', () => {
  test.each([
    'GET /api/v1/namespaces/x/pods/y/log',
    'GET /apis/rbac.authorization.k8s.io/v1/clusterroles',
    'DELETE /api/v1/namespaces/x/secrets/y',
    'GET /api/v1/namespaces/x/secrets/y',
    'POST /apis/certificates.k8s.io/v1/certificatesigningrequests',
    'POST /api/v1/namespaces/x/pods/y/eviction',
    'POST /apis/example.com/v1/namespaces/x/pods/y/token',
  ])('%s', (line) => {
    expect(verdictWith({ apiGroups: ['*'], resources: ['*'] }, settledCall(line))).toBe('Allow p/a');
  });
});

describe('a Secret of type kubernetes.io/service-account-token', () => {
  const wildcard = { apiGroups: ['*'], resources: ['*'] };
  const POST = 'POST /api/v1/namespaces/x/secrets';
  const PATCH = 'PATCH /api/v1/namespaces/x/secrets/y';
  const typed = (type?: JsonValue) => known({ metadata: { name: 'y' }, ...(type === undefined ? {} : { type }) });
  const token = typed('kubernetes.io/service-account-token');
  test.each<readonly [string, Partial<PolicyRule>, PolicyInput, string]>([
    ['is not created by a wildcard', wildcard, settledCall(POST, { object: token }), 'Deny NoRule'],
    ['is not patched by a wildcard', wildcard, settledCall(PATCH, { object: token, oldObject: token }), 'Deny NoRule'],
    ['is created by its name', { resources: ['secrets'] }, settledCall(POST, { object: token }), 'Allow p/a'],
    ['is looked for before a wildcard allows', wildcard, call(POST), 'NeedsObject object'],
    ['is assumed where the object is unknown', wildcard, settledCall(POST), 'Deny NoRule'],
    ['is assumed where the type is no text', wildcard, settledCall(POST, { object: typed(1) }), 'Deny NoRule'],
    ['is no Secret of another type', wildcard, settledCall(POST, { object: typed('Opaque') }), 'Allow p/a'],
    ['is no Secret without a type', wildcard, settledCall(POST, { object: typed() }), 'Allow p/a'],
    ['is not looked for where the rule names secrets', { resources: ['secrets'] }, call(POST), 'Allow p/a'],
    [
      'is deleted by a wildcard: that issues no token',
      wildcard,
      call('DELETE /api/v1/namespaces/x/secrets/y'),
      'Allow p/a',
    ],
    [
      'is not made by a PUT that may create',
      wildcard,
      settledCall('PUT /api/v1/namespaces/x/secrets/y', { object: token }),
      'Deny NoRule',
    ],
    [
      'is something of the core group alone',
      wildcard,
      settledCall('POST /apis/example.com/v1/namespaces/x/secrets', { object: token }),
      'Allow p/a',
    ],
  ])('%s', (_, changes, input, expected) => {
    expect(verdictWith(changes, input)).toBe(expected);
  });

  test('is reached by a Deny with wildcards, whatever its type', () => {
    const policies = [
      compiled('p', [rule('a', { verbs: ['*'], resources: ['secrets'] }), deny('d', { verbs: ['*'], ...wildcard })]),
    ];
    expect(verdict(policies, call(POST))).toBe('Deny p/d');
  });
});

describe('the RBAC verbs', () => {
  const asked = (verb: string): PolicyInput => {
    const input = settledCall('POST /apis/rbac.authorization.k8s.io/v1/clusterroles');
    return { ...input, attributes: { ...input.attributes, judgedVerb: verb } };
  };
  const roles = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] };
  test.each(['bind', 'escalate', 'impersonate'])('%s is not reached by * in an Allow, but by its name', (verb) => {
    expect(verdictWith({ ...roles, verbs: ['*'] }, asked(verb))).toBe('Deny NoRule');
    expect(verdictWith({ ...roles, verbs: ['bind', 'escalate', 'impersonate'] }, asked(verb))).toBe('Allow p/a');
  });
});

test('a caller who writes * into the path names no exit by it', () => {
  const input = settledCall('POST /apis/*/v1/namespaces/x/*/y/proxy');
  expect(verdictWith({ apiGroups: ['*'], resources: ['*', '*/proxy'] }, input)).toBe('Deny NoRule');
});
