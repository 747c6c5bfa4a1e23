import { describe, expect, test } from 'vitest';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import { newAdmissionCheck, type AdmissionCheck } from '../admission/check.ts';
import type { ShippedAdmission } from '../admission/shipped.ts';
import { newContinuity, type Continuity } from './continuity.ts';
import type { RequestMemory } from './memory.ts';
import type { AdmissionRecord } from './record.ts';

const shipped: readonly ShippedAdmission[] = [
  { kind: 'ValidatingAdmissionPolicyBinding', name: 'b', spec: { validationActions: ['Deny'] } },
];
const fingerprintOf = (generation: number): string => `ValidatingAdmissionPolicyBinding/b=uid:${generation}`;
const counted: RequestMemory = {
  decisions: new Map([['dana', { time: '2026-01-01T00:00:00Z', digest: 'd', standing: 'Counted' }]]),
  phase: 'Open',
};

interface Setting {
  readonly clock: FakeClock;
  readonly check: AdmissionCheck;
  readonly continuity: Continuity;
  readonly reconcile: () => Promise<unknown>;
  /** What was done, in order. */
  readonly steps: string[];
  /** The generation of the binding: as the informer holds it, and as it is. */
  held: number;
  real: number;
  record: AdmissionRecord | undefined;
  memories: ReadonlyMap<string, RequestMemory>;
  versions: object[];
  /** Runs while the requests are gone through. */
  meanwhile: () => void;
  readonly changed: () => void;
}

function setUp(left: AdmissionRecord | undefined): Setting {
  const clock = newFakeClock();
  const steps: string[] = [];
  let onChange = (): void => undefined;
  const state = {
    held: 1,
    real: 1,
    record: left,
    memories: new Map<string, RequestMemory>(),
    versions: [] as object[],
    meanwhile: (): void => undefined,
  };
  const check = newAdmissionCheck({
    shipped,
    clock,
    live: {
      find: () => ({ metadata: { uid: 'uid', generation: state.held }, spec: shipped[0]?.spec }),
      hasSynced: () => true,
      stalenessMs: () => 0,
      onChange: (handler) => {
        onChange = handler;
      },
    },
  });
  const continuity = newContinuity({
    check,
    store: {
      read: async () => state.record,
      write: async (record) => {
        steps.push(`writes ${record.fingerprint} with ${[...record.counted.keys()].join()}`);
        state.record = record;
        return true;
      },
    },
    readAdmission: async () => {
      steps.push('reads the policies');
      return { fingerprint: fingerprintOf(state.real) };
    },
    goThrough: async () => {
      steps.push(`goes through, ${check.state().type}`);
      state.meanwhile();
    },
    memories: (before) => new Map([...before, ...state.memories]),
    held: () => state.versions,
  });
  const logger = newLogger({ level: 'error', stream: newLogLines().stream });
  const { signal } = new AbortController();
  return Object.assign(state, {
    clock,
    check,
    continuity,
    steps,
    reconcile: () => continuity.reconcile({ name: 'admission' }, { signal, logger }),
    changed: () => onChange(),
  });
}

const recordOf = (generation: number): AdmissionRecord => ({
  fingerprint: fingerprintOf(generation),
  counted: new Map([['uid-1', counted]]),
});

describe('where the policies are those under which an earlier operator counted', () => {
  test('decisions count at once, and what is on record in requests is believed', async () => {
    const setting = setUp(recordOf(1));
    await setting.reconcile();
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
    expect([setting.continuity.recall('uid-1'), setting.continuity.recall('uid-2')]).toEqual([undefined, undefined]);
    expect(setting.steps).toEqual([`writes ${fingerprintOf(1)} with uid-1`]);
  });
});

describe('where they are not, or nobody left a word', () => {
  test.each([
    ['others', recordOf(3)],
    ['unknown', undefined],
  ])('%s: all requests are gone through before decisions count', async (_what, left) => {
    const setting = setUp(left);
    await setting.reconcile();
    expect(setting.check.state()).toEqual({ type: 'Settling' });
    expect(setting.steps).toEqual([]);
    await setting.clock.advance(3_000);
    await setting.reconcile();
    expect(setting.steps).toEqual([
      'goes through, Settling',
      'reads the policies',
      `writes ${fingerprintOf(1)} with ${left === undefined ? '' : 'uid-1'}`,
    ]);
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
  });

  test('what is on record in a request proves nothing, and what was left of it does', async () => {
    const setting = setUp(recordOf(3));
    await setting.reconcile();
    expect(setting.continuity.recall('uid-1')).toBe(counted);
    expect(setting.continuity.recall('uid-2')).toEqual({ decisions: new Map(), phase: 'Open' });
  });

  test('it begins again where they are changed once more while requests are gone through', async () => {
    const setting = setUp(recordOf(3));
    await setting.reconcile();
    await setting.clock.advance(3_000);
    setting.meanwhile = () => {
      setting.real = 5;
    };
    await setting.reconcile();
    expect(setting.check.state()).toEqual({ type: 'Settling' });
    expect(setting.steps.some((step) => step.startsWith('writes'))).toBe(false);
    setting.meanwhile = () => undefined;
    setting.held = 5;
    setting.changed();
    await setting.clock.advance(3_000);
    await setting.reconcile();
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
    expect(setting.record?.fingerprint).toBe(fingerprintOf(5));
  });
});

describe('before a decision counts', () => {
  test('the policies are read once for all that is there', async () => {
    const setting = setUp(recordOf(1));
    await setting.reconcile();
    setting.steps.length = 0;
    const [one, two, three] = [{}, {}, {}];
    setting.versions = [one, two];
    await Promise.all([setting.continuity.confirm(one), setting.continuity.confirm(two)]);
    await setting.continuity.confirm(one);
    expect(setting.steps).toEqual(['reads the policies']);
    setting.versions = [one, three];
    await setting.continuity.confirm(three);
    expect(setting.steps).toHaveLength(2);
    expect(setting.check.state()).toEqual({ type: 'AsShipped' });
  });

  test('a read that began before the version came is not enough', async () => {
    const setting = setUp(recordOf(1));
    await setting.reconcile();
    setting.steps.length = 0;
    const [one, two] = [{}, {}];
    setting.versions = [one];
    const first = setting.continuity.confirm(one);
    await Promise.resolve();
    expect(setting.steps).toEqual(['reads the policies']);
    setting.versions = [one, two];
    await Promise.all([first, setting.continuity.confirm(two)]);
    expect(setting.steps).toEqual(['reads the policies', 'reads the policies']);
  });

  test('a change that the informers have not told of yet keeps it from counting', async () => {
    const setting = setUp(recordOf(1));
    await setting.reconcile();
    setting.real = 3;
    const version = {};
    setting.versions = [version];
    await setting.continuity.confirm(version);
    expect(setting.check.state()).toEqual({ type: 'Settling' });
    expect(setting.continuity.recall('uid-2')).toEqual({ decisions: new Map(), phase: 'Open' });
    // Nor does the record, which still names what the informers hold, bring it back.
    await setting.reconcile();
    expect(setting.check.state()).toEqual({ type: 'Settling' });
  });
});

test('reconciles wait until it is known what was left, as long as they may', async () => {
  const { continuity, reconcile } = setUp(recordOf(1));
  const aborted = new AbortController();
  const waiting = continuity.ready(aborted.signal);
  aborted.abort(new Error('in time'));
  await expect(waiting).rejects.toThrow('in time');
  const ready = continuity.ready(new AbortController().signal);
  await reconcile();
  await expect(ready).resolves.toBeUndefined();
});
