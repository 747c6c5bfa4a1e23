import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import '@chaperone/test/stack/provided-context';
import type { Bundle } from '@chaperone/crds/bundle/bundle';
import { newConnection } from '@chaperone/crds/client/connection';
import { events, namespaces } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import { DISCOVERY_POLICY } from '@chaperone/operator/policy/discovery-policy';
import { agentPolicyResource, maskingRuleResource } from '@chaperone/operator/policy/resources';
import { agentPolicy, deny, maskingRule, rule } from './builders.ts';
import { installPolicyKinds, startOwnControlPlane, type OwnControlPlane } from './own-control-plane.ts';
import {
  KilledError,
  startPolicyOperator,
  storedBundle,
  storedParts,
  type PolicyOperator,
  type WriteFault,
} from './policy-operator.ts';

let controlPlane: OwnControlPlane;
let client: Client;
let namespace: string;
const operators: PolicyOperator[] = [];

beforeAll(async () => {
  controlPlane = await startOwnControlPlane();
  await installPolicyKinds(controlPlane.adminKubeconfig, inject('binDirectory'));
  const kubeConfig = kubeConfigFromFile(controlPlane.adminKubeconfig);
  client = newClient({ connection: newConnection({ kubeConfig, userAgent: 'crash-test' }), fieldManager: 'person' });
}, 120_000);

afterAll(async () => {
  await client.connection.close();
  await controlPlane.stop();
}, 60_000);

beforeEach(async () => {
  namespace = (await client.resource(namespaces).create({ metadata: { generateName: 'crash-' } })).metadata.name;
});

afterEach(async () => {
  await Promise.all(operators.splice(0).map((operator) => operator.stop()));
  for (const { metadata } of (await client.resource(agentPolicyResource).list()).items) {
    await client.resource(agentPolicyResource).delete(metadata);
  }
  for (const { metadata } of (await client.resource(maskingRuleResource).list()).items) {
    await client.resource(maskingRuleResource).delete(metadata);
  }
});

function start(onWrite?: WriteFault): PolicyOperator {
  const operator = startPolicyOperator({
    namespace,
    kubeconfig: controlPlane.adminKubeconfig,
    settings: { partGraceMs: 200, gatherMs: 20, bundleGapMs: 50, conflictGapMs: 50 },
    ...(onWrite === undefined ? {} : { onWrite }),
  });
  operators.push(operator);
  return operator;
}

/** The story that is interrupted: an accepted policy breaks, another is changed, a third goes, a rule comes. */
async function tellStory(): Promise<void> {
  const policies = client.resource(agentPolicyResource);
  await policies.apply(agentPolicyNamed('guard', true), { force: true });
  await policies.apply(agentPolicyNamed('changes', false), { force: true });
  await policies.delete({ name: 'goes' });
  await client.resource(maskingRuleResource).create(maskingRule('masks'));
}

const agentPolicyNamed = (name: string, isBroken: boolean) => ({
  ...agentPolicy(name, [
    isBroken ? deny('a', { conditions: [{ name: 'c', expression: 'nonsense' }] }) : rule('b', { namespaces: [name] }),
  ]),
  metadata: { name },
});

async function prepare(): Promise<void> {
  const policies = client.resource(agentPolicyResource);
  for (const name of ['guard', 'changes', 'goes']) {
    await policies.create(agentPolicy(name, [deny('a', { namespaces: [`${name}-ns`] })]));
  }
  const operator = start();
  await vi.waitFor(async () => expect(Object.keys(await held())).toHaveLength(4), { timeout: 15_000, interval: 30 });
  await converged({ guard: 1, changes: 1, goes: 1, [DISCOVERY_POLICY]: 1 });
  operators.splice(operators.indexOf(operator), 1);
  await operator.stop();
}

async function held(): Promise<Record<string, number>> {
  const { policies, maskingRules }: Bundle = await storedBundle(client, namespace);
  return Object.fromEntries([...policies, ...maskingRules].map(({ name, generation }) => [name, generation]));
}

const expectedAfter = { guard: 1, changes: 2, masks: 1, [DISCOVERY_POLICY]: 1 };

/** The bundle holds just that, every status says so, and nothing else is left lying about. */
async function converged(expected: Record<string, number>): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await held()).toEqual(expected);
      const objects = [
        ...(await client.resource(agentPolicyResource).list()).items,
        ...(await client.resource(maskingRuleResource).list()).items,
      ];
      const told = objects.map(({ metadata, status }) => [
        metadata.name,
        status?.observedGeneration === metadata.generation,
        status?.conditions?.find(({ type }) => type === 'Accepted')?.status,
      ]);
      expect(told).toEqual(
        objects.map(({ metadata }) => [
          metadata.name,
          true,
          expected[metadata.name] === metadata.generation ? 'True' : 'False',
        ]),
      );
      expect((await storedParts(client, namespace)).length).toBeLessThanOrEqual(2);
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** Kills the process at its write number `at` (from 0): before it is sent, or when it was carried out and not answered. */
function killedAt(
  at: number,
  when: 'before' | 'after',
): { readonly operator: PolicyOperator; readonly died: Promise<boolean> } {
  let writes = 0;
  let die: (isDead: boolean) => void = () => undefined;
  const died = new Promise<boolean>((resolve) => {
    die = resolve;
  });
  const operator = start(async (_call, send) => {
    const number = writes;
    writes += 1;
    if (number < at) {
      return send();
    }
    if (number === at && when === 'after') {
      await send();
    }
    die(true);
    throw new KilledError('The process was killed');
  });
  return { operator, died };
}

describe.each(['before', 'after'] as const)('an operator that is killed %s any of its writes', (when) => {
  test('is followed by one that brings about the same', { timeout: 240_000 }, async ({ annotate }) => {
    await prepare();
    const uids = new Set<string>();
    let isComplete = false;
    let kills = 0;
    for (let at = 0; !isComplete; at += 1) {
      expect(at).toBeLessThan(40);
      const { operator, died } = killedAt(at, when);
      await vi.waitFor(() => expect(operator.policies.published.current()).toBeDefined(), {
        timeout: 10_000,
        interval: 10,
      });
      await tellStory();
      // It gets through the whole story at last; then there is no later write to be killed at.
      const outcome = await Promise.race([died.then(() => 'killed'), converged(expectedAfter).then(() => 'done')]);
      kills += outcome === 'killed' ? 1 : 0;
      isComplete = outcome === 'done' && operator.writes.length <= at;
      operators.splice(operators.indexOf(operator), 1);
      await operator.kill();

      const next = start();
      await converged(expectedAfter);
      const { policies } = await storedBundle(client, namespace);
      uids.add(policies.find(({ name }) => name === 'guard')?.uid ?? '');
      // Back to the beginning, by the one that lives.
      await client.resource(maskingRuleResource).delete({ name: 'masks' });
      await client.resource(agentPolicyResource).create(agentPolicy('goes', [deny('a', { namespaces: ['goes-ns'] })]));
      await client.resource(agentPolicyResource).delete({ name: 'guard' });
      await client
        .resource(agentPolicyResource)
        .create(agentPolicy('guard', [deny('a', { namespaces: ['guard-ns'] })]));
      await client.resource(agentPolicyResource).delete({ name: 'changes' });
      await client
        .resource(agentPolicyResource)
        .create(agentPolicy('changes', [deny('a', { namespaces: ['changes-ns'] })]));
      await converged({ guard: 1, changes: 1, goes: 1, [DISCOVERY_POLICY]: 1 });
      operators.splice(operators.indexOf(next), 1);
      await next.stop();
    }
    await annotate(`Killed at ${kills} writes`);
    expect(kills).toBeGreaterThan(5);
    expect(uids).not.toContain('');
    const { items } = await client.resource(events).list({ namespace: 'default' });
    const perObject = Map.groupBy(items, ({ regarding }) => regarding?.uid ?? '');
    // One for accepted, one for refused, and what a killed process had said before it could write it down.
    expect(Math.max(...[...perObject.values()].map((about) => about.length))).toBeLessThanOrEqual(4);
  });

  test('at the installation is followed by one that completes it', { timeout: 120_000 }, async () => {
    for (let at = 0; at < 8; at += 1) {
      namespace = (await client.resource(namespaces).create({ metadata: { generateName: 'crash-' } })).metadata.name;
      const { operator, died } = killedAt(at, when);
      await Promise.race([died, converged({ [DISCOVERY_POLICY]: 1 })]);
      operators.splice(operators.indexOf(operator), 1);
      await operator.kill();
      const next = start();
      await converged({ [DISCOVERY_POLICY]: 1 });
      operators.splice(operators.indexOf(next), 1);
      await next.stop();
      expect(await held()).toEqual({ [DISCOVERY_POLICY]: 1 });
      await client.resource(agentPolicyResource).delete({ name: DISCOVERY_POLICY });
    }
  });
});
