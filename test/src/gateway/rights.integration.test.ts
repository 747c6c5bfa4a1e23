import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { newConnection, type Connection } from '@chaperone/crds/client/connection';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type ResourceClient } from '@chaperone/crds/client/resource-client';
import { DERIVED_NAME } from '@chaperone/operator/gateway/roles';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import { installChart, NAMESPACE, type CallOptions, type Installation } from '../admission/installed-chart.ts';
import { startGateway, type RunningGateway, type RunningGatewayOptions } from './running-gateway.ts';

/** Derived rights as the API server judges them: the proxy's own token, and no proxy. */
let chart: Installation;
/** As administrator. */
let connection: Connection;
let running: RunningGateway | undefined;
/** A namespace per test. */
let namespace: string;
let namespaces = 0;

beforeAll(async () => {
  chart = await installChart();
  connection = newConnection({ kubeConfig: kubeConfigFromFile(chart.admin.kubeconfig), userAgent: 'gateway-test' });
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
  const client = newClient({ connection, fieldManager: 'test' });
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

const REFUSED = /User "system:serviceaccount:chaperone-system:chaperone-proxy" cannot impersonate-on:/;

async function refused(result: Promise<CommandResult>): Promise<void> {
  const { code, stderr } = await result;
  expect(stderr).toMatch(REFUSED);
  expect(code).toBe(1);
}

/** Passed the API server's check of the gateway's rights, whatever the call came to after that. */
async function passed(result: Promise<CommandResult>, stderr: RegExp | string = ''): Promise<void> {
  const answer = await result;
  expect(answer.stderr).not.toMatch(/impersonate/);
  if (stderr !== '') {
    expect(answer.stderr).toMatch(stderr);
  } else {
    expect(answer).toMatchObject({ code: 0 });
  }
}

/** Waits for the rights to be as expected; names of objects keep the API server's cache of ten seconds out of it. */
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 100 });

/** The rights that are always there are there; below a path that was not asked for before. */
const begun = (): Promise<void> => eventually(() => passed(asAgent('GET', `/apis/${freshName()}`), 'not served'));

let unique = 0;
const freshName = (): string => `object-${(unique += 1)}`;

const core = (resource: string, name = '', where = namespace): string =>
  `/api/v1/namespaces/${where}/${resource}${name === '' ? '' : `/${name}`}`;

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

const PATCH = { 'content-type': 'application/merge-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

describe('with no policy', () => {
  test('the gateway can do nothing as others but discover and ask about them', async () => {
    start();
    await begun();
    await passed(asAgent('GET', '/version'));
    await passed(asAgent('GET', '/apis/apps/v1'));
    await passed(asAgent('GET', '/openapi/v3'));
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    await passed(asAgent('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review));
    const spec = { resourceAttributes: { verb: 'get', resource: 'pods' } };
    const access = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
    await passed(asAgent('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', access));
    await refused(asAgent('GET', core('configmaps')));
    await refused(asAgent('GET', '/api/v1/nodes'));
    await refused(asAgent('POST', core('configmaps'), configMap('a')));
    await refused(asAgent('GET', '/metrics'));
    await refused(asAgent('DELETE', core('secrets')));
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
    await eventually(() => passed(asAgent('GET', core('configmaps'))));
    await passed(asAgent('GET', core('configmaps', 'kube-root-ca.crt')), /^$|not found/);
    await passed(asAgent('GET', '/api/v1/configmaps'));
    await passed(asAgent('GET', `${core('pods', 'none')}/log`), /not found/);
    await refused(asAgent('GET', `${core('configmaps')}?watch=true&timeoutSeconds=1`));
    await refused(asAgent('GET', core('pods', 'none')));
    await refused(asAgent('DELETE', core('configmaps', 'a')));
    await refused(asAgent('DELETE', core('configmaps')));
    await refused(asAgent('GET', core('secrets')));
  });

  test('create, which also is PUT and apply of what does not exist', async () => {
    start();
    await apply(
      policy('creators', [
        { verbs: ['create'], apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'] },
      ]),
    );
    await eventually(() => passed(asAgent('POST', core('configmaps'), configMap(freshName()))));
    const applied = freshName();
    await passed(asAgent('PATCH', `${core('configmaps', applied)}?fieldManager=t`, configMap(applied), APPLY));
    // Whether it is there is read before.
    await passed(asAgent('GET', core('configmaps', applied)));
    // Leases are created by PUT; ConfigMaps are not.
    const lease = freshName();
    await passed(
      asAgent('PUT', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lease}`, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: lease },
      }),
      /^$|not found/,
    );
    await refused(asAgent('DELETE', core('configmaps', applied)));
    await refused(asAgent('GET', core('configmaps')));
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
    await eventually(() => passed(asAgent('PUT', core('configmaps', 'none'), configMap('none')), 'not found'));
    await passed(asAgent('PATCH', core('services', 'none'), {}, PATCH), 'not found');
    await passed(asAgent('DELETE', core('serviceaccounts', 'none')), 'not found');
    await passed(asAgent('DELETE', core('podtemplates')));
    await refused(asAgent('PATCH', core('configmaps', 'none'), {}, PATCH));
    await refused(asAgent('POST', core('configmaps'), configMap('none')));
    await refused(asAgent('PUT', core('services', 'none'), {}));
    await refused(asAgent('DELETE', core('serviceaccounts')));
    await refused(asAgent('GET', core('serviceaccounts', 'none')));
    await refused(asAgent('DELETE', core('podtemplates', 'none')));
  });

  test('exec over WebSocket and SPDY, attach and port-forward, named', async () => {
    start();
    await apply(policy('runners', [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }]));
    await eventually(() => passed(asAgent('POST', `${core('pods', 'none')}/exec?command=id`), 'not found'));
    await passed(asAgent('GET', `${core('pods', 'none')}/exec?command=id`), 'not found');
    await refused(asAgent('POST', `${core('pods', 'none')}/attach`));
    await refused(asAgent('GET', `${core('pods', 'none')}/portforward`));
    await refused(asAgent('DELETE', core('pods', 'none')));
    await refused(asAgent('GET', `${core('services', 'none')}/proxy/`));
    await refused(asAgent('GET', core('pods', 'none')));
  });

  test('wildcards that stop at the exits, and wildcards that are held and do not', async () => {
    start();
    await apply(policy('everything', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]));
    await eventually(() => passed(asAgent('GET', core('pods'))));
    await passed(
      asAgent('PATCH', `/apis/apps/v1/namespaces/${namespace}/deployments/none/scale`, {}, PATCH),
      'not found',
    );
    await passed(asAgent('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'));
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
      await refused(asAgent(method, path, method === 'GET' ? undefined : {}));
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
    await eventually(() => passed(asAgent('POST', `${core('pods', 'none')}/exec?command=id`), 'not found'));
    for (const [method, path] of exits.filter(([, exit]) => !exit.includes('chaperone.dev'))) {
      await passed(asAgent(method, path, method === 'GET' ? undefined : {}, method === 'PATCH' ? PATCH : {}), /^/);
    }
    // Whatever policies say, unless the installation allows it.
    await refused(asAgent('POST', '/apis/chaperone.dev/v1alpha1/agentpolicies', {}));
    await passed(asAgent('GET', '/apis/chaperone.dev/v1alpha1/agentpolicies'));
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
    await eventually(() => passed(asAgent('GET', core('configmaps', 'mine')), 'not found'));
    await passed(asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dmine`));
    await passed(
      asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dmine&watch=true&timeoutSeconds=1`),
    );
    await passed(asAgent('PATCH', core('configmaps', 'mine'), {}, PATCH), 'not found');
    await refused(asAgent('GET', core('configmaps', 'other')));
    await refused(asAgent('GET', core('configmaps')));
    await refused(asAgent('GET', `${core('configmaps')}?fieldSelector=metadata.name%3Dother`));
    await refused(asAgent('DELETE', core('configmaps', 'other')));
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
    await eventually(() => passed(asAgent('GET', core('limitranges'))));
    await passed(asAgent('GET', `/api/v1/namespaces/${namespace}`));
    await refused(asAgent('GET', '/api/v1/limitranges'));
    await refused(asAgent('GET', core('limitranges', '', 'default')));
    await refused(asAgent('GET', '/api/v1/namespaces/default'));
    await refused(asAgent('GET', '/api/v1/namespaces'));
    await refused(asAgent('GET', core('secrets', 'a')));

    await done(['create', 'namespace', later]);
    await eventually(() => passed(asAgent('GET', core('limitranges', '', later))));
    await done(['label', 'namespace', namespace, `env=${namespace}`]);
    await eventually(() => passed(asAgent('GET', core('secrets', freshName())), 'not found'));
    await refused(asAgent('GET', core('secrets', 'a', later)));
    await done(['label', 'namespace', namespace, 'env-']);
    await eventually(() => refused(asAgent('GET', core('secrets', freshName()))));
    await done(['delete', 'namespace', later]);
  });

  test('a custom resource that comes after the wildcard', { timeout: 60_000 }, async () => {
    start();
    await apply(policy('wild', [{ verbs: ['get', 'list'], apiGroups: ['example.com'], resources: ['*'] }]));
    await apply(policy('named', [{ verbs: ['list'], apiGroups: ['example.com'], resources: ['gadgets'] }]));
    // Named, so that it needs no discovery.
    await eventually(() => passed(asAgent('GET', '/apis/example.com/v1/gadgets'), 'not served'));
    await refused(asAgent('GET', widgets));
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
    await vi.waitFor(() => passed(asAgent('GET', widgets)), { timeout: 45_000, interval: 250 });
    await refused(asAgent('DELETE', `${widgets}/a`));
  });

  test('nothing of a policy that is a dry run, has expired or was removed', async () => {
    start();
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }];
    await apply(policy('dry', rules, { mode: 'DryRun' }));
    await apply(policy('marker', [{ verbs: ['get'], apiGroups: [''], resources: ['services'] }]));
    await eventually(() => passed(asAgent('GET', core('services', freshName())), 'not found'));
    await refused(asAgent('GET', core('configmaps', freshName())));

    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    await apply(policy('short', rules, { expiresAt }));
    await eventually(() => passed(asAgent('GET', core('configmaps', freshName())), 'not found'));
    await eventually(() => refused(asAgent('GET', core('configmaps', freshName()))));
    expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt));

    await done(['delete', 'agentpolicy', 'marker']);
    await eventually(() => refused(asAgent('GET', core('services', freshName()))));
  });

  test('paths', async () => {
    start();
    await apply(policy('paths', [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] }]));
    await eventually(() => passed(asAgent('GET', '/metrics')));
    await passed(asAgent('GET', `/logs/${freshName()}`), 'not served');
    await refused(asAgent('GET', '/debug/pprof/'));
    await refused(asAgent('POST', '/metrics'));
  });
});

describe('drift is repaired:', () => {
  test('a role that was edited, bindings that were deleted or point elsewhere, roles that were added', async () => {
    start();
    await apply(
      policy('drift', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: [namespace] }]),
    );
    await eventually(() => passed(asAgent('GET', core('configmaps', freshName())), 'not found'));
    const derived = 'chaperone-proxy-derived';
    const here = `--namespace=${namespace}`;
    const role = JSON.parse(await done(['get', 'role', derived, here, '--output=json'])) as { rules: unknown };

    const more = [{ op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['secrets'], verbs: ['*'] } }];
    await done(['patch', 'role', derived, here, '--type=json', `--patch=${JSON.stringify(more)}`]);
    await done(['patch', 'clusterrole', derived, '--type=json', `--patch=${JSON.stringify(more)}`]);
    await eventually(async () => {
      expect(JSON.parse(await done(['get', 'role', derived, here, '--output=json']))).toMatchObject({
        rules: role.rules,
      });
      expect(await done(['get', 'clusterrole', derived, '--output=json'])).not.toContain('"secrets"');
    });

    await done(['delete', 'rolebinding', derived, here]);
    await done(['delete', 'clusterrole', derived]);
    await eventually(async () => {
      await done(['get', 'rolebinding', derived, here]);
      await done(['get', 'clusterrole', derived]);
    });

    await done(['delete', 'clusterrolebinding', derived]);
    await chart.kubectl(chart.admin, [
      'create',
      'clusterrolebinding',
      derived,
      '--clusterrole=cluster-admin',
      `--serviceaccount=${NAMESPACE}:chaperone-proxy`,
    ]);
    await eventually(async () => {
      const found = JSON.parse(await done(['get', 'clusterrolebinding', derived, '--output=json'])) as object;
      expect(found).toMatchObject({ roleRef: { name: derived } });
    });

    await done([
      'create',
      'role',
      derived,
      '--namespace=default',
      '--verb=impersonate-on:user-info:get',
      '--resource=pods',
    ]);
    await eventually(async () => {
      const { code } = await chart.kubectl(chart.admin, ['get', 'role', derived, '--namespace=default']);
      expect(code).toBe(1);
    });
  });

  test('what is as it should be is not written again', async () => {
    start();
    await apply(
      policy('calm', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: [namespace] }]),
    );
    await eventually(() => passed(asAgent('GET', core('configmaps', freshName())), 'not found'));
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
    const client = newClient({ connection, fieldManager: 'test' });
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
    await eventually(() => passed(asAgent('GET', core('configmaps', freshName())), 'not found'));
    const wanted = await state();
    expect(wanted.roles.map(([where]) => where)).toEqual([undefined, namespace]);
    expect(wanted.bindings.map(([where]) => where)).toEqual([undefined, namespace]);
    await running?.stop();

    // From nothing, with the process killed ever later, until it gets through.
    for (let killAtWrite = 0; ; killAtWrite += 1) {
      await removeDerived();
      const dying = start({ killAtWrite });
      const ended = await Promise.race([
        dying.killed.then(() => true),
        vi
          .waitFor(async () => expect(await state()).toEqual(wanted), { timeout: 15_000, interval: 100 })
          .then(() => false),
      ]);
      await dying.stop();
      if (!ended) {
        expect(killAtWrite).toBeGreaterThanOrEqual(4);
        break;
      }
      const next = start();
      await eventually(async () => expect(await state()).toEqual(wanted));
      await next.stop();
    }
    running = undefined;
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
    await eventually(() => passed(asAccount(core('configmaps', freshName())), 'not found'));
    await passed(asAccount('/version'));
    await refused(asAccount(core('secrets', freshName())));
    await refused(asAgent('GET', core('configmaps', freshName())));
    const elsewhere = await asAccount(core('configmaps', freshName()), 'kube-system:default');
    expect(elsewhere.stderr).toContain('cannot impersonate:serviceaccount');
  });
});
