import { describe, expect, test } from 'vitest';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { describeAdmission, type AdmissionState } from './admission-state.ts';
import { newAdmissionCheck, type AdmissionCheck, type LiveAdmissions } from './check.ts';
import type { LiveAdmission } from './compare.ts';
import type { ShippedAdmission } from './shipped.ts';

const shipped: readonly ShippedAdmission[] = [
  { kind: 'ValidatingAdmissionPolicy', name: 'p', spec: { failurePolicy: 'Fail', validations: [{ expression: 'a' }] } },
  { kind: 'ValidatingAdmissionPolicyBinding', name: 'b', spec: { policyName: 'p', validationActions: ['Deny'] } },
];

type Live = LiveAdmission & { readonly createdAt: number };

interface Setting {
  readonly clock: FakeClock;
  readonly check: AdmissionCheck;
  readonly states: AdmissionState[];
  readonly put: (
    name: string,
    change: { readonly spec?: unknown; readonly generation?: number; readonly uid?: string },
  ) => void;
  readonly remove: (name: string) => void;
  staleness: number | undefined;
  synced: boolean;
}

/** Policies that are an hour old unless told otherwise. */
function setUp(ageMs = 3_600_000): Setting {
  const clock = newFakeClock();
  const objects = new Map<string, Live>();
  let changed = (): void => undefined;
  const setting: { staleness: number | undefined; synced: boolean } = { staleness: 0, synced: true };
  const live: LiveAdmissions = {
    find: ({ name }) => objects.get(name),
    hasSynced: () => setting.synced,
    stalenessMs: () => setting.staleness,
    onChange: (handler) => {
      changed = handler;
    },
  };
  for (const { name, spec } of shipped) {
    objects.set(name, { metadata: { uid: name, generation: 1 }, spec, createdAt: clock.now() - ageMs });
  }
  const check = newAdmissionCheck({ shipped, live, clock, settleMs: 3_000, maxStalenessMs: 60_000 });
  const states: AdmissionState[] = [];
  check.onChange((state) => states.push(state));
  return Object.assign(setting, {
    clock,
    check,
    states,
    put(name: string, { spec, generation, uid }: Parameters<Setting['put']>[1]) {
      const before = objects.get(name);
      objects.set(name, {
        metadata: { uid: uid ?? before?.metadata.uid ?? name, generation: generation ?? 1 },
        spec: spec ?? shipped.find((one) => one.name === name)?.spec,
        createdAt: clock.now(),
      });
      changed();
    },
    remove(name: string) {
      objects.delete(name);
      changed();
    },
  });
}

describe('the admission policies', () => {
  test('that have been in place when the operator starts count at once', () => {
    expect(setUp().check.state()).toEqual({ type: 'AsShipped' });
  });

  test('that were made just before the operator started count when the API server goes by them', async () => {
    const { check, clock, states } = setUp(1_000);
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(1_999);
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(1);
    expect(check.state()).toEqual({ type: 'AsShipped' });
    expect(states).toEqual([{ type: 'AsShipped' }]);
  });

  test('are named when one is missing, and count again some time after it is back', async () => {
    const { check, clock, states, put, remove } = setUp();
    expect(check.state()).toEqual({ type: 'AsShipped' });
    remove('p');
    expect(check.state()).toEqual({ type: 'NotAsShipped', missing: ['ValidatingAdmissionPolicy/p'], changed: [] });
    put('p', { uid: 'new' });
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(3_000);
    expect(check.state()).toEqual({ type: 'AsShipped' });
    expect(states.map(({ type }) => type)).toEqual(['NotAsShipped', 'Settling', 'AsShipped']);
  });

  test.each([
    ['another validation', 'p', { failurePolicy: 'Fail', validations: [{ expression: 'true' }] }],
    ['a match condition', 'p', { ...shipped[0]?.spec, matchConditions: [{ name: 'x', expression: 'false' }] }],
    ['a failure policy that lets pass', 'p', { ...shipped[0]?.spec, failurePolicy: 'Ignore' }],
    ['a binding that only warns', 'b', { policyName: 'p', validationActions: ['Warn'] }],
    ['a binding for some namespaces', 'b', { ...shipped[1]?.spec, matchResources: { namespaceSelector: {} } }],
    ['an empty spec', 'b', {}],
  ])('do not count with %s', (_what, name, spec) => {
    const { check, put } = setUp();
    put(name, { spec, generation: 2 });
    expect(check.state()).toMatchObject({ type: 'NotAsShipped', missing: [], changed: [expect.stringMatching(name)] });
  });

  test('that were changed and changed back between two looks show it by their generation', () => {
    const { check, put } = setUp();
    expect(check.state()).toEqual({ type: 'AsShipped' });
    put('b', { generation: 3 });
    expect(check.state()).toEqual({ type: 'Settling' });
  });

  test('that are written without a change of spec go on counting', () => {
    const { check, put } = setUp();
    expect(check.state()).toEqual({ type: 'AsShipped' });
    put('b', { generation: 1 });
    expect(check.state()).toEqual({ type: 'AsShipped' });
  });

  test('are unknown before the first list and when nothing is heard any more, and untouched if the generation is', () => {
    const setting = setUp();
    setting.synced = false;
    expect(setting.check.state()).toEqual({ type: 'Unreadable' });
    setting.synced = true;
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
    for (const staleness of [undefined, 60_001]) {
      setting.staleness = staleness;
      expect(setting.check.state()).toEqual({ type: 'Unreadable' });
    }
    setting.staleness = 100;
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
  });

  test('leave no timer behind when the check is stopped', () => {
    const { check, clock } = setUp(0);
    check.state();
    expect(clock.pendingTimers()).toBe(1);
    check.stop();
    expect(clock.pendingTimers()).toBe(0);
  });
});

test('a state is told in words', () => {
  expect(describeAdmission({ type: 'NotAsShipped', missing: ['A/a', 'B/b'], changed: ['C/c'] })).toBe(
    'missing: A/a, B/b; not as shipped: C/c',
  );
});
