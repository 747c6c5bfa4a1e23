import { newConnection, type Connection } from '@chaperone/crds/client/connection';
import { isNotFound } from '@chaperone/crds/client/api-error';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  deployments,
  events,
  podDisruptionBudgets,
  roleBindings,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client, type ResourceClient } from '@chaperone/crds/client/resource-client';
import { DERIVED_NAME } from '@chaperone/operator/gateway/roles';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';
import { startGateway, type RunningGateway } from './running-gateway.ts';

/** What somebody with rights of an administrator adds to the operator's objects, where nothing was that it could overwrite. */
let chart: Installation;
let connection: Connection;
let client: Client;
let running: RunningGateway | undefined;

const HERE = `--namespace=${NAMESPACE}`;
const PROXY = { name: 'chaperone-proxy', namespace: NAMESPACE };
const CONFIGURATION = { name: 'chaperone-proxy-configuration', namespace: NAMESPACE };
const ACCOUNT = `--serviceaccount=${NAMESPACE}:chaperone-proxy`;

beforeAll(async () => {
  chart = await installChart();
  connection = newConnection({ kubeConfig: kubeConfigFromFile(chart.admin.kubeconfig), userAgent: 'gateway-test' });
  client = newClient({ connection, fieldManager: 'test' });
}, 180_000);

afterAll(async () => {
  await connection?.close();
  await chart?.stop();
}, 60_000);

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function done(args: readonly string[], input?: unknown): Promise<string> {
  const result = await chart.kubectl(chart.admin, args, input);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout;
}

const patch = (type: 'json' | 'merge' | 'strategic', kind: string, name: string, body: unknown): Promise<string> =>
  done(['patch', kind, name, HERE, `--type=${type}`, `--patch=${JSON.stringify(body)}`]);

const start = (configuration: unknown = {}): RunningGateway =>
  (running = startGateway({ kubeconfig: chart.operator.kubeconfig, configuration }));

const eventually = <T>(check: () => Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 20_000, interval: 50 });

async function find<T extends KubernetesObject>(
  kind: ResourceClient<T>,
  name: { readonly name: string; readonly namespace?: string },
): Promise<Stored<T> | undefined> {
  try {
    return await kind.get(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Warnings of the operator, as `Reason: Kind name: note`. */
const warnings = async (): Promise<string> =>
  (await client.resource(events).list()).items
    .filter(({ type, reportingController }) => type === 'Warning' && reportingController === 'chaperone.dev/operator')
    .map(({ reason, regarding, note }) => `${reason}: ${regarding?.kind} ${regarding?.name}: ${note}`)
    .join('\n');

/** Waits until the objects stand as the operator wants them and it writes nothing more. */
async function settled(): Promise<void> {
  const count = (): number => running?.writes.length ?? 0;
  for (let before = -1; before !== count();) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe('the derived rights', () => {
  const derived = { name: DERIVED_NAME };
  const ready = async (): Promise<void> => {
    start({ managed: false });
    await eventually(async () => expect(await find(client.resource(clusterRoleBindings), derived)).toBeDefined());
    await settled();
  };
  const listsSecrets = async (): Promise<boolean> =>
    (await chart.call(chart.proxy, { method: 'GET', path: '/api/v1/secrets' })).code === 0;

  test('that collect others by an aggregation rule are made anew, and that they did is said', async () => {
    await ready();
    const before = await client.resource(clusterRoles).get(derived);
    const aggregationRule = {
      clusterRoleSelectors: [{ matchLabels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }],
    };
    await done([
      'patch',
      'clusterrole',
      DERIVED_NAME,
      '--type=merge',
      `--patch=${JSON.stringify({ aggregationRule, metadata: { finalizers: ['example.com/stays'] } })}`,
    ]);
    await eventually(async () => {
      const now = await client.resource(clusterRoles).get(derived);
      expect(now.metadata.uid).not.toBe(before.metadata.uid);
      expect(now.aggregationRule).toBeUndefined();
      expect(now.rules).toEqual(before.rules);
    });
    await eventually(async () => expect(await listsSecrets()).toBe(false));
    await eventually(async () => expect(await warnings()).toContain(`RightsTampered: ClusterRole ${DERIVED_NAME}: `));
  });

  test.each([2, 7, 8])('of number %s that nobody derived go at once, with their binding', async (number) => {
    await ready();
    const name = `${DERIVED_NAME}-${number}`;
    await done(['create', '--filename=-'], {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, finalizers: ['example.com/stays'] },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    });
    await done(['create', 'clusterrolebinding', name, `--clusterrole=${name}`, ACCOUNT]);
    await eventually(async () => {
      expect(await find(client.resource(clusterRoleBindings), { name })).toBeUndefined();
      expect(await find(client.resource(clusterRoles), { name })).toBeUndefined();
    });
    expect(await listsSecrets()).toBe(false);
  });

  test('that are bound by name in a namespace where none belong go at once', async () => {
    await ready();
    const binding = { name: DERIVED_NAME, namespace: 'kube-system' };
    await done(['create', 'rolebinding', DERIVED_NAME, '--namespace=kube-system', '--clusterrole=admin', ACCOUNT]);
    await eventually(async () => expect(await find(client.resource(roleBindings), binding)).toBeUndefined());
  });

  test.each([
    { subject: ACCOUNT, name: 'other-account' },
    { subject: `--group=system:serviceaccounts:${NAMESPACE}`, name: 'other-namespace' },
    { subject: '--group=system:authenticated', name: 'other-everybody' },
    { subject: `--user=system:serviceaccount:${NAMESPACE}:chaperone-proxy`, name: 'other-user' },
  ])('beside which $subject is bound cluster-wide by another name are left alone, and it is said', async (given) => {
    await ready();
    await done(['create', 'clusterrolebinding', given.name, '--clusterrole=view', given.subject]);
    await eventually(async () =>
      expect(await warnings()).toContain(
        `ForeignRights: ClusterRoleBinding ${given.name}: Gives the gateway's account the rights of ClusterRole view`,
      ),
    );
    await eventually(async () =>
      expect(await running?.metrics.registry.getSingleMetricAsString('chaperone_gateway_foreign_bindings')).toContain(
        'chaperone_gateway_foreign_bindings 1',
      ),
    );
    await done(['delete', 'clusterrolebinding', given.name]);
    await eventually(async () =>
      expect(await running?.metrics.registry.getSingleMetricAsString('chaperone_gateway_foreign_bindings')).toContain(
        'chaperone_gateway_foreign_bindings 0',
      ),
    );
  });
});

describe('the workload', () => {
  const evil = {
    spec: {
      paused: true,
      template: {
        metadata: { labels: { extra: 'label' }, annotations: { 'sidecar.istio.io/inject': 'true' } },
        spec: {
          hostNetwork: true,
          initContainers: [{ name: 'i', image: 'evil' }],
          containers: [
            { name: 'side', image: 'evil', volumeMounts: [{ name: 'tls', mountPath: '/t' }] },
            { name: 'proxy', command: ['/evil'], env: [{ name: 'NODE_OPTIONS', value: '--require=/h/x' }] },
          ],
        },
      },
    },
  };
  const ready = async (configuration: unknown = {}): Promise<void> => {
    start(configuration);
    await eventually(async () => {
      expect(await find(client.resource(services), PROXY)).toBeDefined();
      expect(await find(client.resource(podDisruptionBudgets), PROXY)).toBeDefined();
    });
    await settled();
  };
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await done(['delete', 'deployment,statefulset,service,pdb', '--all', HERE, '--cascade=background']);
    await done(['delete', 'configmap', CONFIGURATION.name, HERE, '--ignore-not-found']);
  });

  test('loses every container, field and label that somebody else added', async () => {
    await ready();
    const before = await client.resource(deployments).get(PROXY);
    await patch('strategic', 'deployment', PROXY.name, evil);
    await eventually(async () => expect((await client.resource(deployments).get(PROXY)).spec).toEqual(before.spec));
    await eventually(async () => {
      const said = await warnings();
      expect(said).toContain('DriftRepaired: Deployment chaperone-proxy: ');
      expect(said).toContain('spec.template.spec.initContainers');
    });
  });

  test('is put right also where what was added makes its own fields invalid', async () => {
    await ready();
    const before = await client.resource(deployments).get(PROXY);
    const privileged = { name: 'proxy', securityContext: { privileged: true, allowPrivilegeEscalation: true } };
    const { template } = evil.spec;
    await patch('strategic', 'deployment', PROXY.name, {
      spec: {
        ...evil.spec,
        replicas: 5,
        template: { ...template, spec: { ...template.spec, containers: [...template.spec.containers, privileged] } },
      },
    });
    await eventually(async () => expect((await client.resource(deployments).get(PROXY)).spec).toEqual(before.spec));
  });

  test('is made anew where it was replaced by one that cannot be changed into it', async () => {
    await ready();
    const before = await client.resource(deployments).get(PROXY);
    await running?.stop();
    const labels = { app: 'evil' };
    await done(['delete', 'deployment', PROXY.name, HERE]);
    await done(['create', '--filename=-'], {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: PROXY,
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'evil', image: 'evil' }] } },
      },
    });
    start();
    await eventually(async () => expect((await client.resource(deployments).get(PROXY)).spec).toEqual(before.spec));
    await eventually(async () => expect(await warnings()).toContain('ChildRemade: Deployment chaperone-proxy'));
  });

  test('keeps a restart by kubectl, and replicas where something else scales it', async () => {
    await ready({ replicas: null });
    await done(['rollout', 'restart', 'deployment', PROXY.name, HERE]);
    await done(['scale', 'deployment', PROXY.name, HERE, '--replicas=4']);
    await done(['annotate', 'deployment', PROXY.name, HERE, 'example.com/team=mine']);
    await patch('strategic', 'deployment', PROXY.name, evil);
    await eventually(async () => {
      const { spec } = await client.resource(deployments).get(PROXY);
      expect(spec?.paused).toBeUndefined();
      expect(spec?.template.spec?.containers).toHaveLength(1);
    });
    await settled();
    const { spec, metadata } = await client.resource(deployments).get(PROXY);
    expect(spec?.replicas).toBe(4);
    expect(Object.keys(spec?.template.metadata?.annotations ?? {})).toEqual([
      'chaperone.dev/configuration-hash',
      'kubectl.kubernetes.io/restartedAt',
    ]);
    expect(metadata.annotations).toMatchObject({ 'example.com/team': 'mine' });
  });

  test('as a StatefulSet is put right too, also while the size of its volumes cannot be changed', async () => {
    const of = (size: string): object => ({ replicas: 0, wal: { persistence: { size } } });
    await ready(of('1Gi'));
    const before = await eventually(() => client.resource(statefulSets).get(PROXY));
    const { paused: _, ...spec } = evil.spec;
    await patch('strategic', 'statefulset', PROXY.name, { spec });
    await eventually(async () => expect((await client.resource(statefulSets).get(PROXY)).spec).toEqual(before.spec));
    await running?.stop();
    await ready(of('2Gi'));
    await patch('strategic', 'statefulset', PROXY.name, { spec });
    await eventually(async () => expect((await client.resource(statefulSets).get(PROXY)).spec).toEqual(before.spec));
    expect((await client.resource(statefulSets).get(PROXY)).metadata.uid).toBe(before.metadata.uid);
  });

  test('is reached by its own ports and addresses alone, and keeps what the cluster gave its Service', async () => {
    await ready({ service: { type: 'NodePort' } });
    const before = await client.resource(services).get(PROXY);
    await patch('merge', 'service', PROXY.name, {
      metadata: { annotations: { 'example.com/team': 'mine' } },
      spec: {
        externalIPs: ['192.0.2.1'],
        selector: { extra: 'label' },
        publishNotReadyAddresses: true,
        sessionAffinity: 'ClientIP',
        ports: [...(before.spec?.ports ?? []), { name: 'admin', port: 8081, protocol: 'TCP', targetPort: 8081 }],
      },
    });
    await eventually(async () => {
      const { spec } = await client.resource(services).get(PROXY);
      const { sessionAffinity: _a, sessionAffinityConfig: _b, ...rest } = spec ?? {};
      const { sessionAffinity: _c, ...wanted } = before.spec ?? {};
      expect(rest).toEqual(wanted);
    });
    expect((await client.resource(services).get(PROXY)).metadata.annotations).toMatchObject({
      'example.com/team': 'mine',
    });
  });

  test('has its Service made anew where it was replaced by one without an address', async () => {
    await ready();
    await running?.stop();
    await done(['delete', 'service', PROXY.name, HERE]);
    await done(['create', 'service', 'clusterip', PROXY.name, HERE, '--clusterip=None']);
    start();
    await eventually(async () =>
      expect((await client.resource(services).get(PROXY)).spec?.clusterIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/),
    );
  });

  test('has the disruption budget, the configuration and the account that it had', async () => {
    await ready();
    const budget = await client.resource(podDisruptionBudgets).get(PROXY);
    await patch('json', 'pdb', PROXY.name, [
      { op: 'remove', path: '/spec/maxUnavailable' },
      { op: 'add', path: '/spec/minAvailable', value: 0 },
    ]);
    await patch('merge', 'configmap', CONFIGURATION.name, { data: { foreign: 'x' }, binaryData: { other: 'eA==' } });
    await patch('merge', 'serviceaccount', PROXY.name, { automountServiceAccountToken: false });
    await eventually(async () => {
      expect((await client.resource(podDisruptionBudgets).get(PROXY)).spec).toEqual(budget.spec);
      const { data, binaryData } = await client.resource(configMaps).get(CONFIGURATION);
      expect(Object.keys(data ?? {})).toEqual(['config.json']);
      expect(binaryData).toBeUndefined();
      const account = await client.resource(serviceAccounts).get(PROXY);
      expect(account.automountServiceAccountToken).toBeUndefined();
    });
    // Nothing in it can be changed any more, so that it is made anew when there is something to change.
    await patch('merge', 'configmap', CONFIGURATION.name, { data: { foreign: 'x' }, immutable: true });
    await eventually(async () => {
      const { data, immutable } = await client.resource(configMaps).get(CONFIGURATION);
      expect(Object.keys(data ?? {})).toEqual(['config.json']);
      expect(immutable).toBeUndefined();
    });
  });

  test('has its certificate and its authorities where somebody froze them, and no foreign key in them', async () => {
    const tls = { name: 'chaperone-proxy-tls', namespace: NAMESPACE };
    const authorities = { name: 'chaperone-ca', namespace: NAMESPACE };
    await ready();
    await eventually(() => client.resource(configMaps).get(authorities));
    const before = await client.resource(secrets).get(tls);
    const bundle = await client.resource(configMaps).get(authorities);
    await patch('merge', 'secret', tls.name, { data: { foreign: 'eA==' }, immutable: true });
    await patch('merge', 'configmap', authorities.name, { data: { foreign: 'eA==' }, immutable: true });
    await eventually(async () => {
      const secret = await client.resource(secrets).get(tls);
      expect(secret.data).toEqual(before.data);
      expect(secret.immutable).toBeUndefined();
      const now = await client.resource(configMaps).get(authorities);
      expect(now.data).toEqual(bundle.data);
      expect(now.immutable).toBeUndefined();
    });
  });

  test('is not written where it is as it should be', async () => {
    await ready();
    const versions = (): Promise<string> =>
      done([
        'get',
        'deployment,service,pdb,configmap,secret,serviceaccount',
        HERE,
        '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.generation}{"\\n"}{end}',
      ]);
    const repaired = async (): Promise<string | undefined> =>
      running?.metrics.registry.getSingleMetricAsString('chaperone_gateway_child_writes_total');
    const before = await versions();
    const writes = await repaired();
    for (const round of ['one', 'two', 'three']) {
      await done(['label', 'deployment', PROXY.name, HERE, `example.com/round=${round}`, '--overwrite']);
      await settled();
    }
    expect(await versions()).toBe(before);
    expect(await repaired()).toBe(writes);
  });
});
