import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';
import { answerOf, newOperatorProcess, type OperatorProcess } from './operator-process.ts';

let installation: Installation;
let operator: OperatorProcess;

beforeAll(async () => {
  installation = await installChart();
  operator = await newOperatorProcess(installation.operator.kubeconfig, {
    leaderElection: { leaseDuration: '4s', renewDeadline: '3s', retryPeriod: '500ms' },
  });
}, 180_000);

afterAll(async () => {
  await operator.stop();
  await installation.stop();
}, 60_000);

const policy = (name: string, resource = 'pods'): object => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name },
  spec: {
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [{ name: 'read', action: 'Allow', verbs: ['get', 'list'], apiGroups: [''], resources: [resource] }],
  },
});

async function get(kind: string, output: string): Promise<string> {
  const { stdout } = await installation.kubectl(installation.admin, ['get', ...kind.split(' '), `--output=${output}`]);
  return stdout;
}

async function apply(object: object): Promise<void> {
  const outcome = await installation.kubectl(installation.admin, ['apply', '--filename=-'], object);
  expect(outcome).toMatchObject({ code: 0 });
}

/** `Accepted=True Enforced=False ...` of a policy, by type. */
async function conditions(name: string): Promise<string> {
  const range = '{range .status.conditions[*]}{.type}={.status}({.reason}) {end}';
  return get(`agentpolicy ${name}`, `jsonpath=${range}`);
}

const revision = (): Promise<string> =>
  get(`configmap chaperone-bundle --namespace=${NAMESPACE}`, 'jsonpath={.data.revision}');

describe('the operator as a process, with the rights of its own account', () => {
  test('becomes ready, and leads', async () => {
    operator.start();
    await expect.poll(async () => (await answerOf(`${operator.adminUrl}/readyz`)).status).toBe(200);
    await expect
      .poll(() => get(`lease chaperone-operator --namespace=${NAMESPACE}`, 'jsonpath={.spec.holderIdentity}'))
      .not.toBe('');
    expect((await answerOf(`${operator.adminUrl}/healthz`)).status).toBe(200);
  });

  test('applies the policy that comes with the installation, and accepts it', async () => {
    await expect.poll(() => conditions('chaperone-discovery')).toContain('Accepted=True(Compiled)');
  });

  test('says that no replica enforces a policy while there is none', async () => {
    await apply(policy('readers'));
    await expect.poll(() => conditions('readers')).toContain('Accepted=True(Compiled)');
    await expect.poll(() => conditions('readers')).toContain('Enforced=False(NoReplicas)');
  });

  test('says that a policy is enforced once a replica’s Lease carries the revision', async () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'chaperone-proxy-0',
        namespace: NAMESPACE,
        labels: { 'app.kubernetes.io/component': 'proxy' },
        annotations: { 'chaperone.dev/revision': await revision() },
      },
      spec: {
        holderIdentity: 'chaperone-proxy-0',
        leaseDurationSeconds: 3_600,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    };
    const path = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;
    const written = await installation.call(installation.proxy, { method: 'POST', path, body: lease });
    expect(written).toMatchObject({ code: 0 });
    await expect.poll(() => conditions('readers')).toContain('Enforced=True(ReplicasCurrent)');
  });

  test('counts what it does under controller-runtime’s names', async () => {
    const { text } = await answerOf(`${operator.adminUrl}/metrics`);
    expect(text).toMatch(/^controller_runtime_reconcile_total\{controller="bundle",result="success"\} [1-9]/m);
    expect(text).toMatch(/^leader_election_master_status\{name="chaperone-operator"\} 1$/m);
    expect(text).not.toMatch(/readers/);
  });

  test('takes up after kill -9 what changed meanwhile, and says nothing twice', async () => {
    const events = (): Promise<string> =>
      get(
        'events --namespace=default --field-selector=involvedObject.name=readers',
        'jsonpath={range .items[*]}{.reason} {.note}{.message}{"\\n"}{end}',
      );
    const before = await events();
    await operator.end('SIGKILL');
    await apply(policy('written-while-away'));
    operator.start();
    await expect.poll(() => conditions('written-while-away')).toContain('Accepted=True(Compiled)');
    await expect.poll(async () => (await answerOf(`${operator.adminUrl}/readyz`)).status).toBe(200);
    expect(await events()).toBe(before);
  });

  test('a second one waits, and takes the lead when the first is killed', async () => {
    const second = await newOperatorProcess(installation.operator.kubeconfig, {
      leaderElection: { leaseDuration: '4s', renewDeadline: '3s', retryPeriod: '500ms' },
    });
    try {
      second.start();
      await expect.poll(async () => (await answerOf(`${second.adminUrl}/readyz`)).status).toBe(200);
      expect((await answerOf(`${second.adminUrl}/metrics`)).text).toMatch(/^leader_election_master_status\{.*\} 0$/m);
      await operator.end('SIGKILL');
      await apply(policy('after-hand-over', 'configmaps'));
      await expect.poll(() => conditions('after-hand-over')).toContain('Accepted=True(Compiled)');
      expect((await answerOf(`${second.adminUrl}/metrics`)).text).toMatch(/^leader_election_master_status\{.*\} 1$/m);
      expect(await second.end('SIGTERM')).toBe(0);
    } finally {
      await second.stop();
    }
    operator.start();
    await expect.poll(async () => (await answerOf(`${operator.adminUrl}/readyz`)).status).toBe(200);
  }, 60_000);

  test('is not ready while the API server is away for a minute, and takes up its work again by itself', async () => {
    await installation.stopApiServer();
    await expect
      .poll(async () => (await answerOf(`${operator.adminUrl}/readyz`)).status, { timeout: 60_000 })
      .not.toBe(200);
    await sleep(60_000);
    // Its Lease ran out meanwhile: it ends, as another may lead, and whoever runs it starts it again.
    await installation.startApiServer();
    if (operator.hasEnded()) operator.start();
    await expect
      .poll(async () => (await answerOf(`${operator.adminUrl}/readyz`)).status, { timeout: 60_000 })
      .toBe(200);
    await apply(policy('after-the-outage'));
    await expect.poll(() => conditions('after-the-outage')).toContain('Accepted=True(Compiled)');
  }, 240_000);

  test('ends in good order when told to, gives its Lease back, and logs no token', async () => {
    expect(await operator.end('SIGTERM')).toBe(0);
    expect(await get(`lease chaperone-operator --namespace=${NAMESPACE}`, 'jsonpath={.spec.holderIdentity}')).toBe('');
    expect(operator.log()).not.toContain(installation.operator.token ?? 'no token');
    expect(operator.log()).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\./);
  });

  test('leaves nothing when policies and release are gone', async () => {
    await installation.kubectl(installation.admin, ['delete', 'agentpolicies', '--all']);
    await installation.helm(['uninstall', 'chaperone', '--wait']);
    const left = async (): Promise<string> => {
      const cluster = await get(
        'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
        'name',
      );
      const own = await get(`configmaps,secrets,roles,rolebindings,serviceaccounts --namespace=${NAMESPACE}`, 'name');
      return `${cluster}${own}`
        .split('\n')
        .filter((name) => name.includes('chaperone'))
        .join(' ');
    };
    await expect.poll(left, { timeout: 60_000 }).toBe('');
    // And nothing comes back.
    await sleep(1_000);
    expect(await left()).toBe('');
  }, 90_000);
});

describe('an operator that cannot work says so and ends', () => {
  test('with 2 when its configuration is at fault, naming every finding', async () => {
    const faulty = await newOperatorProcess(installation.operator.kubeconfig, {
      nmespace: 'x',
      log: { level: 'loud' },
    });
    faulty.start();
    await expect.poll(() => faulty.log()).toContain('nmespace: there is no such option');
    expect(faulty.log()).toContain('log.level: ');
    expect(await faulty.ended()).toBe(2);
    await faulty.stop();
  });
});
