import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, hold, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
let maps: string;

const configMaps: Partial<PolicyRule> = { verbs: ['*'], resources: ['configmaps'] };

beforeAll(async () => {
  scene = await newScene('precedence');
  maps = `/api/v1/namespaces/${scene.namespace}/configmaps`;
  const named = (name: string): { resourceNames: string[] } => ({ resourceNames: [name] });
  await scene.enforce('a-allows', [
    rule('all', { ...configMaps, resourceNames: ['allowed', 'held', 'denied', 'denied-and-held'] }),
    rule('listing', { verbs: ['list'], resources: ['configmaps'], namespaces: [scene.namespace] }),
  ]);
  await scene.enforce('b-holds', [
    hold('one', { ...configMaps, ...named('held'), reason: 'Held for the test' }),
    hold('alone', { ...configMaps, ...named('only-held') }),
    hold('both', { ...configMaps, ...named('denied-and-held') }),
  ]);
  await scene.enforce('c-denies', [
    deny('one', { ...configMaps, ...named('denied'), reason: 'Not this one' }),
    deny('two', { ...configMaps, ...named('denied-and-held') }),
  ]);
});

afterAll(() => scene.end());

describe('over all matching rules of all policies', () => {
  test('nothing matches: the call is refused, and the API server never asked', async () => {
    const answer = await scene.call({ path: `/api/v1/namespaces/${scene.namespace}/pods` });
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toContain('no AgentPolicy allows it');
    expect(await scene.reached(answer)).toEqual([]);
  });

  test('Allow alone: the call is made', async () => {
    const answer = await scene.call({ path: `${maps}/allowed` });
    expect(answer.status).toBe(404);
    expect(await scene.reached(answer)).toEqual([`get ${maps}/allowed`]);
  });

  test.each(['held', 'only-held'])(
    'RequireApproval, with and without an Allow beside it: neither made nor refused for good (%s)',
    async (name) => {
      const answer = await scene.call({ path: `${maps}/${name}` });
      expect(answer.status).toBe(403);
      expect(messageOf(answer)).toContain('requires an approval');
      expect(messageOf(answer)).toContain(
        name === 'held'
          ? `rule "one" of AgentPolicy "${scene.group}-b-holds" (Held for the test)`
          : `rule "alone" of AgentPolicy "${scene.group}-b-holds"`,
      );
      expect(await scene.reached(answer)).toEqual([]);
    },
  );

  test('Deny beats Allow, and the winner is named', async () => {
    const answer = await scene.call({ path: `${maps}/denied` });
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toContain(`rule "one" of AgentPolicy "${scene.group}-c-denies" (Not this one) denies it`);
    expect(await scene.reached(answer)).toEqual([]);
  });

  test('Deny beats RequireApproval', async () => {
    const answer = await scene.call({ path: `${maps}/denied-and-held` });
    expect(messageOf(answer)).toContain(`rule "two" of AgentPolicy "${scene.group}-c-denies" denies it`);
    expect(await scene.reached(answer)).toEqual([]);
  });

  test('the names that a list returns are not known: a Deny of one name matches, and its answer says why', async () => {
    const answer = await scene.call({ path: maps });
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toContain('denies it, as this cannot be known of the call: name');
    expect(await scene.reached(answer)).toEqual([]);
  });
});

test('a policy in DryRun changes no call, in either direction', async () => {
  await scene.enforce(
    'dry',
    [
      deny('would-deny', { ...configMaps, resourceNames: ['allowed'] }),
      rule('would-allow', { verbs: ['get'], resources: ['pods'] }),
    ],
    { mode: 'DryRun' },
  );
  const allowed = await scene.call({ path: `${maps}/allowed` });
  expect(allowed.status).toBe(404);
  expect(await scene.reached(allowed)).toEqual([`get ${maps}/allowed`]);
  const refused = await scene.call({ path: `/api/v1/namespaces/${scene.namespace}/pods/p` });
  expect(refused.status).toBe(403);
  expect(await scene.reached(refused)).toEqual([]);
});

test('past expiresAt a policy says nothing', async () => {
  const expires = Date.now() + 12_000;
  await scene.enforce('expiring', [deny('until-then', { ...configMaps, resourceNames: ['allowed'] })], {
    expiresAt: new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z'),
  });
  const before = await scene.call({ path: `${maps}/allowed` });
  expect(Date.now()).toBeLessThan(expires - 1_000);
  expect(messageOf(before)).toContain('"until-then"');
  await expect
    .poll(async () => (await scene.call({ path: `${maps}/allowed` })).status, { timeout: 20_000, interval: 250 })
    .toBe(404);
  expect(Date.now()).toBeGreaterThanOrEqual(expires - 1_000);
});

test('matchConditions hold for a policy as a whole, and see what the token says', async () => {
  await scene.enforce('runs', [rule('secrets', { verbs: ['get'], resources: ['secrets'] })], {
    matchConditions: [
      { name: 'run', expression: "'chaperone.dev/run' in user.extra && 'run-7' in user.extra['chaperone.dev/run']" },
    ],
  });
  const path = `/api/v1/namespaces/${scene.namespace}/secrets/none`;
  const user = { user: 'precedence@semantics.example', groups: ['agents', scene.group] };
  const inRun = await scene.client.token({ ...user, claims: [['run', 'run-7']] });
  const inAnother = await scene.client.token({ ...user, claims: [['run', 'run-8']] });
  expect((await scene.call({ path, token: inRun })).status).toBe(404);
  expect((await scene.call({ path, token: inAnother })).status).toBe(403);
  expect((await scene.call({ path })).status).toBe(403);
});

describe('auditLevel None', () => {
  const accepted = async (given: PolicyRule): Promise<string> => {
    const metadata = { name: `${scene.group}-silent` };
    const spec = { mode: 'Enforce', subjects: [{ kind: 'Group', name: scene.group }], rules: [given] };
    const policy = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'AgentPolicy', metadata, spec };
    const applied = await scene.client.kubectl(['create', '--filename=-'], policy);
    if (applied.code !== 0) return applied.stderr;
    const waited = await scene.client.kubectl([
      'wait',
      `agentpolicy/${metadata.name}`,
      '--for=condition=Accepted',
      '--timeout=10s',
    ]);
    await scene.client.kubectl(['delete', 'agentpolicy', metadata.name]);
    return waited.stdout;
  };
  const silent: Partial<PolicyRule> = {
    auditLevel: 'None',
    resources: ['leases'],
    apiGroups: ['coordination.k8s.io'],
  };

  test('is accepted on an Allow rule whose verbs are get, list, watch', async () => {
    const told = await accepted(rule('reads', { ...silent, verbs: ['get', 'list', 'watch'] }));
    expect(told).toContain('condition met');
  });

  test.each([
    ['an Allow of a write', rule('writes', { ...silent, verbs: ['get', 'update'] })],
    ['an Allow of every verb', rule('all', { ...silent, verbs: ['*'] })],
    ['a Deny', deny('no', { ...silent, verbs: ['get'] })],
    ['a RequireApproval', hold('ask', { ...silent, verbs: ['get'] })],
  ])('is refused on %s', async (_, given) => {
    expect(await accepted(given)).toContain('auditLevel None');
  });
});

test.each([
  ['a held delete', 'pods/eviction', hold('guard', { verbs: ['delete'], resources: ['pods'] }), ['create' as const]],
  ['a held update', 'secrets', hold('guard', { verbs: ['update'], resources: ['secrets'] }), ['patch' as const]],
])('%s beside an Allow of the same effect is warned of: by %s', async (_, resource, guard, verbs) => {
  const name = `guarded-${resource.replace('/', '-')}`;
  await scene.enforce(name, [guard, rule('way', { verbs, resources: [resource] })]);
  const conflicting = async (): Promise<string> =>
    (
      await scene.client.kubectl([
        'get',
        'agentpolicy',
        `${scene.group}-${name}`,
        '--output=jsonpath={.status.conditions[?(@.type=="Conflicting")]}',
      ])
    ).stdout;
  await expect.poll(conflicting).toContain(`is evadable by rule way`);
  expect(await conflicting()).toContain(`${verbs[0]} of ${resource}`);
});
