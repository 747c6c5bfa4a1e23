import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { AgentPolicySpec, PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { describe, expect, test } from 'vitest';
import { newApiResources, type ApiResource } from './api-resources.ts';
import { deriveRights, nextExpiry, usesWildcards, type RightsInput } from './rights.ts';
import type { RbacRule, Rights } from './rights-builder.ts';

const NOW = Date.UTC(2026, 0, 1);
const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const served = (group: string, resource: string, verbs = ALL, namespaced = true): ApiResource => ({
  group,
  resource,
  namespaced,
  verbs: new Set(verbs),
});

const api = newApiResources([
  served('', 'pods'),
  served('', 'pods/exec', ['create', 'get']),
  served('', 'pods/log', ['get']),
  served('', 'pods/eviction', ['create']),
  served('', 'services/proxy', ['create', 'delete', 'get', 'patch', 'update']),
  served('', 'secrets'),
  served('', 'serviceaccounts/token', ['create']),
  served('', 'namespaces', ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], false),
  served('', 'nodes', ALL, false),
  served('apps', 'deployments'),
  served('apps', 'deployments/scale', ['get', 'patch', 'update']),
  served('apps', 'statefulsets/scale', ['get', 'patch', 'update']),
  served('rbac.authorization.k8s.io', 'roles'),
  served('chaperone.dev', 'agentpolicies', ALL, false),
  served('authorization.k8s.io', 'subjectaccessreviews', ['create'], false),
]);

const rule = (fields: Partial<PolicyRule>): PolicyRule => ({ name: 'r', action: 'Allow', verbs: ['get'], ...fields });

const policy = (rules: readonly PolicyRule[], spec: Partial<AgentPolicySpec> = {}): BundlePolicy => ({
  name: 'p',
  uid: 'u',
  generation: 1,
  spec: { mode: 'Enforce', subjects: [{ kind: 'Group', name: 'agents' }], rules: [...rules], ...spec },
});

const derive = (policies: readonly BundlePolicy[], input: Partial<RightsInput> = {}): Rights =>
  deriveRights({
    policies,
    api,
    namespaces: [],
    now: NOW,
    nativeNamespaces: [],
    allowSelfAdministration: false,
    ...input,
  });

const always = derive([]);

/** What a policy adds to what is always there, one line per rule: verbs, resources, names. */
function added(rights: Rights): string[] {
  const known = new Set(always.cluster.map((one) => JSON.stringify(one)));
  return [
    ...rights.cluster.filter((one) => !known.has(JSON.stringify(one))).map(words),
    ...[...rights.namespaces].flatMap(([namespace, rules]) => rules.map((one) => `in ${namespace}: ${words(one)}`)),
  ];
}

function words({ verbs, apiGroups = [], resources = [], nonResourceURLs = [], resourceNames }: RbacRule): string {
  const short = verbs.map((verb) => verb.replace('impersonate-on:user-info:', '')).join(',');
  const what =
    resources.length > 0
      ? `${apiGroups.map((group) => group || 'core').join(',')}/${resources.join(',')}`
      : nonResourceURLs.join(',');
  return `${short} ${what}${resourceNames === undefined ? '' : ` [${resourceNames.join(',')}]`}`;
}

describe('the rights of', () => {
  test.each<{ name: string; rules: Partial<PolicyRule>[]; want: string[]; spec?: Partial<AgentPolicySpec> }>([
    {
      name: 'a rule that allows reading are reading',
      rules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }],
      want: ['get,list,watch core/pods'],
    },
    {
      name: 'a rule that denies are none',
      rules: [{ action: 'Deny', apiGroups: ['*'], resources: ['*'] }],
      want: [],
    },
    {
      name: 'a DryRun policy are none',
      rules: [{ apiGroups: [''], resources: ['pods'] }],
      spec: { mode: 'DryRun' },
      want: [],
    },
    {
      name: 'an expired policy are none',
      rules: [{ apiGroups: [''], resources: ['pods'] }],
      spec: { expiresAt: '2026-01-01T00:00:00Z' },
      want: [],
    },
    {
      name: 'a policy that expires later are there',
      rules: [{ apiGroups: [''], resources: ['pods'] }],
      spec: { expiresAt: '2026-01-01T00:00:01Z' },
      want: ['get core/pods'],
    },
    {
      name: 'create are those of PUT and apply too, and of reading whether it is there',
      rules: [{ verbs: ['create'], apiGroups: [''], resources: ['pods'] }],
      want: ['create,get,patch,update core/pods'],
    },
    {
      name: 'create of what can only be posted are create alone',
      rules: [
        {
          verbs: ['create'],
          apiGroups: ['', 'authorization.k8s.io'],
          resources: ['pods/eviction', 'subjectaccessreviews'],
        },
      ],
      want: [
        'create core/pods/eviction',
        'create authorization.k8s.io/selfsubjectaccessreviews,selfsubjectrulesreviews,subjectaccessreviews',
      ],
    },
    {
      name: 'update without patch stay without patch',
      rules: [{ verbs: ['update'], apiGroups: [''], resources: ['pods'] }],
      want: ['get,update core/pods'],
    },
    {
      name: 'delete where no rule looks at the object are delete alone',
      rules: [{ verbs: ['delete'], apiGroups: [''], resources: ['pods'] }],
      want: ['delete core/pods'],
    },
    {
      name: 'delete that another rule looks at are reading too',
      rules: [
        { verbs: ['delete'], apiGroups: [''], resources: ['pods'] },
        {
          name: 'x',
          action: 'Deny',
          verbs: ['delete'],
          apiGroups: ['*'],
          resources: ['*'],
          objectSelector: { matchLabels: { a: 'b' } },
        },
      ],
      want: ['delete,get core/pods'],
    },
    {
      name: 'logs of labelled pods are reading the pods too',
      rules: [
        {
          verbs: ['get'],
          apiGroups: [''],
          resources: ['pods/log'],
          objectSelector: { matchLabels: { a: 'b' } },
        },
      ],
      want: ['get core/pods,pods/log'],
    },
    {
      name: 'delete where conditions look at other things are delete alone',
      rules: [
        {
          verbs: ['delete'],
          apiGroups: [''],
          resources: ['pods'],
          conditions: [{ name: 'c', expression: 'request.dryRun' }],
        },
      ],
      want: ['delete core/pods'],
    },
    {
      name: 'delete where a condition looks at the old object are reading too',
      rules: [
        {
          verbs: ['delete'],
          apiGroups: [''],
          resources: ['pods'],
          conditions: [{ name: 'c', expression: 'oldObject.spec.x' }],
        },
      ],
      want: ['delete,get core/pods'],
    },
    {
      name: 'delete that is held are reading what the approval is given for',
      rules: [{ action: 'RequireApproval', verbs: ['delete'], apiGroups: [''], resources: ['pods'] }],
      want: ['delete,get core/pods'],
    },
    {
      name: 'deletecollection that is held are listing too',
      rules: [{ action: 'RequireApproval', verbs: ['deletecollection'], apiGroups: [''], resources: ['pods'] }],
      want: ['deletecollection,list core/pods'],
    },
    {
      name: 'exec are create for SPDY and get for WebSocket',
      rules: [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }],
      want: ['create,get core/pods/exec'],
    },
    {
      name: 'exec that is held are reading the pod too',
      rules: [{ action: 'RequireApproval', verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }],
      want: ['get core/pods', 'create,get core/pods/exec'],
    },
    {
      name: 'get on exec are none, as exec counts as create',
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods/exec'] }],
      want: [],
    },
    {
      name: 'a named proxy are every method',
      rules: [{ verbs: ['create'], apiGroups: [''], resources: ['services/proxy'] }],
      want: ['create,delete,get,patch,update core/services/proxy'],
    },
    {
      name: 'wildcards in an Allow rule stop at the exits',
      rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      want: [
        'create,delete,get,list,patch,update,watch core/namespaces',
        'create,delete,deletecollection,get,list,patch,update,watch core/nodes,pods,secrets',
        'create core/pods/eviction',
        'get core/pods/log',
        'create,delete,deletecollection,get,list,patch,update,watch apps/deployments',
        'get,patch,update apps/deployments/scale,statefulsets/scale',
        'create authorization.k8s.io/selfsubjectaccessreviews,selfsubjectrulesreviews,subjectaccessreviews',
        'get,list,watch chaperone.dev/agentpolicies',
        'get,list,watch rbac.authorization.k8s.io/roles',
      ],
    },
    {
      name: 'wildcards in a rule that holds reach the exits',
      rules: [
        {
          action: 'RequireApproval',
          verbs: ['create'],
          apiGroups: ['*'],
          resources: ['pods/exec', '*/proxy', 'serviceaccounts/token'],
        },
      ],
      want: [
        'get core/pods,serviceaccounts,services',
        'create,get core/pods/exec',
        'create core/serviceaccounts/token',
        'create,delete,get,patch,update core/services/proxy',
      ],
    },
    {
      name: 'an Allow rule that names a group but not the resource stop at the exits',
      rules: [{ verbs: ['create', 'get'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'] }],
      want: ['get rbac.authorization.k8s.io/roles'],
    },
    {
      name: 'an Allow rule that names exits reach them',
      rules: [
        { verbs: ['create'], apiGroups: [''], resources: ['pods/exec', 'serviceaccounts/token'] },
        { name: 's', verbs: ['delete'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] },
      ],
      want: [
        'create,get core/pods/exec',
        'create core/serviceaccounts/token',
        'delete rbac.authorization.k8s.io/roles',
      ],
    },
    {
      name: 'a subresource of all resources are those that there are',
      rules: [{ verbs: ['patch'], apiGroups: ['apps'], resources: ['*/scale'] }],
      want: ['get,patch apps/deployments/scale,statefulsets/scale'],
    },
    {
      name: 'a resource that is not served yet are there before it is',
      rules: [{ verbs: ['create', 'list'], apiGroups: ['example.com'], resources: ['widgets'] }],
      want: ['create,get,list,patch,update example.com/widgets'],
    },
    {
      name: "a resource that is another group's are none",
      rules: [{ apiGroups: ['', 'apps'], resources: ['pods', 'deployments'] }],
      want: ['get core/pods', 'get apps/deployments'],
    },
    {
      name: 'the RBAC verbs are none, as no request has them',
      rules: [
        { verbs: ['bind', 'escalate', 'impersonate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] },
      ],
      want: [],
    },
    {
      name: 'names are bound by them, but for POST and deletecollection',
      rules: [{ verbs: ['*'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a', 'b'] }],
      want: ['create,deletecollection core/secrets', 'delete,get,list,patch,update,watch core/secrets [a,b]'],
    },
    {
      name: 'names that are held are not bound by them in lists either',
      rules: [
        {
          action: 'RequireApproval',
          verbs: ['list', 'get'],
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: ['a'],
        },
      ],
      want: ['get core/secrets [a]', 'list core/secrets'],
    },
    {
      name: 'exec by name are bound by the name',
      rules: [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'], resourceNames: ['web-0'] }],
      want: ['create,get core/pods/exec [web-0]'],
    },
    {
      name: 'several rules with names are merged by what they give',
      rules: [
        { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['b', 'a'] },
        { name: 's', verbs: ['get', 'delete'], apiGroups: [''], resources: ['secrets'], resourceNames: ['b', 'c'] },
        { name: 't', verbs: ['watch'], apiGroups: [''], resources: ['secrets'] },
      ],
      want: ['delete,get core/secrets [b,c]', 'get core/secrets [a]', 'watch core/secrets'],
    },
    {
      name: 'namespaces are roles in them',
      rules: [{ verbs: ['get', 'create'], apiGroups: [''], resources: ['pods'], namespaces: ['b', 'a'] }],
      want: ['in a: create,get,patch,update core/pods', 'in b: create,get,patch,update core/pods'],
    },
    {
      name: 'lists of namespaces that are held are those of all namespaces too',
      rules: [
        { action: 'RequireApproval', verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], namespaces: ['a'] },
      ],
      want: ['list core/pods', 'in a: get core/pods'],
    },
    {
      name: 'cluster-scoped resources in namespaces are none',
      rules: [{ apiGroups: [''], resources: ['nodes'], namespaces: ['a'] }],
      want: [],
    },
    {
      name: 'Namespaces in namespaces are bound by their names',
      rules: [{ verbs: ['get', 'list', 'delete'], apiGroups: [''], resources: ['namespaces'], namespaces: ['a', 'b'] }],
      want: ['delete,get,list core/namespaces [a,b]'],
    },
    {
      name: 'Namespaces that may be created in namespaces are posted under any name',
      rules: [{ verbs: ['create'], apiGroups: [''], resources: ['namespaces'], namespaces: ['a'] }],
      want: ['create core/namespaces', 'get,patch,update core/namespaces [a]'],
    },
    {
      name: 'paths are as they are written',
      rules: [{ verbs: ['*'], nonResourceURLs: ['/metrics', '/logs/*'] }],
      want: ['delete,get,head,options,patch,post,put /logs/*,/metrics'],
    },
  ])('$name', ({ rules, want, spec }) => {
    expect(added(derive([policy(rules.map(rule), spec)]))).toEqual(want);
  });

  test('a namespaceSelector are roles in the namespaces that it selects', () => {
    const namespaces = [
      { name: 'dev', labels: { env: 'dev' } },
      { name: 'prod', labels: { env: 'prod' } },
      { name: 'plain', labels: {} },
    ];
    const selecting = (fields: Partial<PolicyRule>): string[] =>
      added(derive([policy([rule({ apiGroups: [''], resources: ['pods'], ...fields })])], { namespaces }));
    expect(selecting({ namespaceSelector: { matchLabels: { env: 'dev' } } })).toEqual(['in dev: get core/pods']);
    const notProd = { matchExpressions: [{ key: 'env', operator: 'NotIn' as const, values: ['prod'] }] };
    expect(selecting({ namespaceSelector: notProd })).toEqual(['in dev: get core/pods', 'in plain: get core/pods']);
    expect(selecting({ namespaceSelector: notProd, namespaces: ['plain', 'prod'] })).toEqual([
      'in plain: get core/pods',
    ]);
    const exists = { matchExpressions: [{ key: 'env', operator: 'Exists' as const }] };
    expect(selecting({ namespaceSelector: exists, resources: ['namespaces'], verbs: ['delete', 'create'] })).toEqual([
      'create,get,patch,update core/namespaces',
      'delete core/namespaces [dev,prod]',
    ]);
    const absent = { matchExpressions: [{ key: 'env', operator: 'DoesNotExist' as const }] };
    expect(selecting({ namespaceSelector: absent })).toEqual(['in plain: get core/pods']);
  });

  test('policies over chaperone.dev are reading, unless the installation allows more', () => {
    const policies = [policy([rule({ verbs: ['*'], apiGroups: ['chaperone.dev'], resources: ['agentpolicies'] })])];
    expect(added(derive(policies))).toEqual(['get,list,watch chaperone.dev/agentpolicies']);
    expect(added(derive(policies, { allowSelfAdministration: true }))).toEqual([
      'create,delete,deletecollection,get,list,patch,update,watch chaperone.dev/agentpolicies',
    ]);
  });

  test('ServiceAccounts under their own names are of a mode of its own', () => {
    const of = (subjects: AgentPolicySpec['subjects']): string[] =>
      derive([policy([rule({ apiGroups: [''], resources: ['pods'] })], { subjects })], { nativeNamespaces: ['ci'] })
        .cluster.filter(({ resources }) => resources?.[0] === 'pods')
        .flatMap(({ verbs }) => verbs);
    const user = 'impersonate-on:user-info:get';
    const account = 'impersonate-on:serviceaccount:get';
    expect(of([{ kind: 'ServiceAccount', namespace: 'ci', name: 'runner' }])).toEqual([account]);
    expect(of([{ kind: 'ServiceAccount', namespace: 'qa', name: 'runner' }])).toEqual([user]);
    expect(of([{ kind: 'User', name: 'ada' }])).toEqual([user]);
    expect(of([{ kind: 'User', name: 'system:serviceaccount:ci:runner' }])).toEqual([account, user]);
    expect(of([{ kind: 'Group', name: 'system:authenticated' }])).toEqual([account, user]);
    expect(of([{ kind: 'Group', name: 'system:serviceaccounts:qa' }])).toEqual([user]);
    expect(of([{ kind: 'Group', name: 'system:serviceaccounts:ci' }])).toEqual([account, user]);
    expect(of([{ kind: 'Group', name: 'agents' }])).toEqual([user]);
  });

  test('no policy at all are discovery, health and reviews of oneself', () => {
    expect(always.cluster.map(words)).toEqual([
      'create authentication.k8s.io/selfsubjectreviews',
      'create authorization.k8s.io/selfsubjectaccessreviews,selfsubjectrulesreviews',
      'get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/',
    ]);
    expect(always.namespaces.size).toBe(0);
  });

  test('the same policies are the same, in whatever order they stand', () => {
    const rules = [
      rule({
        name: 'a',
        verbs: ['get', 'delete'],
        apiGroups: ['', 'apps'],
        resources: ['*'],
        resourceNames: ['x', 'y'],
      }),
      rule({ name: 'b', verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'], namespaces: ['n', 'm'] }),
      rule({ name: 'c', verbs: ['get'], nonResourceURLs: ['/metrics'] }),
    ];
    expect(derive([policy(rules.toReversed())])).toEqual(derive([policy(rules)]));
  });

  test('without names they are for every name', () => {
    const policies = [
      policy([rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] })]),
    ];
    expect(added(derive(policies, { withoutNames: true }))).toEqual(['get core/secrets']);
  });
});

test('the next expiry is the earliest one to come', () => {
  const at = (expiresAt?: string): BundlePolicy => policy([], expiresAt === undefined ? {} : { expiresAt });
  expect(nextExpiry([at()], NOW)).toBeUndefined();
  expect(nextExpiry([at('2025-01-01T00:00:00Z')], NOW)).toBeUndefined();
  expect(nextExpiry([at('2027-01-01T00:00:00Z'), at('2026-02-01T00:00:00Z'), at()], NOW)).toBe(Date.UTC(2026, 1, 1));
});

test.each<{ name: string; fields: Partial<PolicyRule>; want: boolean }>([
  { name: 'all groups', fields: { apiGroups: ['*'], resources: ['pods'] }, want: true },
  { name: 'a subresource of all', fields: { apiGroups: [''], resources: ['*/scale'] }, want: true },
  { name: 'names alone', fields: { apiGroups: [''], resources: ['pods'] }, want: false },
  { name: 'a rule that denies', fields: { action: 'Deny', apiGroups: ['*'], resources: ['*'] }, want: false },
])('a wildcard is in use: $name', ({ fields, want }) => {
  expect(usesWildcards([policy([rule(fields)])], NOW)).toBe(want);
});
