import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import {
  as,
  installChart,
  NAMESPACE,
  OPERATOR,
  PROXY,
  type Caller,
  type CallOptions,
  type Installation,
} from '../admission/installed-chart.ts';
import { accessOf, mayDo } from './access.ts';

let chart: Installation;
const TEAM = 'team';

beforeAll(async () => {
  chart = await installChart();
  for (const namespace of [TEAM, 'other']) {
    await done(chart.kubectl(chart.admin, ['create', 'namespace', namespace]));
    await done(chart.kubectl(chart.admin, ['create', 'configmap', 'data', `--namespace=${namespace}`]));
    await done(
      chart.kubectl(chart.admin, [
        'create',
        'secret',
        'generic',
        'data',
        `--namespace=${namespace}`,
        '--from-literal=a=b',
      ]),
    );
  }
  // What refuses the gateway here is never that its callers have no rights.
  await done(
    chart.kubectl(chart.admin, [
      'create',
      'clusterrolebinding',
      'agents',
      '--clusterrole=cluster-admin',
      '--group=agents',
      `--serviceaccount=${TEAM}:default`,
      '--user=system:node:a',
    ]),
  );
}, 180_000);

afterAll(async () => {
  await chart?.stop();
}, 60_000);

async function done(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** The message of a call that fails; empty for one that succeeds. */
const failure = async (result: Promise<CommandResult>): Promise<string> => {
  const { code, stderr } = await result;
  return code === 0 ? '' : stderr;
};

const apply = (caller: Caller, object: object): Promise<CommandResult> =>
  chart.kubectl(caller, ['apply', '--server-side', '--force-conflicts', '--filename=-'], object);

const core = (namespace: string, rest: string): string => `/api/v1/namespaces/${namespace}/${rest}`;

const RBAC = 'rbac.authorization.k8s.io';
const DERIVED = 'chaperone-proxy-derived';

const role = (rules: readonly object[], namespace?: string, metadata: object = {}): object => ({
  apiVersion: `${RBAC}/v1`,
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: { name: DERIVED, ...(namespace === undefined ? {} : { namespace }), ...metadata },
  rules,
});

const binding = (options: {
  readonly role: string;
  readonly account?: string;
  readonly namespace?: string;
  readonly name?: string;
}): object => ({
  apiVersion: `${RBAC}/v1`,
  kind: options.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: {
    name: options.name ?? DERIVED,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
  },
  roleRef: {
    apiGroup: RBAC,
    kind: options.namespace !== undefined && options.role === DERIVED ? 'Role' : 'ClusterRole',
    name: options.role,
  },
  subjects: [{ kind: 'ServiceAccount', name: options.account ?? 'chaperone-proxy', namespace: NAMESPACE }],
});

/** What every authenticated user has, and the API server serves besides. */
const EVERYBODY = [
  'create selfsubjectaccessreviews.authorization.k8s.io',
  'create selfsubjectreviews.authentication.k8s.io',
  'create selfsubjectrulesreviews.authorization.k8s.io',
];

const agent = { 'impersonate-user': 'agent@example.com', 'impersonate-group': 'agents' };

/** One call for each verb. */
const dataCalls: readonly (CallOptions & { readonly verb: string })[] = [
  { verb: 'get', method: 'GET', path: core(TEAM, 'configmaps/data') },
  { verb: 'list', method: 'GET', path: core(TEAM, 'configmaps') },
  { verb: 'watch', method: 'GET', path: core(TEAM, 'configmaps?watch=true&timeoutSeconds=1') },
  { verb: 'create', method: 'POST', path: core(TEAM, 'configmaps'), body: { metadata: { generateName: 'made-' } } },
  { verb: 'update', method: 'PUT', path: core(TEAM, 'configmaps/data'), body: { metadata: { name: 'data' } } },
  {
    verb: 'patch',
    method: 'PATCH',
    path: core(TEAM, 'configmaps/data'),
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { data: { a: 'b' } },
  },
  { verb: 'delete', method: 'DELETE', path: core(TEAM, 'configmaps/none') },
  { verb: 'deletecollection', method: 'DELETE', path: core(TEAM, 'configmaps?labelSelector=none') },
];

describe('the gateway, by its own token,', () => {
  test('may do nothing by itself in a namespace but what its approvals need', async () => {
    expect(await accessOf(chart, chart.proxy, TEAM)).toEqual(
      [
        ...EVERYBODY,
        'create tokenreviews.authentication.k8s.io',
        'create,get,list,watch approvalrequests.chaperone.dev',
        'get,list,watch namespaces',
        'list apiservices.apiregistration.k8s.io',
        'patch approvalrequests/status.chaperone.dev',
      ].sort(),
    );
  });

  test('may do little more in its own namespace', async () => {
    const elsewhere = new Set(await accessOf(chart, chart.proxy, TEAM));
    const here = await accessOf(chart, chart.proxy, NAMESPACE);
    expect(here.filter((line) => !elsewhere.has(line))).toEqual([
      'create,delete,get,patch,update leases.coordination.k8s.io',
      'get configmaps',
    ]);
    const list = { verb: 'list', resource: 'configmaps', namespace: NAMESPACE };
    for (const name of ['chaperone-bundle', 'chaperone-writers'])
      expect(await mayDo(chart, chart.proxy, { resourceAttributes: { ...list, name } }), name).toBe(true);
    const patch = { ...list, verb: 'patch', name: 'chaperone-writers' };
    expect(await mayDo(chart, chart.proxy, { resourceAttributes: patch })).toBe(false);
    const key = { verb: 'get', resource: 'secrets', namespace: NAMESPACE, name: 'chaperone-registry-key' };
    expect(await mayDo(chart, chart.proxy, { resourceAttributes: key })).toBe(false);
    expect(await mayDo(chart, chart.proxy, { resourceAttributes: list })).toBe(false);
  });

  test.each(dataCalls)('is refused $verb of data by the API server itself', async (call) => {
    expect(await failure(chart.call(chart.proxy, call))).toContain(`User "${PROXY}" cannot ${call.verb} resource`);
  });

  test.each(dataCalls)('is refused $verb as a caller, where no policy lets it pass', async (call) => {
    const message = await failure(chart.call(chart.proxy, { ...call, headers: { ...call.headers, ...agent } }));
    expect(message).toContain(`User "${PROXY}" cannot impersonate-on:user-info:${call.verb} resource "configmaps"`);
  });

  test.each<{ name: string; headers: Readonly<Record<string, string>> }>([
    { name: 'system:masters', headers: { ...agent, 'impersonate-group': 'system:masters' } },
    { name: 'the operator', headers: { 'impersonate-user': OPERATOR } },
    { name: 'a ServiceAccount', headers: { 'impersonate-user': `system:serviceaccount:${TEAM}:default` } },
    {
      name: 'a ServiceAccount with groups',
      headers: { 'impersonate-user': `system:serviceaccount:${TEAM}:default`, 'impersonate-group': 'agents' },
    },
    { name: 'a node', headers: { 'impersonate-user': 'system:node:a' } },
  ])('is refused every verb as $name', async ({ headers }) => {
    for (const call of dataCalls) {
      const result = chart.call(chart.proxy, { ...call, headers: { ...call.headers, ...headers } });
      expect(await failure(result), call.verb).toContain(`User "${PROXY}" cannot impersonate`);
    }
  });

  test('is refused paths that are no resources as a caller, and reads discovery by itself', async () => {
    const call = { method: 'GET', path: '/version' } as const;
    expect(await failure(chart.call(chart.proxy, call))).toBe('');
    const message = await failure(chart.call(chart.proxy, { ...call, headers: agent }));
    expect(message).toContain('cannot impersonate-on:user-info:get path "/version"');
    expect(await failure(chart.call(chart.proxy, { ...call, path: '/metrics' }))).toContain(
      'cannot get path "/metrics"',
    );
  });

  test('cannot widen what it may do', async () => {
    const attempts: readonly CallOptions[] = [
      { method: 'POST', path: `/apis/${RBAC}/v1/clusterroles`, body: role([]) },
      { method: 'POST', path: `/apis/${RBAC}/v1/clusterrolebindings`, body: binding({ role: 'cluster-admin' }) },
      { method: 'POST', path: core(NAMESPACE, 'serviceaccounts/chaperone-operator/token'), body: {} },
      { method: 'POST', path: core(NAMESPACE, 'pods'), body: {} },
      { method: 'POST', path: core(NAMESPACE, 'pods/chaperone-proxy-0/exec?command=sh') },
      { method: 'GET', path: core(NAMESPACE, 'secrets') },
      { method: 'POST', path: '/apis/certificates.k8s.io/v1/certificatesigningrequests', body: {} },
      { method: 'POST', path: '/apis/chaperone.dev/v1alpha1/agentpolicies', body: {} },
    ];
    for (const attempt of attempts) {
      const message = await failure(chart.call(chart.proxy, attempt));
      expect(message, attempt.path).toContain(
        `User "${PROXY}" cannot create resource`.replace('create', verbOf(attempt)),
      );
    }
  });

  test('does what a policy lets pass, in its namespace, and nothing beside it', async () => {
    const granted = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['impersonate-on:user-info:get'] }];
    await done(apply(chart.operator, role(granted, TEAM)));
    await done(apply(chart.operator, binding({ role: DERIVED, namespace: TEAM })));
    const through = (headers: Readonly<Record<string, string>>, path: string): Promise<string> =>
      failure(chart.call(chart.proxy, { method: 'GET', path, headers }));

    await expect.poll(() => through(agent, core(TEAM, 'configmaps/data'))).toBe('');
    // The caller's own rights stay the ceiling.
    const nobody = { 'impersonate-user': 'nobody@example.com' };
    expect(await through(nobody, core(TEAM, 'configmaps/data'))).toContain('User "nobody@example.com" cannot get');
    // With facts about the run, as the gateway sends them.
    const extra = { ...agent, 'impersonate-extra-chaperone.dev%2fvia': 'chaperone-proxy-0' };
    expect(await through(extra, core(TEAM, 'configmaps/data'))).toBe('');

    expect(await through(agent, core(TEAM, 'configmaps'))).toContain('cannot impersonate-on:user-info:list');
    expect(await through(agent, core(TEAM, 'secrets/data'))).toContain('cannot impersonate-on:user-info:get');
    expect(await through(agent, core('other', 'configmaps/data'))).toContain('cannot impersonate-on:user-info:get');
    const masters = { ...agent, 'impersonate-group': 'system:masters' };
    expect(await through(masters, core(TEAM, 'configmaps/data'))).toContain(
      'impersonating the system:masters group is not allowed',
    );
    expect(await through({ 'impersonate-user': OPERATOR }, core(TEAM, 'configmaps/data'))).toContain(
      `User "${PROXY}" cannot impersonate`,
    );
    for (const call of dataCalls.filter(({ verb }) => verb !== 'get')) {
      const result = chart.call(chart.proxy, { ...call, headers: { ...call.headers, ...agent } });
      expect(await failure(result)).toContain(`cannot impersonate-on:user-info:${call.verb} resource "configmaps"`);
    }
  });
});

/** What RequestInfo makes of a call of these tests. */
const verbOf = ({ method, path }: CallOptions): string =>
  method === 'GET' ? (path.endsWith('secrets') ? 'list' : 'get') : 'create';

describe('the operator, by its own token,', () => {
  test('may do nothing by itself in a namespace but watch policies and cluster roles, settle requests and write events', async () => {
    expect(await accessOf(chart, chart.operator, TEAM)).toEqual(
      [
        ...EVERYBODY,
        'get,list,watch agentpolicies.chaperone.dev',
        'get,list,watch maskingrules.chaperone.dev',
        'delete,get,list,watch approvalrequests.chaperone.dev',
        'patch agentpolicies/status.chaperone.dev',
        'patch approvalrequests/status.chaperone.dev',
        'patch maskingrules/status.chaperone.dev',
        'create,patch events.events.k8s.io',
        'get,list,watch namespaces',
        'list,watch clusterrolebindings.rbac.authorization.k8s.io',
        'list,watch clusterroles.rbac.authorization.k8s.io',
      ].sort(),
    );
  });

  test('may besides write ConfigMaps and Leases in its own namespace', async () => {
    const elsewhere = new Set(await accessOf(chart, chart.operator, TEAM));
    const here = await accessOf(chart, chart.operator, NAMESPACE);
    expect(here.filter((line) => !elsewhere.has(line))).toEqual([
      'create,delete,get,list,patch,update,watch configmaps',
      'create,delete,get,list,watch leases.coordination.k8s.io',
    ]);
  });

  test('makes, by server-side apply, what the gateway consists of, and what else it needs', async () => {
    const metadata = { name: 'chaperone-proxy', namespace: NAMESPACE };
    const selector = { matchLabels: { app: 'proxy' } };
    const template = {
      metadata: { labels: { app: 'proxy' } },
      spec: { serviceAccountName: 'chaperone-proxy', containers: [{ name: 'proxy', image: 'none' }] },
    };
    const objects = [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 0, selector, template } },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata,
        spec: { replicas: 0, serviceName: 'chaperone-proxy', selector, template },
      },
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 443 }] } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { minAvailable: 1, selector } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: { ...metadata, name: 'chaperone-proxy-tls' },
        data: { 'tls.crt': '', 'tls.key': '' },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { ...metadata, name: 'chaperone-registry-key' },
        data: { '0001.pem': '' },
      },
      role([{ apiGroups: ['*'], resources: ['*'], verbs: ['impersonate-on:user-info:deletecollection'] }]),
      binding({ role: DERIVED }),
      role([{ nonResourceURLs: ['/healthz'], verbs: ['impersonate-on:user-info:head'] }], undefined, {
        name: `${DERIVED}-8`,
      }),
      role([], 'kube-system'),
      {
        apiVersion: 'chaperone.dev/v1alpha1',
        kind: 'AgentPolicy',
        metadata: { name: 'chaperone-discovery' },
        spec: {
          subjects: [{ kind: 'Group', name: 'system:authenticated' }],
          rules: [{ name: 'version', action: 'Allow', verbs: ['get'], nonResourceURLs: ['/version'] }],
        },
      },
    ];
    for (const object of objects) {
      expect(await failure(apply(chart.operator, object)), JSON.stringify(object)).toBe('');
    }
  });

  test('watches by name the admission policies that it counts on, and what it makes', async () => {
    const admission = '/apis/admissionregistration.k8s.io/v1';
    for (const [path, names] of [
      [`${admission}/validatingadmissionpolicies`, ['approvalrequests', 'bundle', 'leases', 'secrets']],
      [`${admission}/validatingadmissionpolicybindings`, ['approvalrequests', 'bundle', 'leases', 'secrets']],
      [`/apis/${RBAC}/v1/roles`, ['proxy-derived']],
      [core(NAMESPACE, 'secrets'), ['proxy-tls']],
    ] as const) {
      for (const name of names) {
        const selected = `${path}?fieldSelector=metadata.name%3Dchaperone-${name}`;
        expect(await failure(chart.call(chart.operator, { method: 'GET', path: selected })), selected).toBe('');
      }
      expect(await failure(chart.call(chart.operator, { method: 'GET', path })), path).toContain(
        'cannot list resource',
      );
    }
  });

  test.each<{ name: string; headers: Readonly<Record<string, string>> }>([
    { name: 'a caller', headers: agent },
    { name: 'system:masters', headers: { ...agent, 'impersonate-group': 'system:masters' } },
    { name: 'the gateway', headers: { 'impersonate-user': PROXY } },
    { name: 'a ServiceAccount', headers: { 'impersonate-user': 'system:serviceaccount:kube-system:default' } },
    { name: 'a node', headers: { 'impersonate-user': 'system:node:a' } },
  ])('cannot act as $name, for all the rights that it may hand out', async ({ headers }) => {
    for (const call of dataCalls) {
      const result = chart.call(chart.operator, { ...call, headers: { ...call.headers, ...headers } });
      expect(await failure(result), call.verb).toContain(`User "${OPERATOR}" cannot impersonate`);
    }
    const own = chart.call(chart.operator, { method: 'GET', path: core(NAMESPACE, 'configmaps'), headers });
    expect(await failure(own)).toContain(`User "${OPERATOR}" cannot impersonate`);
  });

  test('reads no Secret but the certificate of the gateway and its own key', async () => {
    const paths = ['kube-system', 'default', TEAM].map((namespace) => core(namespace, 'secrets'));
    for (const path of ['/api/v1/secrets', ...paths, core(NAMESPACE, 'secrets')]) {
      expect(await failure(chart.call(chart.operator, { method: 'GET', path })), path).toContain(
        `User "${OPERATOR}" cannot list resource "secrets"`,
      );
    }
    for (const namespace of [TEAM, 'kube-system', NAMESPACE]) {
      const path = core(namespace, 'secrets/data');
      expect(await failure(chart.call(chart.operator, { method: 'GET', path })), path).toContain(
        `User "${OPERATOR}" cannot get resource "secrets"`,
      );
    }
    const elsewhere = core(TEAM, 'secrets/chaperone-proxy-tls');
    expect(await failure(chart.call(chart.operator, { method: 'GET', path: elsewhere }))).toContain(
      'cannot get resource',
    );
  });

  test('cannot have a token made for the gateway, neither by request nor as a Secret', async () => {
    const request = {
      method: 'POST',
      path: core(NAMESPACE, 'serviceaccounts/chaperone-proxy/token'),
      body: {},
    } as const;
    expect(await failure(chart.call(chart.operator, request))).toContain(
      'cannot create resource "serviceaccounts/token"',
    );
    await chart.kubectl(chart.admin, ['delete', 'secret/chaperone-proxy-tls', `--namespace=${NAMESPACE}`]);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: {
        name: 'chaperone-proxy-tls',
        namespace: NAMESPACE,
        annotations: { 'kubernetes.io/service-account.name': 'chaperone-proxy' },
      },
    };
    expect(await failure(apply(chart.operator, secret))).toContain(
      'the operator writes certificates and keys, never a Secret for which the control plane issues a token',
    );
    await done(apply(chart.operator, { ...secret, type: 'Opaque' }));
    expect(await failure(apply(chart.operator, secret))).not.toBe('');
    const post = { method: 'POST', path: core(NAMESPACE, 'secrets'), body: { ...secret, type: 'Opaque' } } as const;
    expect(await failure(chart.call(chart.operator, post))).toContain('cannot create resource "secrets"');
  });

  test.each([
    { name: 'data', rule: { apiGroups: [''], resources: ['secrets'], verbs: ['get'] } },
    { name: 'everything', rule: { apiGroups: ['*'], resources: ['*'], verbs: ['*'] } },
    {
      name: 'the right to be others',
      rule: { apiGroups: ['authentication.k8s.io'], resources: ['users'], verbs: ['impersonate:user-info'] },
    },
    { name: 'legacy impersonation', rule: { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] } },
    {
      name: 'impersonation of ServiceAccounts, which this installation does not use',
      rule: { apiGroups: [''], resources: ['pods'], verbs: ['impersonate-on:serviceaccount:get'] },
    },
    { name: 'escalate', rule: { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['escalate'] } },
    { name: 'bind', rule: { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['bind'] } },
    { name: 'roles of any name', rule: { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['patch'] } },
    { name: 'policies', rule: { apiGroups: ['chaperone.dev'], resources: ['agentpolicies'], verbs: ['patch'] } },
    { name: 'paths', rule: { nonResourceURLs: ['/logs/*'], verbs: ['get'] } },
  ])('can put no right to $name into a role', async ({ rule }) => {
    // Paths are of no namespace, so a Role cannot hold them in any case.
    for (const namespace of 'nonResourceURLs' in rule ? [undefined] : [undefined, NAMESPACE, TEAM]) {
      expect(await failure(apply(chart.operator, role([rule], namespace)))).toContain(
        'is attempting to grant RBAC permissions not currently held',
      );
    }
  });

  test('cannot collect rights into a role by labels', async () => {
    const aggregated = { clusterRoleSelectors: [{ matchLabels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }] };
    const attempt = apply(chart.operator, { ...role([]), aggregationRule: aggregated });
    expect(await failure(attempt)).toContain('must have cluster-admin privileges to use the aggregationRule');
  });

  test.each(['chaperone-proxy', 'cluster-admin', 'edit', 'system:node'])(
    'can bind %s to nobody, itself included',
    async (bound) => {
      await chart.kubectl(chart.admin, ['delete', 'clusterrolebinding', DERIVED, '--ignore-not-found']);
      for (const account of ['chaperone-operator', 'chaperone-proxy']) {
        for (const namespace of [undefined, NAMESPACE, 'kube-system']) {
          const where = namespace === undefined ? {} : { namespace };
          expect(await failure(apply(chart.operator, binding({ role: bound, account, ...where })))).toContain(
            'is attempting to grant RBAC permissions not currently held',
          );
        }
      }
    },
  );

  test('can hand itself only what it holds already', async () => {
    await chart.kubectl(chart.admin, ['delete', 'clusterrolebinding', DERIVED, '--ignore-not-found']);
    const viewer = binding({ role: 'chaperone-viewer', account: 'chaperone-operator' });
    expect(await failure(apply(chart.operator, viewer))).toBe('');
    await chart.kubectl(chart.admin, ['delete', 'clusterrolebinding', DERIVED]);
  });

  test.each<CallOptions & { readonly name: string }>([
    { name: 'roles of other names', method: 'POST', path: `/apis/${RBAC}/v1/clusterroles`, body: role([]) },
    { name: 'bindings by name of their own', method: 'POST', path: `/apis/${RBAC}/v1/clusterrolebindings`, body: {} },
    { name: 'its own role', method: 'PATCH', path: `/apis/${RBAC}/v1/clusterroles/chaperone-operator`, body: {} },
    {
      name: 'its own role in its namespace',
      method: 'PATCH',
      path: `/apis/${RBAC}/v1/namespaces/${NAMESPACE}/roles/chaperone-operator`,
      body: {},
    },
    { name: "the gateway's role", method: 'PATCH', path: `/apis/${RBAC}/v1/clusterroles/chaperone-proxy`, body: {} },
    {
      name: "the gateway's binding",
      method: 'PATCH',
      path: `/apis/${RBAC}/v1/clusterrolebindings/chaperone-proxy`,
      body: {},
    },
    {
      name: 'the owner of the release',
      method: 'PATCH',
      path: `/apis/${RBAC}/v1/clusterroles/chaperone-release`,
      body: {},
    },
    {
      name: 'admission policies',
      method: 'PATCH',
      path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/chaperone-approvalrequests',
      body: {},
    },
    {
      name: 'CustomResourceDefinitions',
      method: 'PATCH',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/approvalrequests.chaperone.dev',
      body: {},
    },
    { name: 'policies', method: 'POST', path: '/apis/chaperone.dev/v1alpha1/agentpolicies', body: {} },
    { name: 'policies by name', method: 'PATCH', path: '/apis/chaperone.dev/v1alpha1/agentpolicies/any', body: {} },
    {
      name: 'approval requests',
      method: 'POST',
      path: `/apis/chaperone.dev/v1alpha1/namespaces/${TEAM}/approvalrequests`,
      body: {},
    },
    { name: 'pods', method: 'POST', path: core(NAMESPACE, 'pods'), body: {} },
    {
      name: 'Deployments of other names',
      method: 'POST',
      path: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
      body: {},
    },
    {
      name: 'Deployments elsewhere',
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${TEAM}/deployments/chaperone-proxy`,
      body: {},
    },
    { name: 'commands in pods', method: 'POST', path: core(NAMESPACE, 'pods/chaperone-proxy-0/exec?command=sh') },
    { name: 'other ServiceAccounts', method: 'POST', path: core(NAMESPACE, 'serviceaccounts'), body: {} },
    { name: 'ConfigMaps elsewhere', method: 'POST', path: core('kube-system', 'configmaps'), body: {} },
    { name: 'certificates', method: 'POST', path: '/apis/certificates.k8s.io/v1/certificatesigningrequests', body: {} },
  ])('writes no $name', async ({ method, path, body }) => {
    const headers =
      method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : { 'content-type': 'application/json' };
    expect(await failure(chart.call(chart.operator, { method, path, headers, body: body ?? {} }))).toContain(
      `User "${OPERATOR}" cannot ${method === 'PATCH' ? 'patch' : 'create'} resource`,
    );
  });
});

describe('the roles for people', () => {
  const can = async (group: string, verb: string, what: string): Promise<boolean> => {
    const caller = as(chart.admin, 'person@example.com', [group]);
    // kubectl would take the part after the slash for a name.
    const [resource = '', subresource = ''] = what.split('/');
    const { stdout } = await chart.kubectl(caller, [
      'auth',
      'can-i',
      verb,
      resource,
      `--subresource=${subresource}`,
      `--namespace=${TEAM}`,
    ]);
    return stdout.trim() === 'yes';
  };
  const reading = ['get', 'list', 'watch'].flatMap((verb) =>
    ['agentpolicies', 'maskingrules', 'approvalrequests'].map((plural) => [verb, `${plural}.chaperone.dev`] as const),
  );
  const writing = ['create', 'update', 'patch', 'delete', 'deletecollection'].flatMap((verb) =>
    ['agentpolicies', 'maskingrules'].map((plural) => [verb, `${plural}.chaperone.dev`] as const),
  );
  const deciding = [
    ['patch', 'approvalrequests.chaperone.dev/status'],
    ['update', 'approvalrequests.chaperone.dev/status'],
    ['create', 'approvalrequests.chaperone.dev'],
    ['patch', 'approvalrequests.chaperone.dev'],
    ['delete', 'approvalrequests.chaperone.dev'],
  ] as const;

  beforeAll(async () => {
    for (const name of ['view', 'edit', 'admin', 'chaperone-viewer', 'chaperone-reviewer', 'chaperone-policy-editor']) {
      await done(
        chart.kubectl(chart.admin, [
          'create',
          'clusterrolebinding',
          `${name}s`,
          `--clusterrole=${name}`,
          `--group=${name}s`,
        ]),
      );
    }
    // Rights are aggregated by a controller.
    await vi.waitUntil(() => can('admins', 'list', 'agentpolicies.chaperone.dev'), { timeout: 20_000, interval: 200 });
  });

  test.each(['views', 'edits', 'admins', 'chaperone-viewers'])('%s only read', async (group) => {
    for (const [verb, resource] of reading) expect(await can(group, verb, resource), `${verb} ${resource}`).toBe(true);
    for (const [verb, resource] of [...writing, ...deciding]) {
      expect(await can(group, verb, resource), `${verb} ${resource}`).toBe(false);
    }
  });

  test('chaperone-reviewers read requests and patch their status', async () => {
    for (const verb of ['get', 'list', 'watch']) {
      expect(await can('chaperone-reviewers', verb, 'approvalrequests.chaperone.dev')).toBe(true);
    }
    const allowed = [];
    for (const [verb, resource] of [...writing, ...deciding]) {
      if (await can('chaperone-reviewers', verb, resource)) allowed.push([verb, resource]);
    }
    expect(allowed).toEqual([['patch', 'approvalrequests.chaperone.dev/status']]);
  });

  test('chaperone-policy-editors write policies and decide nothing', async () => {
    for (const [verb, resource] of [...reading, ...writing]) {
      expect(await can('chaperone-policy-editors', verb, resource), `${verb} ${resource}`).toBe(true);
    }
    for (const [verb, resource] of deciding) {
      expect(await can('chaperone-policy-editors', verb, resource), `${verb} ${resource}`).toBe(false);
    }
  });
});
