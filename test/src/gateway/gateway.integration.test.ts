import { X509Certificate } from 'node:crypto';
import { newConnection, type Connection } from '@chaperone/crds/client/connection';
import {
  configMaps,
  deployments,
  events,
  podDisruptionBudgets,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  type Secret,
} from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client, type ResourceClient } from '@chaperone/crds/client/resource-client';
import { systemClock, type Clock } from '@chaperone/crds/client/clock';
import { isNotFound } from '@chaperone/crds/client/api-error';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { agentPolicyResource, maskingRuleResource } from '@chaperone/operator/policy/resources';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { Condition } from '@chaperone/crds/v1alpha1/generated/api';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { installChart, NAMESPACE, type Caller, type Installation } from '../admission/installed-chart.ts';
import { killEverywhere, startGateway, type RunningGateway, type RunningGatewayOptions } from './running-gateway.ts';

let chart: Installation;
let connection: Connection;
let client: Client;
let running: RunningGateway | undefined;

const NAME = { name: 'chaperone-proxy', namespace: NAMESPACE };
const TLS = { name: 'chaperone-proxy-tls', namespace: NAMESPACE };

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
  await done(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce-']);
  await done(['delete', 'agentpolicies,maskingrules', '--all']);
  const here = `--namespace=${NAMESPACE}`;
  await done(['delete', 'leases', '--all', here]);
  await done(['delete', 'configmap', BUNDLE_HEAD, here, '--ignore-not-found']);
  await done(['delete', 'deployment,statefulset,service,pdb', '--all', here, '--cascade=background']);
  await done(['delete', 'secret', TLS.name, here, '--ignore-not-found']);
  await done(['delete', 'configmap', 'chaperone-ca', 'chaperone-proxy-configuration', here, '--ignore-not-found']);
});

async function done(args: readonly string[], input?: unknown): Promise<string> {
  const result = await chart.kubectl(chart.admin, args, input);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout;
}

const start = (options: Partial<RunningGatewayOptions> = {}): RunningGateway =>
  (running = startGateway({ kubeconfig: chart.operator.kubeconfig, ...options }));

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 100 });

async function find<T extends KubernetesObject>(kind: ResourceClient<T>, name = NAME): Promise<Stored<T> | undefined> {
  try {
    return await kind.get(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function there<T extends KubernetesObject>(kind: ResourceClient<T>, name = NAME): Promise<Stored<T>> {
  const found = await vi.waitFor(
    async () => {
      const object = await find(kind, name);
      expect(object, `${kind.resource.kind} ${name.name}`).toBeDefined();
      return object;
    },
    { timeout: 20_000, interval: 100 },
  );
  if (found === undefined) throw new TypeError('not there');
  return found;
}

/** Names and messages of the operator's warnings about the release. */
const warnings = async (): Promise<string[]> =>
  (await client.resource(events).list({ namespace: 'default' })).items
    .filter(({ type, regarding }) => type === 'Warning' && regarding?.name === 'chaperone-release')
    .map(({ reason, note }) => `${reason}: ${note}`);

describe('the workload', () => {
  test('is there with all that belongs to it, owned by the release, and within the restricted standard', async () => {
    start({ configuration: { replicas: 3 } });
    const deployment = await there(client.resource(deployments));
    expect(deployment.spec?.replicas).toBe(3);
    const release = await client.resource(serviceAccounts).get(NAME);
    expect(release.metadata.name).toBe('chaperone-proxy');
    const owned = await Promise.all([
      there(client.resource(services)),
      there(client.resource(podDisruptionBudgets)),
      there(client.resource(configMaps), { ...NAME, name: 'chaperone-proxy-configuration' }),
      there(client.resource(secrets), TLS),
      there(client.resource(configMaps), { ...NAME, name: 'chaperone-ca' }),
    ]);
    for (const { metadata, kind } of [deployment, ...owned]) {
      expect(metadata.ownerReferences, kind).toMatchObject([{ kind: 'ClusterRole', name: 'chaperone-release' }]);
    }
    // Judged by the API server itself.
    await done(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted', '--overwrite']);
    await done(['create', '--dry-run=server', '--filename=-'], {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'judged', namespace: NAMESPACE },
      spec: deployment.spec?.template.spec,
    });
    const bare = await chart.kubectl(chart.admin, ['create', '--dry-run=server', '--filename=-'], {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'judged', namespace: NAMESPACE },
      spec: { serviceAccountName: NAME.name, containers: [{ name: 'c', image: 'i' }] },
    });
    expect(bare.stderr).toContain('violates PodSecurity');
  });

  test('comes back as it was where it was deleted or edited', async () => {
    start({ configuration: { replicas: 2 } });
    const first = await there(client.resource(deployments));
    await there(client.resource(podDisruptionBudgets));
    await there(client.resource(services));

    await done(['scale', 'deployment', NAME.name, `--namespace=${NAMESPACE}`, '--replicas=0']);
    await done(['set', 'image', `deployment/${NAME.name}`, 'proxy=evil', `--namespace=${NAMESPACE}`]);
    await eventually(async () => {
      const { spec } = await client.resource(deployments).get(NAME);
      expect(spec?.replicas).toBe(2);
      expect(spec?.template.spec?.containers[0]?.image).toBe(first.spec?.template.spec?.containers[0]?.image);
    });
    const selector = [{ op: 'replace', path: '/spec/selector', value: { app: 'elsewhere' } }];
    await done([
      'patch',
      'service',
      NAME.name,
      `--namespace=${NAMESPACE}`,
      '--type=json',
      `--patch=${JSON.stringify(selector)}`,
    ]);
    await eventually(async () => {
      const { spec } = await client.resource(services).get(NAME);
      expect(spec?.selector).toMatchObject({ 'app.kubernetes.io/component': 'proxy' });
    });
    for (const kind of ['deployment', 'service', 'pdb', 'serviceaccount']) {
      await done(['delete', kind, NAME.name, `--namespace=${NAMESPACE}`]);
    }
    await done(['delete', 'configmap', 'chaperone-proxy-configuration', 'chaperone-ca', `--namespace=${NAMESPACE}`]);
    const again = await there(client.resource(deployments));
    expect(again.metadata.uid).not.toBe(first.metadata.uid);
    await there(client.resource(services));
    await there(client.resource(podDisruptionBudgets));
    await there(client.resource(serviceAccounts));
    await there(client.resource(configMaps), { ...NAME, name: 'chaperone-proxy-configuration' });
    await there(client.resource(configMaps), { ...NAME, name: 'chaperone-ca' });
    // Tokens of the account that was deleted are worth nothing: the pods are rolled.
    await eventually(async () => {
      const { spec } = await client.resource(deployments).get(NAME);
      expect(spec?.template.metadata?.annotations).not.toEqual(first.spec?.template.metadata?.annotations);
    });
    // Helm finds nothing in its way, and takes its account over again.
    const upgrade = ['upgrade', 'chaperone', `${import.meta.dirname}/../../../charts/chaperone`, '--reuse-values'];
    expect(await chart.helm(upgrade)).toMatchObject({ code: 0 });
    expect((await client.resource(serviceAccounts).get(NAME)).metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'Helm',
    });
  });

  test('is rolled by its configuration, and left alone where nothing changed', async () => {
    const of = (level: string): object => ({ proxy: { configuration: { log: { level } } } });
    start({ configuration: of('info') });
    const first = await there(client.resource(deployments));
    await there(client.resource(configMaps), { ...NAME, name: 'chaperone-ca' });
    await running?.stop();
    start({ configuration: of('info') });
    await eventually(async () =>
      expect(running?.writes.filter((write) => write.endsWith('/deployments/chaperone-proxy'))).not.toEqual([]),
    );
    const same = await client.resource(deployments).get(NAME);
    expect(same.metadata.generation).toBe(first.metadata.generation);
    expect(same.spec?.template).toEqual(first.spec?.template);
    await running?.stop();
    start({ configuration: of('debug') });
    await eventually(async () => {
      const rolled = await client.resource(deployments).get(NAME);
      expect(rolled.spec?.template.metadata?.annotations).not.toEqual(first.spec?.template.metadata?.annotations);
    });
  });

  test('becomes a StatefulSet with persistence, which takes over once it works, and back', async () => {
    start({ configuration: { replicas: 1 } });
    await there(client.resource(deployments));
    await running?.stop();
    start({ configuration: { replicas: 1, wal: { persistence: { size: '1Gi' } } } });
    const set = await there(client.resource(statefulSets));
    expect(set.spec?.volumeClaimTemplates).toMatchObject([{ spec: { resources: { requests: { storage: '1Gi' } } } }]);
    // No kubelet runs: it is not ready, and the Deployment stays.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await find(client.resource(deployments))).toBeDefined();
    await running?.stop();

    // What cannot be changed is said, and nothing is deleted for it.
    start({ configuration: { replicas: 1, wal: { persistence: { size: '2Gi' } } } });
    await eventually(async () => expect((await warnings()).join()).toContain('WorkloadImmutable'));
    expect((await client.resource(statefulSets).get(NAME)).metadata.uid).toBe(set.metadata.uid);
    await running?.stop();

    // Without replicas it is ready as it is.
    start({ configuration: { replicas: 0 } });
    await eventually(async () => expect(await find(client.resource(statefulSets))).toBeUndefined());
    await there(client.resource(deployments));
  });

  test('is left alone with managed: false, and nothing is deleted for it', async () => {
    start();
    const before = await there(client.resource(deployments));
    await running?.stop();
    start({ configuration: { managed: false, replicas: 7 } });
    await applyPolicy('unmanaged');
    await eventually(async () => expect(await enforced('unmanaged')).toMatchObject({ reason: 'NoReplicas' }));
    await done(['delete', 'service', NAME.name, `--namespace=${NAMESPACE}`]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await find(client.resource(services))).toBeUndefined();
    expect((await client.resource(deployments).get(NAME)).metadata.generation).toBe(before.metadata.generation);
    const ours = /(?:deployments|statefulsets|services|poddisruptionbudgets|serviceaccounts|secrets)(?:\/|$)/;
    expect(running?.writes.filter((write) => ours.test(write))).toEqual([]);
  });

  test('killed before any write and started again is whole', { timeout: 240_000 }, async () => {
    const authorities = { ...NAME, name: 'chaperone-ca' };
    const whole = async (): Promise<boolean> => {
      const secret = await find(client.resource(secrets), TLS);
      const published = await find(client.resource(configMaps), authorities);
      const others = await Promise.all([
        find(client.resource(deployments)),
        find(client.resource(services)),
        find(client.resource(podDisruptionBudgets)),
        find(client.resource(configMaps), { ...NAME, name: 'chaperone-proxy-configuration' }),
      ]);
      const authority = decoded(secret, 'ca.crt');
      return others.every((one) => one !== undefined) && authority !== '' && published?.data?.['ca.crt'] === authority;
    };
    const here = `--namespace=${NAMESPACE}`;
    const writes = await killEverywhere({
      start: (killAtWrite) => start(killAtWrite === undefined ? {} : { killAtWrite }),
      async undo() {
        await done(['delete', 'deployment,service,pdb', '--all', here, '--cascade=background']);
        await done(['delete', 'secret', TLS.name, here, '--ignore-not-found']);
        await done([
          'delete',
          'configmap',
          'chaperone-ca',
          'chaperone-proxy-configuration',
          here,
          '--ignore-not-found',
        ]);
      },
      isDone: whole,
    });
    running = undefined;
    // Six children at least.
    expect(writes).toBeGreaterThanOrEqual(6);
  });
});

const decoded = (secret: Secret | undefined, key: string): string =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();

const DAY = 86_400_000;

/** The machine's clock, moved: certificates are judged by it, timers are as they are. */
function movedClock(days: number): Clock {
  return { ...systemClock, now: () => Date.now() + days * DAY };
}

describe('the certificate', () => {
  const chain = async (): Promise<{
    serving: X509Certificate;
    authority: X509Certificate;
    bundle: string;
    secret: Stored<Secret>;
  }> => {
    const secret = await there(client.resource(secrets), TLS);
    const { data } = await there(client.resource(configMaps), { ...NAME, name: 'chaperone-ca' });
    return {
      serving: new X509Certificate(decoded(secret, 'tls.crt')),
      authority: new X509Certificate(decoded(secret, 'ca.crt')),
      bundle: data?.['ca.crt'] ?? '',
      secret,
    };
  };
  const countOf = (bundle: string): number => bundle.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
  /** Runs an operator some days from now until `check` holds. */
  async function at(days: number, check: () => Promise<void>): Promise<void> {
    await running?.stop();
    start({
      clock: movedClock(days),
      configuration: { tls: { certificateDays: 90, authorityDays: 900, dnsNames: ['gateway.example.com'] } },
    });
    await eventually(check);
  }

  /** The operator that runs has looked at the certificate. */
  const looked = async (): Promise<void> => {
    const ends = await running?.metrics.registry.getSingleMetricAsString(
      'chaperone_gateway_certificate_expiry_timestamp_seconds',
    );
    expect(ends).toMatch(/seconds [1-9]/);
  };

  test('is made and rotated, the next authority told of before it signs', { timeout: 120_000 }, async () => {
    let first!: Awaited<ReturnType<typeof chain>>;
    await at(0, async () => {
      first = await chain();
      expect(first.serving.verify(first.authority.publicKey)).toBe(true);
    });
    for (const name of ['chaperone-proxy', `chaperone-proxy.${NAMESPACE}.svc`, 'gateway.example.com']) {
      expect(first.serving.checkHost(name)).toBe(name);
    }
    expect(countOf(first.bundle)).toBe(1);

    await at(59, looked);
    expect((await chain()).serving.fingerprint256).toBe(first.serving.fingerprint256);

    // Two thirds of the certificate are over.
    await at(61, async () => expect((await chain()).serving.fingerprint256).not.toBe(first.serving.fingerprint256));
    expect((await chain()).authority.fingerprint256).toBe(first.authority.fingerprint256);

    // Two thirds of the authority: clients are told of two, the old one goes on signing.
    await at(601, async () => expect(countOf((await chain()).bundle)).toBe(2));
    const overlapping = await chain();
    expect(overlapping.serving.verify(first.authority.publicKey)).toBe(true);
    const next = overlapping.bundle;

    // A sixth later it takes over; who trusts what was published then trusts it.
    await at(752, async () =>
      expect((await chain()).authority.fingerprint256).not.toBe(first.authority.fingerprint256),
    );
    const after = await chain();
    expect(after.serving.verify(after.authority.publicKey)).toBe(true);
    expect(next).toContain(after.authority.toString().trim());
    expect(countOf(after.bundle)).toBe(2);

    // The old one ends, and is forgotten.
    await at(901, async () => expect(countOf((await chain()).bundle)).toBe(1));
    expect((await chain()).authority.fingerprint256).toBe(after.authority.fingerprint256);
  });

  test('that was spoiled is made anew, and that its authority was is said', async () => {
    await at(0, async () => expect((await chain()).serving.ca).toBe(false));
    const { authority, serving } = await chain();
    await done([
      'patch',
      'secret',
      TLS.name,
      `--namespace=${NAMESPACE}`,
      '--type=merge',
      `--patch=${JSON.stringify({ data: { 'tls.key': 'bm8=' } })}`,
    ]);
    await eventually(async () => expect((await chain()).serving.fingerprint256).not.toBe(serving.fingerprint256));
    expect((await chain()).authority.fingerprint256).toBe(authority.fingerprint256);

    await done([
      'patch',
      'secret',
      TLS.name,
      `--namespace=${NAMESPACE}`,
      '--type=merge',
      `--patch=${JSON.stringify({ data: { 'ca.key': 'bm8=' } })}`,
    ]);
    await eventually(async () => expect((await chain()).authority.fingerprint256).not.toBe(authority.fingerprint256));
    await eventually(async () => expect((await warnings()).join()).toContain('AuthorityReplaced'));
    await eventually(async () => expect((await chain()).bundle).toContain((await chain()).authority.toString().trim()));
  });

  test('that somebody else provides is checked, never written', async () => {
    await at(0, async () => expect((await chain()).serving.ca).toBe(false));
    const good = await chain();
    await running?.stop();
    const configuration = { tls: { mode: 'Secret', dnsNames: ['gateway.example.com'] } };
    const said = (text: string): Promise<void> =>
      eventually(async () => expect((await warnings()).join('\n')).toContain(text));

    start({ configuration, clock: movedClock(89) });
    await said('CertificateExpiring: Secret chaperone-proxy-tls: the certificate ends at');
    await running?.stop();
    start({ configuration, clock: movedClock(91) });
    await said('CertificateExpired');
    await running?.stop();
    start({ configuration: { tls: { mode: 'Secret', dnsNames: ['other.example.com'] } } });
    await said('CertificateInvalid: Secret chaperone-proxy-tls: the certificate does not name other.example.com');
    expect((await chain()).secret.metadata.resourceVersion).toBe(good.secret.metadata.resourceVersion);
    await done(['delete', 'secret', TLS.name, `--namespace=${NAMESPACE}`]);
    await said('CertificateMissing');
    expect(running?.writes.filter((write) => write.includes('/secrets'))).toEqual([]);
  });

  test(
    'is asked of cert-manager, where the cluster has it, and that it has not is said',
    { timeout: 120_000 },
    async () => {
      const upgrade = ['upgrade', 'chaperone', `${import.meta.dirname}/../../../charts/chaperone`, '--reuse-values'];
      expect(await chart.helm([...upgrade, '--set=gateway.tls.mode=CertManager'])).toMatchObject({ code: 0 });
      const configuration = { tls: { mode: 'CertManager', issuerRef: { name: 'internal', kind: 'ClusterIssuer' } } };
      start({ configuration });
      await eventually(async () => expect((await warnings()).join('\n')).toContain('CertManagerMissing'));
      await running?.stop();
      // The shape that matters; its schema is cert-manager's own.
      await done(['apply', '--server-side', '--filename=-'], {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'certificates.cert-manager.io' },
        spec: {
          group: 'cert-manager.io',
          scope: 'Namespaced',
          names: { plural: 'certificates', singular: 'certificate', kind: 'Certificate' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
                },
              },
            },
          ],
        },
      });
      await done(['wait', '--for=condition=Established', 'crd/certificates.cert-manager.io']);
      start({ configuration });
      await eventually(async () => {
        const made: unknown = JSON.parse(
          await done(['get', 'certificates.cert-manager.io', NAME.name, `--namespace=${NAMESPACE}`, '--output=json']),
        );
        expect(made).toMatchObject({
          spec: {
            secretName: TLS.name,
            issuerRef: { name: 'internal', kind: 'ClusterIssuer', group: 'cert-manager.io' },
          },
        });
      });
      await running?.stop();
      expect(await chart.helm([...upgrade, '--set=gateway.tls.mode=SelfSigned'])).toMatchObject({ code: 0 });
    },
  );
});

const applyPolicy = (name: string, verbs = ['get'], spec: object = {}): Promise<string> =>
  done(['apply', '--server-side', '--force-conflicts', '--filename=-'], {
    apiVersion: 'chaperone.dev/v1alpha1',
    kind: 'AgentPolicy',
    metadata: { name },
    spec: {
      subjects: [{ kind: 'Group', name: 'agents' }],
      rules: [{ name: 'rule', action: 'Allow', verbs, apiGroups: [''], resources: ['configmaps'] }],
      ...spec,
    },
  });

async function enforced(
  name: string,
  kind: 'agentpolicy' | 'maskingrule' = 'agentpolicy',
): Promise<Partial<Condition>> {
  const { status } =
    kind === 'agentpolicy' ? await policies().get({ name }) : await client.resource(maskingRuleResource).get({ name });
  return status?.conditions?.find(({ type }) => type === 'Enforced') ?? {};
}

const policies = (): ResourceClient<AgentPolicy> => client.resource(agentPolicyResource);

describe('Enforced', () => {
  const replicas = new Map<string, Caller>();
  /** A Lease as a replica writes it, by that replica's own token. */
  async function lease(name: string, revision: string | undefined, seconds = 60): Promise<void> {
    const caller = replicas.get(name) ?? (await chart.replica(name));
    replicas.set(name, caller);
    const written = await chart.call(caller, {
      method: 'PATCH',
      path: `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${name}?fieldManager=${name}&force=true`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name,
          labels: { 'app.kubernetes.io/component': 'proxy' },
          ...(revision === undefined ? {} : { annotations: { 'chaperone.dev/revision': revision } }),
        },
        // The replica's clock is years behind: nobody may care.
        spec: { holderIdentity: name, leaseDurationSeconds: seconds, renewTime: '2020-01-01T00:00:00.000000Z' },
      },
    });
    expect(written).toMatchObject({ code: 0 });
  }
  const revision = async (): Promise<string> =>
    vi.waitFor(async () => {
      const head = await client.resource(configMaps).get({ name: BUNDLE_HEAD, namespace: NAMESPACE });
      return head.data?.['revision'] ?? '';
    });
  /** The bundle in force, once it holds this generation of the object. */
  async function revisionWith(name: string, generation = 1, kind = 'agentpolicy'): Promise<string> {
    await eventually(async () => {
      const read = await done(['get', kind, name, '--output=jsonpath={.status.observedGeneration}:{.status.revision}']);
      expect(read).toMatch(new RegExp(`^${generation}:[0-9a-f]{64}$`));
    });
    return revision();
  }
  const says = (name: string, expected: object): Promise<void> =>
    eventually(async () => expect(await enforced(name)).toMatchObject(expected));
  /** The revision after a change that makes another one. */
  async function revisionAfter(before: string): Promise<string> {
    return vi.waitFor(
      async () => {
        const now = await revision();
        expect(now).not.toBe(before);
        return now;
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  test('follows the Leases: none, some, all, one that runs out', { timeout: 90_000 }, async () => {
    start({ configuration: { managed: false } });
    const empty = await vi.waitFor(revision, { timeout: 20_000 });
    await lease('gw-a', empty);
    await lease('gw-b', empty);
    await applyPolicy('followed');
    const holding = await revisionWith('followed');
    await says('followed', {
      status: 'False',
      reason: 'ReplicasBehind',
      message: '0 of 2 replicas serve this generation',
      observedGeneration: 1,
    });
    await lease('gw-a', holding);
    await says('followed', { status: 'False', message: '1 of 2 replicas serve this generation' });
    await lease('gw-b', holding);
    await says('followed', {
      status: 'True',
      reason: 'ReplicasCurrent',
      message: '2 of 2 replicas serve this generation',
    });
    expect(await running?.metrics.registry.getSingleMetricAsString('chaperone_policy_enforced_lag_seconds')).toContain(
      '_count 1',
    );
    await eventually(async () =>
      expect(await running?.metrics.registry.getSingleMetricAsString('chaperone_gateway_replicas')).toContain(
        '{current="true"} 2',
      ),
    );
    const { lastTransitionTime } = await enforced('followed');

    // Another policy changes the revision and not this policy.
    await applyPolicy('another');
    const third = await revisionAfter(holding);
    await says('another', { message: '0 of 2 replicas serve this generation' });
    expect(await enforced('followed')).toMatchObject({ status: 'True', lastTransitionTime });

    // A replica without a revision serves nothing yet.
    await lease('gw-c', undefined, 1);
    await says('followed', { status: 'False', message: '2 of 3 replicas serve this generation' });
    // Its Lease runs out by the operator's own clock.
    await says('followed', { status: 'True', message: '2 of 2 replicas serve this generation' });

    await applyPolicy('followed', ['get', 'list']);
    const fourth = await revisionAfter(third);
    await says('followed', { status: 'False', reason: 'ReplicasBehind', observedGeneration: 2 });
    await lease('gw-a', fourth);
    await lease('gw-b', fourth);
    await says('followed', { status: 'True', observedGeneration: 2 });

    await done(['delete', 'leases', '--all', `--namespace=${NAMESPACE}`]);
    await says('followed', { status: 'False', reason: 'NoReplicas' });
  });

  test('is Accepted-or-not apart: a generation that does not compile is not enforced, the one before is', async () => {
    start({ configuration: { managed: false } });
    await applyPolicy('spoiled');
    await vi.waitFor(async () => expect(await enforced('spoiled')).toMatchObject({ reason: 'NoReplicas' }), {
      timeout: 20_000,
    });
    await lease('gw-a', await revisionWith('spoiled'));
    await says('spoiled', { status: 'True' });
    await applyPolicy('spoiled', ['get'], { matchConditions: [{ name: 'bad', expression: 'nosuch.variable' }] });
    await says('spoiled', {
      status: 'False',
      reason: 'NotAccepted',
      message: 'This generation is not accepted: generation 1 stays in force',
      observedGeneration: 2,
    });
    const managers = await done([
      'get',
      'agentpolicy',
      'spoiled',
      '--show-managed-fields',
      '--output=jsonpath={.metadata.managedFields[*].manager}',
    ]);
    expect(managers.split(' ')).toEqual(
      expect.arrayContaining(['chaperone-operator-gateway', 'chaperone-operator-policy']),
    );
  });

  test('is said of MaskingRules too', async () => {
    start({ configuration: { managed: false } });
    await done(['apply', '--server-side', '--filename=-'], {
      apiVersion: 'chaperone.dev/v1alpha1',
      kind: 'MaskingRule',
      metadata: { name: 'masked' },
      spec: { detectors: ['JWT'] },
    });
    await eventually(async () =>
      expect(await enforced('masked', 'maskingrule')).toMatchObject({ reason: 'NoReplicas' }),
    );
    await lease('gw-a', await revisionWith('masked', 1, 'maskingrule'));
    await eventually(async () => expect(await enforced('masked', 'maskingrule')).toMatchObject({ status: 'True' }));
  });

  test(
    'narrows the rights only when no replica serves the older policies, or after a time',
    { timeout: 60_000 },
    async () => {
      start({ configuration: { managed: false }, narrowAfterMs: 4_000 });
      const rules = async (): Promise<string> =>
        (await chart.kubectl(chart.admin, ['get', 'clusterrole', 'chaperone-proxy-derived', '--output=json'])).stdout;
      await applyPolicy('narrowed', ['get', 'list']);
      await eventually(async () => expect(await rules()).toContain('impersonate-on:user-info:list'));
      const wide = await revisionWith('narrowed');
      await lease('gw-a', wide);
      await says('narrowed', { status: 'True' });

      await applyPolicy('narrowed', ['get', 'watch']);
      const narrow = await revisionAfter(wide);
      await eventually(async () => expect(await rules()).toContain('impersonate-on:user-info:watch'));
      expect(await rules()).toContain('impersonate-on:user-info:list');
      await lease('gw-a', narrow);
      await eventually(async () => expect(await rules()).not.toContain('impersonate-on:user-info:list'));

      // A replica that is cut off does not keep rights for ever.
      const changedAt = Date.now();
      await done(['delete', 'agentpolicy', 'narrowed']);
      await revisionAfter(narrow);
      await eventually(async () => expect(await rules()).not.toContain('impersonate-on:user-info:watch'));
      expect(Date.now() - changedAt).toBeGreaterThanOrEqual(3_900);
    },
  );
});

test(
  'a release that is being uninstalled is left in peace, and nothing is left of it',
  { timeout: 120_000 },
  async () => {
    start();
    await applyPolicy('last');
    await there(client.resource(deployments));
    await there(client.resource(secrets), TLS);
    await done(['delete', 'clusterrole', 'chaperone-release']);
    await eventually(async () => {
      expect(await find(client.resource(deployments))).toBeUndefined();
      expect(await find(client.resource(services))).toBeUndefined();
      expect(await find(client.resource(secrets), TLS)).toBeUndefined();
      expect(await find(client.resource(configMaps), { ...NAME, name: 'chaperone-ca' })).toBeUndefined();
      const derived = await chart.kubectl(chart.admin, [
        'get',
        'clusterrole,clusterrolebinding',
        'chaperone-proxy-derived',
        '--ignore-not-found',
      ]);
      expect(derived.stdout).toBe('');
    });
  },
);
