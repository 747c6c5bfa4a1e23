import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import '@chaperone/test/stack/provided-context';
import { BUNDLE_HEAD, parseBundleHead, partName } from '@chaperone/crds/bundle/configmaps';
import { canonicalJson } from '@chaperone/crds/bundle/canonical-json';
import { isNotFound } from '@chaperone/crds/client/api-error';
import { newConnection } from '@chaperone/crds/client/connection';
import { configMaps, events, namespaces } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import { readInvalidSamples, readValidSamples } from '@chaperone/crds/samples/read-samples';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { Condition } from '@chaperone/crds/v1alpha1/generated/api';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';
import { DISCOVERY_POLICY, discoveryPolicySpec } from '@chaperone/operator/policy/discovery-policy';
import { agentPolicyResource, maskingRuleResource } from '@chaperone/operator/policy/resources';
import { parseAgentPolicy, parseMaskingRule } from '@chaperone/crds/validation/parse';
import { agentPolicy, compiled, deny, hold, maskingRule, rule } from './builders.ts';
import { installPolicyKinds, startOwnControlPlane, type OwnControlPlane } from './own-control-plane.ts';
import {
  startPolicyOperator,
  storedBundle,
  storedParts,
  type PolicyOperator,
  type PolicyOperatorOptions,
} from './policy-operator.ts';

let controlPlane: OwnControlPlane;
let client: Client;
let namespace: string;
const operators: PolicyOperator[] = [];

beforeAll(async () => {
  controlPlane = await startOwnControlPlane();
  await installPolicyKinds(controlPlane.adminKubeconfig, inject('binDirectory'));
  const kubeConfig = kubeConfigFromFile(controlPlane.adminKubeconfig);
  client = newClient({ connection: newConnection({ kubeConfig, userAgent: 'policy-test' }), fieldManager: 'person' });
}, 120_000);

afterAll(async () => {
  await client.connection.close();
  await controlPlane.stop();
}, 60_000);

beforeEach(async () => {
  namespace = (await client.resource(namespaces).create({ metadata: { generateName: 'policy-' } })).metadata.name;
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

function start(options: Partial<PolicyOperatorOptions> = {}): PolicyOperator {
  const operator = startPolicyOperator({ namespace, kubeconfig: controlPlane.adminKubeconfig, ...options });
  operators.push(operator);
  return operator;
}

/** Starts one for a new installation, and waits until the policy that comes with it is in force. */
async function install(options: Partial<PolicyOperatorOptions> = {}): Promise<PolicyOperator> {
  const operator = start(options);
  await eventually(async () => {
    expect(await generations()).toHaveProperty(DISCOVERY_POLICY);
    expect(condition(await read(DISCOVERY_POLICY), 'Accepted')).toMatchObject({ status: 'True' });
  });
  return operator;
}

/** Ends an operator and starts one that knows nothing. */
async function restart(operator: PolicyOperator): Promise<PolicyOperator> {
  operators.splice(operators.indexOf(operator), 1);
  await operator.stop();
  return start();
}

const eventually = (check: () => Promise<void> | void, timeout = 15_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 50 });

const apply = (policy: AgentPolicy): Promise<Stored<AgentPolicy>> =>
  client
    .resource(agentPolicyResource)
    .apply({ ...policy, metadata: { name: policy.metadata.name ?? '' } }, { force: true });

const read = (name: string): Promise<Stored<AgentPolicy>> => client.resource(agentPolicyResource).get({ name });

function condition({ status }: AgentPolicy | MaskingRule, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** Waits until the policy's present generation is accepted or refused. */
async function judged(name: string, reason: string): Promise<Stored<AgentPolicy>> {
  let policy = await read(name);
  await eventually(async () => {
    policy = await read(name);
    expect(condition(policy, 'Accepted')).toMatchObject({ reason, observedGeneration: policy.metadata.generation });
  });
  return policy;
}

async function generations(): Promise<Record<string, number>> {
  const { policies, maskingRules } = await storedBundle(client, namespace);
  return Object.fromEntries([...policies, ...maskingRules].map(({ name, generation }) => [name, generation]));
}

const broken = [rule('one', { conditions: [{ name: 'c', expression: 'request.nonsense' }] })];

describe('samples', () => {
  test('that are valid become Accepted, in a bundle that holds them', async () => {
    await install();
    const names: string[] = [];
    for (const document of (await readValidSamples()).flatMap(({ documents }) => documents)) {
      const policy = parseAgentPolicy(document);
      const masking = parseMaskingRule(document);
      if (policy.kind === 'parsed') {
        names.push((await client.resource(agentPolicyResource).create(policy.object)).metadata.name);
      } else if (masking.kind === 'parsed') {
        names.push((await client.resource(maskingRuleResource).create(masking.object)).metadata.name);
      }
    }
    expect(names.length).toBeGreaterThan(8);
    await eventually(async () => {
      const objects = [
        ...(await client.resource(agentPolicyResource).list()).items,
        ...(await client.resource(maskingRuleResource).list()).items,
      ];
      expect(objects.filter((object) => condition(object, 'Accepted')?.status !== 'True')).toEqual([]);
      expect(objects.every(({ status }) => /^[0-9a-f]{64}$/.test(status?.revision ?? ''))).toBe(true);
    });
    // An AgentPolicy and a MaskingRule may bear the same name.
    expect(new Set(Object.keys(await generations()))).toEqual(new Set([...names, DISCOVERY_POLICY]));
  });

  test('that only compiling can refuse are refused by condition, with their message', async () => {
    await install();
    const expected = new Map<string, string>();
    for (const sample of (await readInvalidSamples()).filter(({ by }) => by === 'condition')) {
      for (const document of sample.documents) {
        const policy = parseAgentPolicy(document);
        const masking = parseMaskingRule(document);
        if (policy.kind === 'parsed') {
          await client.resource(agentPolicyResource).create({ ...policy.object, metadata: { name: sample.name } });
          expected.set(sample.name, sample.expect);
        } else if (masking.kind === 'parsed') {
          await client.resource(maskingRuleResource).create({ ...masking.object, metadata: { name: sample.name } });
          expected.set(sample.name, sample.expect);
        }
      }
    }
    expect(expected.size).toBeGreaterThan(3);
    await eventually(async () => {
      const objects = [
        ...(await client.resource(agentPolicyResource).list()).items,
        ...(await client.resource(maskingRuleResource).list()).items,
      ].filter(({ metadata }) => expected.has(metadata.name));
      for (const object of objects) {
        const accepted = condition(object, 'Accepted');
        expect(accepted).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
        expect(accepted?.message).toContain(expected.get(object.metadata.name));
        expect(accepted?.message).toContain('Nothing of this is in force');
        expect(object.status?.revision).toBeUndefined();
      }
      expect(objects).toHaveLength(expected.size);
    });
    expect(Object.keys(await generations())).toEqual([DISCOVERY_POLICY]);
  });
});

describe('a policy', () => {
  test('that is changed and breaks keeps its last accepted generation, also after a restart, until it is deleted', async () => {
    let operator = await install();
    await apply(agentPolicy('guard', [deny('one')]));
    const first = await judged('guard', 'Compiled');
    await apply(agentPolicy('guard', broken));
    const refused = await judged('guard', 'InvalidSpec');
    const message = condition(refused, 'Accepted')?.message ?? '';
    expect(message).toContain('Generation 1 stays in force');
    expect(message).toContain('spec.rules[0].conditions[0].expression');
    expect(refused.status?.observedGeneration).toBe(2);
    expect(refused.status?.revision).toBeUndefined();
    expect(await generations()).toMatchObject({ guard: 1 });
    const { revision } = await storedBundle(client, namespace);

    operator = await restart(operator);
    await eventually(() => expect(operator.policies.published.current()?.revision).toBe(revision));
    // Another policy makes the next bundle: only what was read back can hold the old generation.
    await apply(agentPolicy('other', [rule('two')]));
    await judged('other', 'Compiled');
    const bundle = await storedBundle(client, namespace);
    expect(bundle.policies.find(({ name }) => name === 'guard')).toMatchObject({
      generation: 1,
      uid: first.metadata.uid,
      spec: { rules: [{ name: 'one', action: 'Deny' }] },
    });

    await client.resource(agentPolicyResource).delete({ name: 'guard' });
    await eventually(async () => expect(await generations()).not.toHaveProperty('guard'));
  });

  test('of the name of one that was deleted inherits nothing from it', async () => {
    let operator = await install();
    await apply(agentPolicy('guard', [deny('one')]));
    await judged('guard', 'Compiled');
    operators.splice(operators.indexOf(operator), 1);
    await operator.stop();
    await client.resource(agentPolicyResource).delete({ name: 'guard' });
    await apply(agentPolicy('guard', broken));
    operator = start();
    const refused = await judged('guard', 'InvalidSpec');
    expect(condition(refused, 'Accepted')?.message).toContain('Nothing of this is in force');
    expect(condition(refused, 'Conflicting')).toMatchObject({ status: 'Unknown', reason: 'Pending' });
    expect(await generations()).not.toHaveProperty('guard');
  });

  test('has the revision that first held its generation, which changes of others leave alone', async () => {
    const operator = await install();
    await apply(agentPolicy('one', [rule('a')]));
    const { status } = await judged('one', 'Compiled');
    await apply(
      agentPolicy('two', [rule('b', { namespaces: ['elsewhere'] })], { subjects: [{ kind: 'User', name: 'x' }] }),
    );
    const second = await judged('two', 'Compiled');
    expect(second.status?.revision).not.toBe(status?.revision);
    const before = operator.writes.filter((write) => write.endsWith('agentpolicies/one/status')).length;
    await apply(
      agentPolicy('two', [rule('c', { namespaces: ['elsewhere'] })], { subjects: [{ kind: 'User', name: 'x' }] }),
    );
    const third = await judged('two', 'Compiled');
    expect(third.status?.revision).not.toBe(second.status?.revision);
    expect((await read('one')).status).toEqual(status);
    expect(operator.writes.filter((write) => write.endsWith('agentpolicies/one/status'))).toHaveLength(before);
    const again = await restart(operator);
    await eventually(() => expect(again.policies.published.current()?.revision).toBe(third.status?.revision));
    await new Promise((done) => setTimeout(done, 500));
    expect((await read('one')).status).toEqual(status);
    expect(again.writes).toEqual([]);
  });

  test('says what is shadowed, contradicted and evadable, and no more once that is put right', async () => {
    await install();
    await apply(agentPolicy('guards', [hold('no-updates', { verbs: ['update'] })]));
    await apply(agentPolicy('ways', [rule('patches', { verbs: ['patch'] })]));
    await eventually(async () => {
      expect(condition(await read('guards'), 'Conflicting')).toMatchObject({
        status: 'True',
        reason: 'Evadable',
        message:
          'rule no-updates of policy guards is evadable by rule patches of policy ways, which allows patch of pods',
      });
      expect(condition(await read('ways'), 'Conflicting')).toMatchObject({ status: 'False', reason: 'NoConflicts' });
    });
    await client.resource(agentPolicyResource).delete({ name: 'ways' });
    await eventually(async () => {
      expect(condition(await read('guards'), 'Conflicting')).toMatchObject({ status: 'False', reason: 'NoConflicts' });
    });
  });

  test('is told of by events, one a transition, and Enforced of another manager is left alone', async () => {
    const operator = await install();
    await apply(agentPolicy('told', [rule('a')]));
    const accepted = await judged('told', 'Compiled');
    await client.resource(agentPolicyResource).apply(
      {
        metadata: { name: 'told' },
        status: {
          conditions: [
            {
              type: 'Enforced',
              status: 'False',
              reason: 'NoReplicas',
              message: 'No replica holds a Lease',
              observedGeneration: 1,
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      },
      { subresource: 'status', fieldManager: 'chaperone-operator-gateway', force: true },
    );
    await apply(agentPolicy('told', broken));
    const refused = await judged('told', 'InvalidSpec');
    expect(condition(refused, 'Enforced')?.reason).toBe('NoReplicas');
    expect(condition(refused, 'Accepted')?.lastTransitionTime).toBeDefined();
    await eventually(async () => {
      const { items } = await client.resource(events).list({ namespace: 'default' });
      const about = items.filter(({ regarding }) => regarding?.uid === accepted.metadata.uid);
      expect(about.map(({ reason, type }) => `${type ?? ''} ${reason ?? ''}`).toSorted()).toEqual([
        'Normal Compiled',
        'Warning InvalidSpec',
      ]);
    });
    expect(operator.log.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('whose status is edited by hand has it put right', async () => {
    await install();
    await apply(agentPolicy('edited', [rule('a')]));
    const { status } = await judged('edited', 'Compiled');
    await client
      .resource(agentPolicyResource)
      .mergePatch(
        { name: 'edited' },
        { status: { revision: '0'.repeat(64), observedGeneration: 7 } },
        { subresource: 'status' },
      );
    await eventually(async () => expect((await read('edited')).status).toEqual(status));
  });

  test('that makes the whole too large is refused, keeps its old generation, and enters when there is room', async () => {
    const uid = crypto.randomUUID();
    const large = (reason: string): AgentPolicy => agentPolicy('large', [rule('a', { reason })]);
    const sizes = [
      { name: DISCOVERY_POLICY, uid, generation: 1, spec: discoveryPolicySpec },
      { ...compiled('small', [rule('a')]), uid },
      { name: 'large', uid, generation: 2, spec: large('x'.repeat(500)).spec },
    ].map((entry) => canonicalJson(entry).length);
    const maxBundleBytes = sizes.reduce((sum, size) => sum + size, -1);
    await install({ settings: { maxBundleBytes } });
    await apply(agentPolicy('small', [rule('a')]));
    await judged('small', 'Compiled');
    await apply(large('x'));
    await judged('large', 'Compiled');
    await apply(large('x'.repeat(500)));
    const refused = await judged('large', 'BundleTooLarge');
    expect(condition(refused, 'Accepted')?.message).toMatch(/^Generation 1 stays in force: its \d+ bytes would make/);
    expect(await generations()).toMatchObject({ small: 1, large: 1 });
    await client.resource(agentPolicyResource).delete({ name: DISCOVERY_POLICY });
    await judged('large', 'Compiled');
    expect(await generations()).toEqual({ small: 1, large: 2 });
  });
});

test('masking rules are published and told, without a condition that is not theirs', async () => {
  await install();
  await client.resource(maskingRuleResource).create(maskingRule('rule'));
  await client.resource(maskingRuleResource).create(maskingRule('bad', { patterns: [{ name: 'p', regex: '(?=x)' }] }));
  await eventually(async () => {
    const good = await client.resource(maskingRuleResource).get({ name: 'rule' });
    expect(good.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([['Accepted', 'Compiled']]);
    const bad = await client.resource(maskingRuleResource).get({ name: 'bad' });
    expect(condition(bad, 'Accepted')?.message).toContain('spec.patterns[0].regex');
  });
  expect(await generations()).toEqual({ rule: 1, [DISCOVERY_POLICY]: 1 });
});

describe('the policy of the installation', () => {
  test('is applied once: removed, it stays removed, also after a restart', async () => {
    const operator = await install();
    await judged(DISCOVERY_POLICY, 'Compiled');
    await client.resource(agentPolicyResource).delete({ name: DISCOVERY_POLICY });
    await eventually(async () => expect(await generations()).toEqual({}));
    const again = await restart(operator);
    await eventually(() => expect(again.policies.published.current()).toBeDefined());
    await new Promise((done) => setTimeout(done, 500));
    await expect(read(DISCOVERY_POLICY)).rejects.toSatisfy(isNotFound);
  });

  test('is left as it is where there is one of that name', async () => {
    await apply(agentPolicy(DISCOVERY_POLICY, [rule('mine')]));
    start();
    const policy = await judged(DISCOVERY_POLICY, 'Compiled');
    expect(policy.spec.rules.map(({ name }) => name)).toEqual(['mine']);
  });
});

describe('what is stored', () => {
  const head = (): { name: string; namespace: string } => ({ name: BUNDLE_HEAD, namespace });

  test('is repaired where somebody edits the head, deletes it, or deletes a part', async () => {
    const operator = await install();
    await apply(agentPolicy('one', [rule('a')]));
    await judged('one', 'Compiled');
    const bundle = await storedBundle(client, namespace);
    const api = client.resource(configMaps);
    const isRepaired = (): Promise<void> =>
      eventually(async () => {
        expect(await storedBundle(client, namespace)).toEqual(bundle);
      });

    await api.mergePatch(head(), { data: { revision: 'f'.repeat(64) } });
    await isRepaired();
    await api.mergePatch(head(), { data: { format: '99' } });
    await isRepaired();
    await api.delete(head());
    await isRepaired();
    for (const { metadata } of await storedParts(client, namespace)) {
      await api.delete(metadata);
    }
    await isRepaired();
    expect(operator.policies.published.current()?.revision).toBe(bundle.revision);
  });

  test('is replaced where a part has other content under its name', async () => {
    let operator = await install();
    await apply(agentPolicy('one', [rule('a')]));
    await judged('one', 'Compiled');
    const bundle = await storedBundle(client, namespace);
    operators.splice(operators.indexOf(operator), 1);
    await operator.stop();
    const api = client.resource(configMaps);
    const [hash = ''] = parseBundleHead((await api.get(head())).data).parts;
    const name = partName(hash);
    const part = await api.get({ name, namespace });
    await api.delete({ name, namespace });
    await api.create({
      metadata: { name, namespace, labels: part.metadata.labels ?? {} },
      binaryData: { part: Buffer.from('other').toString('base64') },
    });
    await expect(storedBundle(client, namespace)).rejects.toMatchObject({ code: 'WrongHash' });
    operator = start();
    await eventually(async () => expect(await storedBundle(client, namespace)).toEqual(bundle));
    expect(operator.log.lines().map(({ message }) => message)).toContain(
      'Part of the bundle was altered and is replaced',
    );
  });

  test('loses parts that no head names after their grace, and never those of the head before', async () => {
    await install({ settings: { partGraceMs: 300 } });
    const revisions: string[][] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      await apply(agentPolicy(name, [rule('a')]));
      await judged(name, 'Compiled');
      const data = (await client.resource(configMaps).get(head())).data ?? {};
      const parts: unknown = JSON.parse(data['parts'] ?? '[]');
      revisions.push(Array.isArray(parts) ? parts.map((hash) => partName(String(hash))) : []);
    }
    await eventually(async () => {
      const names = (await storedParts(client, namespace)).map(({ metadata }) => metadata.name);
      expect(names.toSorted()).toEqual(revisions.slice(-2).flat().toSorted());
    });
  });

  test('by another operator is read before it is written over, and nothing older than it comes back', async () => {
    const one = await install();
    await apply(agentPolicy('first', [rule('a')]));
    await judged('first', 'Compiled');
    // Both think that they lead, as they may for a moment when the lead changes.
    const other = start();
    await eventually(() => expect(other.policies.published.current()).toBeDefined());
    for (let turn = 0; turn < 5; turn += 1) {
      await apply(agentPolicy(`turn-${turn}`, [rule('a')]));
    }
    await eventually(async () => {
      const expected = {
        first: 1,
        [DISCOVERY_POLICY]: 1,
        ...Object.fromEntries([0, 1, 2, 3, 4].map((turn) => [`turn-${turn}`, 1])),
      };
      expect(await generations()).toEqual(expected);
      const { revision } = await storedBundle(client, namespace);
      expect(one.policies.published.current()?.revision).toBe(revision);
      expect(other.policies.published.current()?.revision).toBe(revision);
    });
    // They agree, so neither writes any more.
    const before = (await client.resource(configMaps).get(head())).metadata.resourceVersion;
    await new Promise((done) => setTimeout(done, 2_500));
    expect((await client.resource(configMaps).get(head())).metadata.resourceVersion).toBe(before);
  });
});
