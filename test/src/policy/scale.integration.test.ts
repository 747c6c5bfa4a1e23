import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newConnection } from '@chaperone/crds/client/connection';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { configMaps } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import { findCondition } from '@chaperone/operator/runtime/conditions';
import { DISCOVERY_POLICY } from '@chaperone/operator/policy/discovery-policy';
import { agentPolicyResource } from '@chaperone/operator/policy/resources';
import { installChart, NAMESPACE as namespace, type Installation } from '../admission/installed-chart.ts';
import {
  answerOf,
  metricOf,
  newOperatorProcess,
  residentMemoryOf,
  type OperatorProcess,
} from '../operator/operator-process.ts';
import { agentPolicy, rule } from './builders.ts';
import { storedBundle } from './policy-operator.ts';

const POLICIES = 1_000;
const RULES = 5;

let installation: Installation;
let client: Client;
let operator: OperatorProcess;

// As it runs in a cluster: what Node has compiled before takes memory, too.
vi.stubEnv('NODE_COMPILE_CACHE', '');

beforeAll(async () => {
  installation = await installChart();
  const kubeConfig = kubeConfigFromFile(installation.admin.kubeconfig);
  client = newClient({ connection: newConnection({ kubeConfig, userAgent: 'scale-test' }), fieldManager: 'person' });
  operator = await newOperatorProcess(installation.operator.kubeconfig, {
    log: { level: 'warn' },
    // A machine that others keep busy must not cost it the leadership.
    leaderElection: { leaseDuration: '120s', renewDeadline: '100s', retryPeriod: '5s' },
  });
}, 180_000);

afterAll(async () => {
  await operator.stop();
  await client.connection.close();
  await installation.stop();
}, 60_000);

const actions = ['Allow', 'Allow', 'Deny', 'Allow', 'Deny'] as const;

function policy(index: number, edition = 'first'): AgentPolicy {
  const rules = Array.from({ length: RULES }, (_, place) =>
    rule(`rule-${place}`, {
      action: actions[place] ?? 'Allow',
      verbs: [place === 2 ? 'delete' : 'get', 'create'],
      apiGroups: ['', 'apps'],
      resources: ['pods', 'deployments', 'configmaps'],
      namespaces: [`team-${index}`, `team-${index}-${place}`],
      conditions: [
        { name: 'c', expression: `request.name.startsWith('web-${place}') && user.username != 'x-${index}'` },
      ],
      reason: `The ${edition} edition of what team ${index} may do`,
    }),
  );
  return agentPolicy(`policy-${index}`, rules, {
    subjects: [{ kind: 'Group', name: `team-${index % 100}` }],
    matchConditions: [{ name: 'm', expression: `'refs/heads/main-${index}' in user.extra['chaperone.dev/ref']` }],
  });
}

/**
 * When, by `performance.now()`, the head named a bundle in which the policy has this generation; asked as often as the
 * API server answers. Decoding is not part of it, as it is done by replicas, elsewhere.
 */
async function bundleHeld(name: string, generation: number): Promise<number> {
  const api = client.resource(configMaps);
  for (let before = ''; ;) {
    const { metadata } = await api.get({ name: BUNDLE_HEAD, namespace });
    const at = performance.now();
    if (metadata.resourceVersion !== before) {
      before = metadata.resourceVersion;
      const { policies } = await storedBundle(client, namespace);
      if (policies.some((entry) => entry.name === name && entry.generation === generation)) {
        return at;
      }
    }
    await new Promise((done) => setTimeout(done, 10));
  }
}

test(
  '1,000 policies of 5 rules: a change is in the bundle within a second, in little memory, and wakes nobody else',
  { timeout: 420_000 },
  async ({ annotate }) => {
    const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
    const api = client.resource(agentPolicyResource);
    operator.start();
    await expect
      .poll(
        async () => (operator.hasEnded() ? operator.log() : (await answerOf(`${operator.adminUrl}/readyz`)).status),
        {
          timeout: 60_000,
        },
      )
      .toBe(200);
    for (let first = 0; first < POLICIES; first += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, offset) => api.create(policy(first + offset))));
    }
    await vi.waitFor(
      async () => {
        expect(operator.hasEnded() ? operator.log() : '').toBe('');
        const { policies } = await storedBundle(client, namespace);
        expect(policies).toHaveLength(POLICIES + 1);
        expect(await metricOf(operator, 'chaperone_policy_status_writes_total')).toBeGreaterThan(POLICIES);
        expect(await metricOf(operator, 'workqueue_depth')).toBe(0);
      },
      { timeout: 240_000, interval: 500 },
    );
    const { items } = await api.list();
    expect(
      items
        .filter(({ status }) => findCondition(status?.conditions ?? [], 'Accepted')?.status !== 'True')
        .map(({ metadata }) => metadata.name),
    ).toEqual([]);
    // Bundles are few, however many objects come: they are gathered.
    expect(await metricOf(operator, 'chaperone_bundle_writes_total')).toBeLessThan(POLICIES / 4);

    await vi.waitFor(async () => expect(await metricOf(operator, 'controller_runtime_active_workers')).toBe(0), {
      timeout: 20_000,
    });
    const statusWrites = await metricOf(operator, 'chaperone_policy_status_writes_total');
    const times: number[] = [];
    const cpuBefore = await metricOf(operator, 'process_cpu_seconds_total');
    for (let turn = 0; turn < 7; turn += 1) {
      const index = turn * 142;
      const began = performance.now();
      const changed = await api.apply(
        { ...policy(index, 'second'), metadata: { name: `policy-${index}` } },
        { force: true },
      );
      times.push((await bundleHeld(changed.metadata.name, changed.metadata.generation ?? 0)) - began);
      await new Promise((done) => setTimeout(done, 1_500));
    }
    const cpuPerChange = (1_000 * ((await metricOf(operator, 'process_cpu_seconds_total')) - cpuBefore)) / times.length;
    await annotate(`From a change to a bundle that holds it: ${times.map(Math.round).join(', ')} ms`);
    await annotate(
      `Processor time of the operator for a change, comparing rules included: ${Math.round(cpuPerChange)} ms`,
    );

    await vi.waitFor(async () => expect(await metricOf(operator, 'workqueue_depth')).toBe(0), { timeout: 20_000 });
    // The last of them may still be on its way where the machine is slow.
    await vi.waitFor(
      async () =>
        expect((await metricOf(operator, 'chaperone_policy_status_writes_total')) - statusWrites).toBe(times.length),
      { timeout: 10_000 },
    );
    const [heap, resident] = [await metricOf(operator, 'nodejs_heap_size_used_bytes'), residentMemoryOf(operator)];
    await annotate(`MiB of heap in use, garbage included: ${mib(heap)}; of resident memory: ${mib(resident)}`);
    expect(times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)]).toBeLessThan(1_000);
    expect(mib(resident)).toBeLessThan(200);
    expect((await storedBundle(client, namespace)).policies.map(({ name }) => name)).toContain(DISCOVERY_POLICY);
  },
);
