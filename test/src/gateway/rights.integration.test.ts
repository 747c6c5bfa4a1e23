import { isDeepStrictEqual } from 'node:util';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { newConnection, type Connection } from '@chaperone/crds/client/connection';
import { clusterRoleBindings, clusterRoles, events, roleBindings, roles } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client, type ResourceClient, type ResourceList } from '@chaperone/crds/client/resource-client';
import { newStore, type Lister } from '@chaperone/crds/client/store';
import { releaseReference } from '@chaperone/operator/gateway/child-writer';
import { newRoleWriter } from '@chaperone/operator/gateway/role-writer';
import { DERIVED_NAME, rolesOf } from '@chaperone/operator/gateway/roles';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import { installChart, NAMESPACE, type CallOptions, type Installation } from '../admission/installed-chart.ts';
import { killEverywhere, startGateway, type RunningGateway, type RunningGatewayOptions } from './running-gateway.ts';

/** Derived rights as the API server judges them: the proxy's own token, and no proxy. */
let chart: Installation;
/** As administrator. */
let connection: Connection;
let client: Client;
let running: RunningGateway | undefined;
/** A namespace per test. */
let namespace: string;
let namespaces = 0;

beforeAll(async () => {
  chart = await installChart();
  connection = newConnection({ kubeConfig: kubeConfigFromFile(chart.admin.kubeconfig), userAgent: 'gateway-test' });
  client = newClient({ connection, fieldManager: 'test' });
  await done(['create', 'clusterrolebinding', 'agents', '--clusterrole=cluster-admin', '--group=agents']);
}, 180_000);

afterAll(async () => {
  await connection?.close();
  await chart?.stop();
}, 60_000);

beforeEach(async () => {
  namespaces += 1;
  namespace = `team-${namespaces}`;
  await done(['create', 'namespace', namespace]);
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await done(['delete', 'agentpolicies,maskingrules', '--all']);
  await removeDerived();
});

/** Rights outlive the operator, and so does the bundle that they are derived from first; each test begins without any. */
async function removeDerived(): Promise<void> {
  await done(['delete', 'configmap', BUNDLE_HEAD, `--namespace=${NAMESPACE}`, '--ignore-not-found']);
  const of = async <T extends KubernetesObject>(kind: ResourceClient<T>): Promise<void> => {
    const { items } = await kind.list({ fieldSelector: `metadata.name=${DERIVED_NAME}` });
    await Promise.all(items.map(({ metadata }) => kind.delete(metadata)));
  };
  await of(client.resource(roleBindings));
  await of(client.resource(roles));
  await of(client.resource(clusterRoleBindings));
  await of(client.resource(clusterRoles));
}

async function done(args: readonly string[], input?: unknown): Promise<string> {
  const result = await chart.kubectl(chart.admin, args, input);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout;
}

const start = (options: Partial<RunningGatewayOptions> = {}): RunningGateway =>
  (running = startGateway({
    kubeconfig: chart.operator.kubeconfig,
    configuration: { managed: false },
    ...options,
  }));

const policy = (name: string, rules: readonly object[], spec: object = {}): object => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name },
  spec: {
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: rules.map((rule, index) => ({ name: `rule-${index}`, action: 'Allow', ...rule })),
    ...spec,
  },
});

const apply = (object: object): Promise<string> =>
  done(['apply', '--server-side', '--force-conflicts', '--filename=-'], object);

const AGENT = {
  'impersonate-user': 'agent@example.com',
  'impersonate-group': 'agents',
  'impersonate-extra-chaperone.dev%2Fvia': 'x',
};

/** As the gateway would forward it for an agent that RBAC lets do everything. */
async function asAgent(
  method: CallOptions['method'],
  path: string,
  body?: unknown,
  headers = {},
): Promise<CommandResult> {
  try {
    return await chart.call(chart.proxy, { method, path, headers: { ...AGENT, ...headers }, body });
  } catch (error) {
    // What is not served at all is answered in plain text; refusals never are.
    if (error instanceof SyntaxError) return { code: 1, stdout: '', stderr: 'not served' };
    throw error;
  }
}

const PASSED = "past the check of the gateway's rights";
const REFUSED = "refused for want of the gateway's rights";

/** What the API server made of a call: 404 and the like come after its check of the gateway's rights. */
async function verdict(result: Promise<CommandResult>): Promise<string> {
  const { code, stderr } = await result;
  if (/User "system:serviceaccount:chaperone-system:chaperone-proxy" cannot impersonate-on:/.test(stderr)) {
    return REFUSED;
  }
  return code === 0 || !/forbidden|cannot/.test(stderr) ? PASSED : stderr;
}

/** For rights that are being derived; names of objects keep the API server's cache of ten seconds out of it. */
const POLL = { timeout: 20_000, interval: 100 };

/** The rights that are always there are there; below a path that was not asked for before. */
const begun = (): Promise<void> =>
  vi.waitFor(async () => {
    if ((await verdict(asAgent('GET', `/apis/${freshName()}`))) !== PASSED) throw new Error('No rights yet');
  }, POLL);

let unique = 0;
const freshName = (): string => `object-${(unique += 1)}`;

const core = (resource: string, name = '', where = namespace): string =>
  `/api/v1/namespaces/${where}/${resource}${name === '' ? '' : `/${name}`}`;

/** What a watch would hold. */
function listerOf<T extends KubernetesObject>({ items }: ResourceList<T>): Lister<T> {
  const store = newStore<T>({});
  items.forEach((object) => store.put(object));
  return store;
}

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

const PATCH = { 'content-type': 'application/merge-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

describe('with no policy', () => {
  test('the gateway can do nothing as others but discover and ask about them', async () => {
    start();
    await begun();
    expect(await verdict(asAgent('GET', '/version'))).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/apis/apps/v1'))).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/openapi/v3'))).toBe(PASSED);
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    expect(await verdict(asAgent('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review))).toBe(PASSED);
    const spec = { resourceAttributes: { verb: 'get', resource: 'pods' } };
    const access = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
    expect(await verdict(asAgent('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', access))).toBe(
      PASSED,
    );
    expect(await verdict(asAgent('GET', core('configmaps')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', '/api/v1/nodes'))).toBe(REFUSED);
    expect(await verdict(asAgent('POST', core('configmaps'), configMap('a')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', '/metrics'))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('secrets')))).toBe(REFUSED);
  });

  test('nobody else can be impersonated by the proxy, and nothing can be done without impersonation', async () => {
    start();
    await begun();
    const as = (headers: Readonly<Record<string, string>>): Promise<CommandResult> =>
      chart.call(chart.proxy, { method: 'GET', path: '/version', headers });
    const masters = await as({ 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' });
    expect(masters.stderr).toContain('impersonating the system:masters group is not allowed');
    const node = await as({ 'impersonate-user': 'system:node:a' });
    expect(node.stderr).toContain('cannot impersonate-on:arbitrary-node:get');
    const account = await as({ 'impersonate-user': `system:serviceaccount:${NAMESPACE}:chaperone-operator` });
    expect(account.stderr).toContain('cannot impersonate-on:serviceaccount:get');
    const plain = await chart.call(chart.proxy, { method: 'GET', path: core('secrets') });
    expect(plain.stderr).toContain('cannot list resource "secrets"');
  });
});

describe('what policies allow or hold passes the API server, and nothing else does:', () => {
  const widgets = '/apis/example.com/v1/widgets';

  test('reading, by verb', async () => {
    start();
    await apply(
      policy('readers', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps', 'pods/log'] }]),
    );
    await expect.poll(() => verdict(asAgent('GET', core('configmaps'))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', core('configmaps', 'kube-root-ca.crt')))).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/api/v1/configmaps'))).toBe(PASSED);
    expect(await verdict(asAgent('GET', `${core('pods', 'none')}/log`))).toBe(PASSED);
    expect(await verdict(asAgent('GET', `${core('configmaps')}?watch=true&timeoutSeconds=1`))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('pods', 'none')))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('configmaps', 'a')))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('configmaps')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('secrets')))).toBe(REFUSED);
  });

  test('create, which also is PUT and apply of what does not exist', async () => {
    start();
    await apply(
      policy('creators', [
        { verbs: ['create'], apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'] },
      ]),
    );
    await expect.poll(() => verdict(asAgent('POST', core('configmaps'), configMap(freshName()))), POLL).toBe(PASSED);
    const applied = freshName();
    expect(
      await verdict(asAgent('PATCH', `${core('configmaps', applied)}?fieldManager=t`, configMap(applied), APPLY)),
    ).toBe(PASSED);
    // Whether it is there is read before.
    expect(await verdict(asAgent('GET', core('configmaps', applied)))).toBe(PASSED);
    // Leases are created by PUT; ConfigMaps are not.
    const lease = freshName();
    expect(
      await verdict(
        asAgent('PUT', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lease}`, {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: lease },
        }),
      ),
    ).toBe(PASSED);
    expect(await verdict(asAgent('DELETE', core('configmaps', applied)))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('configmaps')))).toBe(REFUSED);
  });

  test('update, patch, delete and deletecollection, each of its own', async () => {
    start();
    await apply(
      policy('changers', [
        { verbs: ['update'], apiGroups: [''], resources: ['configmaps'] },
        { verbs: ['patch'], apiGroups: [''], resources: ['services'] },
        { verbs: ['delete'], apiGroups: [''], resources: ['serviceaccounts'] },
        { verbs: ['deletecollection'], apiGroups: [''], resources: ['podtemplates'] },
      ]),
    );
    await expect.poll(() => verdict(asAgent('PUT', core('configmaps', 'none'), configMap('none'))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('PATCH', core('services', 'none'), {}, PATCH))).toBe(PASSED);
    expect(await verdict(asAgent('DELETE', core('serviceaccounts', 'none')))).toBe(PASSED);
    expect(await verdict(asAgent('DELETE', core('podtemplates')))).toBe(PASSED);
    expect(await verdict(asAgent('PATCH', core('configmaps', 'none'), {}, PATCH))).toBe(REFUSED);
    expect(await verdict(asAgent('POST', core('configmaps'), configMap('none')))).toBe(REFUSED);
    expect(await verdict(asAgent('PUT', core('services', 'none'), {}))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('serviceaccounts')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('serviceaccounts', 'none')))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('podtemplates', 'none')))).toBe(REFUSED);
  });

  test('exec over WebSocket and SPDY, attach and port-forward, named', async () => {
    start();
    await apply(policy('runners', [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }]));
    await expect.poll(() => verdict(asAgent('POST', `${core('pods', 'none')}/exec?command=id`)), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', `${core('pods', 'none')}/exec?command=id`))).toBe(PASSED);
    expect(await verdict(asAgent('POST', `${core('pods', 'none')}/attach`))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', `${core('pods', 'none')}/portforward`))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('pods', 'none')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', `${core('services', 'none')}/proxy/`))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('pods', 'none')))).toBe(REFUSED);
  });

  test('wildcards that stop at the exits, and wildcards that are held and do not', async () => {
    start();
    await apply(policy('everything', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]));
    await expect.poll(() => verdict(asAgent('GET', core('pods'))), POLL).toBe(PASSED);
    expect(
      await verdict(asAgent('PATCH', `/apis/apps/v1/namespaces/${namespace}/deployments/none/scale`, {}, PATCH)),
    ).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'))).toBe(PASSED);
    const exits: [CallOptions['method'], string][] = [
      ['POST', `${core('pods', 'none')}/exec?command=id`],
      ['GET', `${core('pods', 'none')}/attach`],
      ['POST', `${core('pods', 'none')}/portforward`],
      ['PATCH', `${core('pods', 'none')}/ephemeralcontainers`],
      ['GET', `${core('services', 'none')}/proxy/`],
      ['GET', '/api/v1/nodes/none/proxy/'],
      ['POST', `${core('serviceaccounts', 'default')}/token`],
      ['PUT', '/apis/certificates.k8s.io/v1/certificatesigningrequests/none/approval'],
      ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
      ['DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/none'],
      ['PATCH', '/apis/apiregistration.k8s.io/v1/apiservices/none'],
      ['POST', '/apis/chaperone.dev/v1alpha1/agentpolicies'],
    ];
    for (const [method, path] of exits) {
      expect(await verdict(asAgent(method, path, method === 'GET' ? undefined : {}))).toBe(REFUSED);
    }
    await apply(
      policy('held', [
        {
          action: 'RequireApproval',
          verbs: ['*'],
          apiGroups: ['*'],
          resources: ['*'],
          approval: { reviewers: [{ kind: 'Group', name: 'oncall' }] },
        },
      ]),
    );
    await expect.poll(() => verdict(asAgent('POST', `${core('pods', 'none')}/exec?command=id`)), POLL).toBe(PASSED);
    for (const [method, path] of exits.filter(([, exit]) => !exit.includes('chaperone.dev'))) {
      expect(
        await verdict(asAgent(method, path, method === 'GET' ? undefined : {}, method === 'PATCH' ? PATCH : {})),
      ).toBe(PASSED);
    }
    // Whatever policies say, unless the installation allows it.
    expect(await verdict(asAgent('POST', '/apis/chaperone.dev/v1alpha1/agentpolicies', {}))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', '/apis/chaperone.dev/v1alpha1/agentpolicies'))).toBe(PASSED);
  });

  test('names, where the URL has them', async () => {
    start();
    await apply(
      policy('names', [
        {
          verbs: ['get', 'list', 'watch', 'delete', 'patch'],
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: ['mine'],
        },
      ]),
    );
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', 'mine'))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dmine`))).toBe(PASSED);
    expect(
      await verdict(
        asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dmine&watch=true&timeoutSeconds=1`),
      ),
    ).toBe(PASSED);
    expect(await verdict(asAgent('PATCH', core('configmaps', 'mine'), {}, PATCH))).toBe(PASSED);
    expect(await verdict(asAgent('GET', core('configmaps', 'other')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('configmaps')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dother`))).toBe(REFUSED);
    expect(await verdict(asAgent('DELETE', core('configmaps', 'other')))).toBe(REFUSED);
  });

  test('namespaces, by name and by label, with those that come later', async () => {
    const later = `${namespace}-later`;
    start();
    await apply(
      policy('namespaced', [
        {
          verbs: ['get', 'list'],
          apiGroups: [''],
          resources: ['limitranges', 'namespaces'],
          namespaces: [namespace, later],
        },
        {
          verbs: ['get'],
          apiGroups: [''],
          resources: ['secrets'],
          namespaceSelector: { matchLabels: { env: namespace } },
        },
      ]),
    );
    await expect.poll(() => verdict(asAgent('GET', core('limitranges'))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', `/api/v1/namespaces/${namespace}`))).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/api/v1/limitranges'))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('limitranges', '', 'default')))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', '/api/v1/namespaces/default'))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', '/api/v1/namespaces'))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('secrets', 'a')))).toBe(REFUSED);

    await done(['create', 'namespace', later]);
    await expect.poll(() => verdict(asAgent('GET', core('limitranges', '', later))), POLL).toBe(PASSED);
    await done(['label', 'namespace', namespace, `env=${namespace}`]);
    await expect.poll(() => verdict(asAgent('GET', core('secrets', freshName()))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', core('secrets', 'a', later)))).toBe(REFUSED);
    await done(['label', 'namespace', namespace, 'env-']);
    await expect.poll(() => verdict(asAgent('GET', core('secrets', freshName()))), POLL).toBe(REFUSED);
    await done(['delete', 'namespace', later]);
  });

  test('a custom resource that comes after the wildcard', { timeout: 60_000 }, async () => {
    start();
    await apply(policy('wild', [{ verbs: ['get', 'list'], apiGroups: ['example.com'], resources: ['*'] }]));
    await apply(policy('named', [{ verbs: ['list'], apiGroups: ['example.com'], resources: ['gadgets'] }]));
    // Named, so that it needs no discovery.
    await expect.poll(() => verdict(asAgent('GET', '/apis/example.com/v1/gadgets')), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', widgets))).toBe(REFUSED);
    await apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Cluster',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await expect.poll(() => verdict(asAgent('GET', widgets)), { timeout: 45_000, interval: 250 }).toBe(PASSED);
    expect(await verdict(asAgent('DELETE', `${widgets}/a`))).toBe(REFUSED);
  });

  test('nothing of a policy that is a dry run, has expired or was removed', async () => {
    start();
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }];
    await apply(policy('dry', rules, { mode: 'DryRun' }));
    await apply(policy('marker', [{ verbs: ['get'], apiGroups: [''], resources: ['services'] }]));
    await expect.poll(() => verdict(asAgent('GET', core('services', freshName()))), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', core('configmaps', freshName())))).toBe(REFUSED);

    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    await apply(policy('short', rules, { expiresAt }));
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', freshName()))), POLL).toBe(PASSED);
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', freshName()))), POLL).toBe(REFUSED);
    expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt));

    await done(['delete', 'agentpolicy', 'marker']);
    await expect.poll(() => verdict(asAgent('GET', core('services', freshName()))), POLL).toBe(REFUSED);
  });

  test('paths', async () => {
    start();
    await apply(policy('paths', [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] }]));
    await expect.poll(() => verdict(asAgent('GET', '/metrics')), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', `/logs/${freshName()}`))).toBe(PASSED);
    expect(await verdict(asAgent('GET', '/debug/pprof/'))).toBe(REFUSED);
    expect(await verdict(asAgent('POST', '/metrics'))).toBe(REFUSED);
  });
});

test('a resource that nothing serves is said of its policy, and not of one that is served', async () => {
  start();
  const rule = (resource: string, group = ''): object => ({
    action: 'Deny',
    verbs: ['get'],
    apiGroups: [group],
    resources: [resource],
  });
  await apply(policy('mis-spelt', [rule('pods'), rule('podz')]));
  await apply(policy('not-yet-spelt', [rule('gizmos', 'late.example.com')]));
  const said = async (): Promise<string[]> =>
    (await client.resource(events).list({ namespace: 'default' })).items
      .filter(({ reason, regarding }) => reason === 'UnknownResource' && regarding?.name?.endsWith('-spelt'))
      .map(({ type, regarding, note }) => `${type} ${regarding?.kind} ${regarding?.name}: ${note}`)
      .toSorted();
  const expected = [
    'Warning AgentPolicy mis-spelt: spec.rules[1].resources[0]: none of the core group serves podz, so rule rule-1 denies nothing by it',
    'Warning AgentPolicy not-yet-spelt: spec.rules[0].resources[0]: none of late.example.com serves gizmos (the cluster has no group late.example.com), so rule rule-0 denies nothing by it',
  ];
  await expect.poll(said, { timeout: 25_000 }).toEqual(expected);
});

describe('drift is repaired:', () => {
  test('a role that was edited, bindings that were deleted or point elsewhere, roles that were added', async () => {
    start();
    await apply(
      policy('drift', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: [namespace] }]),
    );
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', freshName()))), POLL).toBe(PASSED);
    const here = `--namespace=${namespace}`;
    const role = { name: DERIVED_NAME, namespace };
    const { rules } = await client.resource(roles).get(role);

    const more = [{ op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['secrets'], verbs: ['*'] } }];
    await done(['patch', 'role', DERIVED_NAME, here, '--type=json', `--patch=${JSON.stringify(more)}`]);
    await done(['patch', 'clusterrole', DERIVED_NAME, '--type=json', `--patch=${JSON.stringify(more)}`]);
    await expect.poll(async () => (await client.resource(roles).get(role)).rules, POLL).toEqual(rules);
    const ofCluster = async (): Promise<string> =>
      JSON.stringify((await client.resource(clusterRoles).get({ name: DERIVED_NAME })).rules);
    await expect.poll(ofCluster, POLL).not.toContain('"secrets"');

    const there = async (kind: string, ...args: string[]): Promise<boolean> =>
      (await done(['get', kind, DERIVED_NAME, '--ignore-not-found', '--output=name', ...args])) !== '';
    await done(['delete', 'rolebinding', DERIVED_NAME, here]);
    await done(['delete', 'clusterrole', DERIVED_NAME]);
    await expect.poll(() => there('rolebinding', here), POLL).toBe(true);
    await expect.poll(() => there('clusterrole'), POLL).toBe(true);

    await done(['delete', 'clusterrolebinding', DERIVED_NAME]);
    // It may be there again already; then there is nothing to point elsewhere.
    await chart.kubectl(chart.admin, [
      'create',
      'clusterrolebinding',
      DERIVED_NAME,
      '--clusterrole=cluster-admin',
      `--serviceaccount=${NAMESPACE}:chaperone-proxy`,
    ]);
    const pointsTo = async (): Promise<string | undefined> =>
      (await client.resource(clusterRoleBindings).list({ fieldSelector: `metadata.name=${DERIVED_NAME}` })).items[0]
        ?.roleRef.name;
    await expect.poll(pointsTo, POLL).toBe(DERIVED_NAME);

    const elsewhere = '--namespace=default';
    await done(['create', 'role', DERIVED_NAME, elsewhere, '--verb=impersonate-on:user-info:get', '--resource=pods']);
    await expect.poll(() => there('role', elsewhere), POLL).toBe(false);
  });

  test('what is as it should be is not written again', async () => {
    start();
    await apply(
      policy('calm', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: [namespace] }]),
    );
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', freshName()))), POLL).toBe(PASSED);
    await done(['label', 'namespace', namespace, 'touched=yes']);
    const versions = (): Promise<string> =>
      done([
        'get',
        'clusterrole,clusterrolebinding',
        'chaperone-proxy-derived',
        '--output=jsonpath={.items[*].metadata.resourceVersion}',
      ]);
    const before = await versions();
    const writes = running?.writes.filter((write) => write.includes('derived')).length;
    await done(['label', 'namespace', namespace, 'touched=again', '--overwrite']);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await versions()).toBe(before);
    expect(running?.writes.filter((write) => write.includes('derived'))).toHaveLength(writes ?? -1);
  });
});

describe('the operator', () => {
  test('killed before any of its writes and started again gives the same rights', { timeout: 240_000 }, async () => {
    const rules = [
      { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: [namespace] },
      { verbs: ['list'], apiGroups: [''], resources: ['services'] },
    ];
    await apply(policy('killed', rules));
    const options = { fieldSelector: `metadata.name=${DERIVED_NAME}` };
    const state = async (): Promise<Record<'roles' | 'bindings', unknown[][]>> => {
      const { items: cluster } = await client.resource(clusterRoles).list(options);
      const { items: clusterBindings } = await client.resource(clusterRoleBindings).list(options);
      const { items: namespaced } = await client.resource(roles).list(options);
      const { items: bindings } = await client.resource(roleBindings).list(options);
      return {
        roles: [...cluster, ...namespaced].map(({ metadata, rules: given }) => [metadata.namespace, given]),
        bindings: [...clusterBindings, ...bindings].map(({ metadata, roleRef, subjects }) => [
          metadata.namespace,
          roleRef,
          subjects,
        ]),
      };
    };
    start();
    await expect.poll(() => verdict(asAgent('GET', core('configmaps', freshName()))), POLL).toBe(PASSED);
    const wanted = await state();
    expect(wanted.roles.map(([where]) => where)).toEqual([undefined, namespace]);
    expect(wanted.bindings.map(([where]) => where)).toEqual([undefined, namespace]);
    await running?.stop();

    const writes = await killEverywhere({
      start: (killAtWrite) => start(killAtWrite === undefined ? {} : { killAtWrite }),
      undo: removeDerived,
      isDone: async () => isDeepStrictEqual(await state(), wanted),
    });
    running = undefined;
    // Two roles, two bindings and the bundle.
    expect(writes).toBeGreaterThan(4);
  });

  test('gives the rights of 5,000 rules, over several roles', { timeout: 120_000 }, async () => {
    await removeDerived();
    const connected = newConnection({ kubeConfig: kubeConfigFromFile(chart.operator.kubeconfig), userAgent: 'test' });
    const operator = newClient({ connection: connected, fieldManager: 'test' });
    const seen = async () => ({
      clusterRoles: listerOf(await client.resource(clusterRoles).list()),
      clusterRoleBindings: listerOf(await client.resource(clusterRoleBindings).list()),
      roles: listerOf(await client.resource(roles).list()),
      roleBindings: listerOf(await client.resource(roleBindings).list()),
    });
    const signal = AbortSignal.timeout(110_000);
    const rules = Array.from({ length: 5_000 }, (_, index) => ({
      apiGroups: [`group-${index % 50}.example.com`],
      resources: [`kinds${index}`],
      verbs: ['create', 'delete', 'get', 'patch', 'update'].map((verb) => `impersonate-on:user-info:${verb}`),
      resourceNames: [`object-${index}`, `other-${index}`],
    }));
    const release = await client.resource(clusterRoles).get({ name: 'chaperone-release' });
    const desired = rolesOf(
      { cluster: rules, namespaces: new Map([[namespace, rules.slice(0, 1_000)]]) },
      {
        serviceAccount: { name: 'chaperone-proxy', namespace: NAMESPACE },
        ownerReferences: [releaseReference(release)],
      },
    );
    expect(desired.clusterRoles.length).toBeGreaterThan(1);
    const writes = 2 * desired.clusterRoles.length + 2;
    expect(await newRoleWriter(operator, await seen()).write(desired, signal)).toEqual({ count: writes, tampered: [] });
    const last = `/apis/group-49.example.com/v1/kinds4999`;
    await expect.poll(() => verdict(asAgent('GET', `${last}/object-4999`)), POLL).toBe(PASSED);
    expect(await verdict(asAgent('GET', `${last}/object-4998`))).toBe(REFUSED);
    // What is not needed any more goes, the numbered ones included.
    const few = rolesOf(
      { cluster: rules.slice(0, 1), namespaces: new Map() },
      {
        serviceAccount: { name: 'chaperone-proxy', namespace: NAMESPACE },
        ownerReferences: [releaseReference(release)],
      },
    );
    await newRoleWriter(operator, await seen()).write(few, signal);
    await expect.poll(() => verdict(asAgent('DELETE', `${last}/object-4999`)), POLL).toBe(REFUSED);
    expect(await done(['get', 'clusterrole', `${DERIVED_NAME}-2`, '--ignore-not-found', '--output=name'])).toBe('');
    await connected.close();
  });

  test('gives ServiceAccounts under their own names rights of their own mode, and others none of it', async () => {
    await done(['create', 'namespace', 'native']);
    const upgrade = ['upgrade', 'chaperone', `${import.meta.dirname}/../../../charts/chaperone`, '--reuse-values'];
    const upgraded = await chart.helm([...upgrade, '--set=gateway.nativeServiceAccountNamespaces={native}']);
    expect(upgraded).toMatchObject({ code: 0 });
    await done([
      'create',
      'clusterrolebinding',
      'native',
      '--clusterrole=cluster-admin',
      '--group=system:serviceaccounts:native',
    ]);
    start({ configuration: { managed: false, nativeServiceAccountNamespaces: ['native'] } });
    await apply(
      policy('native', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }], {
        subjects: [{ kind: 'ServiceAccount', namespace: 'native', name: 'runner' }],
      }),
    );
    const asAccount = (path: string, account = 'native:runner'): Promise<CommandResult> =>
      chart.call(chart.proxy, {
        method: 'GET',
        path,
        headers: { 'impersonate-user': `system:serviceaccount:${account}` },
      });
    await expect.poll(() => verdict(asAccount(core('configmaps', freshName()))), POLL).toBe(PASSED);
    expect(await verdict(asAccount('/version'))).toBe(PASSED);
    expect(await verdict(asAccount(core('secrets', freshName())))).toBe(REFUSED);
    expect(await verdict(asAgent('GET', core('configmaps', freshName())))).toBe(REFUSED);
    const elsewhere = await asAccount(core('configmaps', freshName()), 'kube-system:default');
    expect(elsewhere.stderr).toContain('cannot impersonate:serviceaccount');
  });
});
