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

const AS_MADE = 'ValidatingAdmissionPolicy/p=p:1 ValidatingAdmissionPolicyBinding/b=b:1';

/** Policies as they were made, with somebody who vouches for them unless told otherwise. */
function setUp(vouched: string | undefined = AS_MADE): Setting {
  const clock = newFakeClock();
  const objects = new Map<string, LiveAdmission>();
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
    objects.set(name, { metadata: { uid: name, generation: 1 }, spec });
  }
  const check = newAdmissionCheck({ shipped, live, clock, settleMs: 3_000, maxStalenessMs: 60_000 });
  check.vouchFor(vouched);
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
  test('that are those which somebody vouches for count at once', () => {
    const { check } = setUp();
    expect(check.state()).toEqual({ type: 'AsShipped' });
    expect([check.fingerprint(), check.settled()]).toEqual([AS_MADE, AS_MADE]);
  });

  test.each([
    ['nothing', ''],
    ['others', 'ValidatingAdmissionPolicy/p=p:3 ValidatingAdmissionPolicyBinding/b=b:1'],
  ])('do not count, however old they are, where somebody vouches for %s', async (_what, vouched) => {
    const { check, clock } = setUp(vouched);
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(3_600_000);
    expect(check.state()).toEqual({ type: 'Settling' });
    check.vouchFor(AS_MADE);
    expect(check.state()).toEqual({ type: 'AsShipped' });
  });

  test('that nobody vouches for have settled when the API server goes by them, and that is told', async () => {
    const { check, clock } = setUp('');
    let told = 0;
    check.onChange(() => (told += 1));
    expect([check.fingerprint(), check.settled()]).toEqual([AS_MADE, undefined]);
    await clock.advance(2_999);
    expect([check.settled(), told]).toEqual([undefined, 0]);
    await clock.advance(1);
    expect([check.settled(), told]).toEqual([AS_MADE, 1]);
  });

  test('are named when one is missing, and count again when somebody vouches for those that are back', async () => {
    const { check, clock, states, put, remove } = setUp();
    expect(check.state()).toEqual({ type: 'AsShipped' });
    remove('p');
    expect(check.state()).toEqual({ type: 'NotAsShipped', missing: ['ValidatingAdmissionPolicy/p'], changed: [] });
    expect([check.fingerprint(), check.settled()]).toEqual([undefined, undefined]);
    put('p', { uid: 'new' });
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(3_000);
    expect(check.state()).toEqual({ type: 'Settling' });
    check.vouchFor(check.settled());
    expect(check.state()).toEqual({ type: 'AsShipped' });
    expect(states.map(({ type }) => type)).toEqual(['NotAsShipped', 'Settling', 'Settling', 'AsShipped']);
  });

  test('that are known to be others by now do not count, whatever is still held, until it shows', async () => {
    const { check, clock, put } = setUp();
    check.refute(AS_MADE);
    expect(check.state()).toEqual({ type: 'Settling' });
    await clock.advance(60_000);
    expect([check.fingerprint(), check.settled()]).toEqual([undefined, undefined]);
    put('b', { generation: 3 });
    await clock.advance(3_000);
    expect(check.settled()).toBe(AS_MADE.replace('b:1', 'b:3'));
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
    const { check, clock } = setUp('');
    check.settled();
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
