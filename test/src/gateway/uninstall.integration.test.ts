import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';
import { newOperatorProcess, type OperatorProcess } from '../operator/operator-process.ts';

let chart: Installation;
let operator: OperatorProcess;

const HERE = `--namespace=${NAMESPACE}`;
const TEAM = 'team';

beforeAll(async () => {
  chart = await installChart();
  operator = await newOperatorProcess(chart.operator.kubeconfig, {
    gateway: { managed: true },
    leaderElection: { leaseDuration: '4s', renewDeadline: '3s', retryPeriod: '500ms' },
  });
}, 180_000);

afterAll(async () => {
  await operator?.stop();
  await chart?.stop();
}, 60_000);

async function done(args: readonly string[], input?: unknown): Promise<string> {
  const result = await chart.kubectl(chart.admin, args, input);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout;
}

/** Everything in the cluster that bears one of our names, of whatever kind is served, but what is kept on purpose. */
async function ours(): Promise<string[]> {
  const kinds = (await done(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n');
  const columns = '--output=custom-columns=:kind,:metadata.namespace,:metadata.name';
  const lists = await Promise.all(
    kinds
      // Events expire, and the kinds themselves stay with the policies.
      .filter((kind) => !/^(?:events\b|customresourcedefinitions\.|apiservices\.)/u.test(kind))
      .map((kind) => done(['get', kind, '--all-namespaces', '--no-headers', columns])),
  );
  return (
    lists
      .flatMap((text) => text.split('\n'))
      .map((line) => line.trim().replaceAll(/\s+/gu, ' '))
      // Of a kind that is ours no object is left, and of others none by our names; the namespace is the administrator's.
      .filter((line) => line.split(' ').at(-1)?.includes('chaperone') === true && !line.startsWith('Namespace '))
      .toSorted()
  );
}

const names = async (kind: string, where = HERE): Promise<string[]> =>
  (await done(['get', kind, where, '--output=name'])).trim().split('\n');

const CHILDREN = {
  [HERE]: [
    'deployment.apps/chaperone-proxy',
    'service/chaperone-proxy',
    'poddisruptionbudget.policy/chaperone-proxy',
    'serviceaccount/chaperone-proxy',
    'secret/chaperone-proxy-tls',
    'configmap/chaperone-proxy-configuration',
    'configmap/chaperone-ca',
    'configmap/chaperone-bundle',
    'lease.coordination.k8s.io/chaperone-operator',
    'clusterrole.rbac.authorization.k8s.io/chaperone-proxy-derived',
    'clusterrolebinding.rbac.authorization.k8s.io/chaperone-proxy-derived',
  ],
  [`--namespace=${TEAM}`]: [
    'role.rbac.authorization.k8s.io/chaperone-proxy-derived',
    'rolebinding.rbac.authorization.k8s.io/chaperone-proxy-derived',
  ],
};

async function complete(): Promise<void> {
  for (const [where, objects] of Object.entries(CHILDREN)) {
    for (const object of objects) {
      const [kind = ''] = object.split('/');
      await expect.poll(() => names(kind, where), { message: object, timeout: 60_000 }).toContain(object);
    }
  }
}

test(
  'of the release and all that a running operator made, also again after it was deleted, nothing is left',
  { timeout: 240_000 },
  async () => {
    await done(['create', 'namespace', TEAM]);
    operator.start();
    await done(['apply', '--filename=-'], {
      apiVersion: 'chaperone.dev/v1alpha1',
      kind: 'AgentPolicy',
      metadata: { name: 'readers' },
      spec: {
        subjects: [{ kind: 'Group', name: 'agents' }],
        rules: [
          {
            name: 'read',
            action: 'Allow',
            verbs: ['get'],
            apiGroups: [''],
            resources: ['configmaps'],
            namespaces: [TEAM],
          },
        ],
      },
    });
    await complete();
    for (const [where, objects] of Object.entries(CHILDREN)) {
      await done(['delete', ...objects, where]);
    }
    await complete();
    // All of it goes with the release.
    for (const [where, objects] of Object.entries(CHILDREN)) {
      for (const object of objects) {
        const owner = '--output=jsonpath={.metadata.ownerReferences[*].name}';
        expect(await done(['get', object, where, owner]), object).toBe('chaperone-release');
      }
    }

    await done(['delete', 'agentpolicies,maskingrules', '--all']);
    // That of the test.
    await done(['delete', 'pod', 'chaperone-proxy-0', HERE, '--force', '--grace-period=0']);
    expect(operator.hasEnded()).toBe(false);
    expect(await chart.helm(['uninstall', 'chaperone', '--wait'])).toMatchObject({ code: 0 });
    await expect.poll(ours, { timeout: 30_000 }).toEqual([]);
    // Nor does what is still running make anything anew.
    await sleep(6_000);
    expect(await ours()).toEqual([]);
  },
);
