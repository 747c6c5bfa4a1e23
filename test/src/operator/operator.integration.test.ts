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

  test('says it of every generation without a change in between, and in one event for the installation', async () => {
    const enforced = '{range .status.conditions[?(@.type=="Enforced")]}';
    const since = (): Promise<string> => get('agentpolicy readers', `jsonpath=${enforced}{.lastTransitionTime}{end}`);
    const generations = (): Promise<string> =>
      get('agentpolicy readers', `jsonpath={.metadata.generation} ${enforced}{.observedGeneration}{end}`);
    const told = async (): Promise<string[]> =>
      (
        await get(
          'events --namespace=default --field-selector=reason=NoReplicas',
          'jsonpath={range .items[*]}{.involvedObject.kind}/{.involvedObject.name}{.regarding.name} {end}',
        )
      )
        .split(' ')
        .filter((object) => object !== '');
    const before = await since();
    // Transitions are told in whole seconds.
    await sleep(1_100);
    for (const resource of ['services', 'nodes', 'pods']) {
      await apply(policy('readers', resource));
      await expect.poll(generations).toMatch(/^(\d+) \1$/);
    }
    expect(await since()).toBe(before);
    await expect.poll(told).toEqual(['ClusterRole/chaperone-release']);
  }, 60_000);

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

  const readiness = (): ReturnType<typeof answerOf> => answerOf(`${operator.adminUrl}/readyz`);

  /** Asks all the while `outage` lasts: the process stays, says that it lives, and is not ready. */
  async function throughOutage(
    outage: { readonly begin: () => Promise<void> | void; readonly end: () => Promise<void> | void },
    lastsMs: number,
  ): Promise<{ readonly notReadyAfterMs: number; readonly reasons: ReadonlySet<string> }> {
    const pid = operator.pid();
    const reasons = new Set<string>();
    await outage.begin();
    const began = Date.now();
    let notReadyAfterMs = Infinity;
    const answers: number[] = [];
    while (Date.now() - began < lastsMs) {
      const { status, text } = await readiness();
      answers.push(status);
      notReadyAfterMs = status === 200 ? notReadyAfterMs : Math.min(notReadyAfterMs, Date.now() - began);
      text.match(/^\[-\]\S+ failed: .*$/gm)?.forEach((line) => reasons.add(line.replaceAll(/\d+/g, 'N')));
      expect((await answerOf(`${operator.adminUrl}/healthz`)).status).toBe(200);
      await sleep(250);
    }
    // Once it knows, it says nothing else for as long as it lasts.
    expect(new Set(answers.slice(answers.indexOf(503)))).toEqual(new Set([503]));
    await outage.end();
    await expect.poll(async () => (await readiness()).status, { timeout: 60_000 }).toBe(200);
    expect([operator.hasEnded(), operator.pid()]).toEqual([false, pid]);
    return { notReadyAfterMs, reasons };
  }

  test('is not ready while the API server is away for a minute, and takes up its work again by itself', async () => {
    await apply(policy('before-the-outage'));
    await expect.poll(() => conditions('before-the-outage')).toContain('Accepted=True(Compiled)');
    const { notReadyAfterMs, reasons } = await throughOutage(
      { begin: installation.stopApiServer, end: installation.startApiServer },
      60_000,
    );
    expect(notReadyAfterMs).toBeLessThan(10_000);
    expect([...reasons].join()).toContain('ECONNREFUSED');
    await apply(policy('after-the-outage'));
    await expect.poll(() => conditions('after-the-outage')).toContain('Accepted=True(Compiled)');
    expect(await conditions('before-the-outage')).toContain('Accepted=True(Compiled)');
    expect((await answerOf(`${operator.adminUrl}/metrics`)).text).toMatch(/^leader_election_master_status\{.*\} 1$/m);
    expect(operator.log()).toContain('Operator begins anew');
  }, 240_000);

  test('is not ready a few seconds after the API server hangs, and takes up its work when it goes on', async () => {
    const { notReadyAfterMs, reasons } = await throughOutage(
      {
        begin: () => installation.signalApiServer('SIGSTOP'),
        end: () => installation.signalApiServer('SIGCONT'),
      },
      30_000,
    );
    expect(notReadyAfterMs).toBeLessThan(6_000);
    expect([...reasons]).toContain('[-]api-server failed: no call about the lease was served for N s');
    await apply(policy('after-the-hang'));
    await expect.poll(() => conditions('after-the-hang')).toContain('Accepted=True(Compiled)');
  }, 120_000);

  test('that was stopped itself while another took the lead writes nothing more, and waits for its turn', async () => {
    const second = await newOperatorProcess(installation.operator.kubeconfig, {
      leaderElection: { leaseDuration: '4s', renewDeadline: '3s', retryPeriod: '500ms' },
    });
    const pid = operator.pid() ?? 0;
    const leads = async ({ adminUrl }: OperatorProcess): Promise<boolean> =>
      /^leader_election_master_status\{.*\} 1$/m.test((await answerOf(`${adminUrl}/metrics`)).text);
    try {
      await expect.poll(() => leads(operator)).toBe(true);
      second.start();
      await expect.poll(async () => (await answerOf(`${second.adminUrl}/readyz`)).status).toBe(200);
      process.kill(pid, 'SIGSTOP');
      try {
        await expect.poll(() => leads(second)).toBe(true);
        await apply(policy('led-by-another'));
        await expect.poll(() => conditions('led-by-another')).toContain('Accepted=True(Compiled)');
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await expect.poll(async () => (await readiness()).status).toBe(200);
      await expect.poll(() => leads(operator)).toBe(false);
      expect([operator.hasEnded(), operator.pid(), await leads(second)]).toEqual([false, pid, true]);
      expect(await second.end('SIGTERM')).toBe(0);
      await expect.poll(() => leads(operator)).toBe(true);
    } finally {
      await second.stop();
    }
  }, 90_000);

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
