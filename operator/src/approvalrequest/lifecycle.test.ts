import { describe, expect, test } from 'vitest';
import type {
  Decision,
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  ApprovalRequirement,
  ObservedDecision,
} from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import { findCondition } from '../runtime/conditions.ts';
import { lifecycle, REPLICA_CHECK_MS, type Lifecycle } from './lifecycle.ts';
import { digestOf, type RequestMemory } from './memory.ts';
import type { LifecycleInput } from './situation.ts';

const START = Date.UTC(2026, 0, 1);
const EXPIRES = START + 1_800_000;
const HOUR = 3_600_000;

const requirement = (rule: string, groups: string[], required = 1): ApprovalRequirement => ({
  policy: 'payments',
  rule,
  revision: 'a'.repeat(64),
  reviewers: groups.map((name) => ({ kind: 'Group', name })),
  required,
});

const specOf = (...requirements: ApprovalRequirement[]): ApprovalRequestSpec => ({
  requester: { username: 'agent@example.com', owner: 'sam@example.com' },
  request: { verb: 'delete', path: '/api/v1/namespaces/payments/pods/web-0' },
  digest: 'b'.repeat(64),
  requirements,
  expiresAt: new Date(EXPIRES).toISOString(),
  auditID: 'audit-1',
});

const one = specOf(requirement('deletes', ['oncall']));
const two = specOf(requirement('deletes', ['oncall'], 2));
const both = specOf(requirement('deletes', ['oncall']), requirement('owned', ['owners']));

const inputOf = (change: Partial<LifecycleInput> = {}): LifecycleInput => ({
  spec: one,
  status: undefined,
  generation: 1,
  memory: undefined,
  now: START + 1_000,
  admission: { type: 'AsShipped' },
  replicaAlive: true,
  retentionMs: HOUR,
  ...change,
});

const counted = (atMs = START): ObservedDecision => ({ time: new Date(atMs).toISOString(), standing: 'Counted' });
/** What was seen of decisions before, each with what it said then. */
const seen = (decisions: Record<string, [Decision, ObservedDecision]>, phase: RequestMemory['phase'] = 'Open') => ({
  decisions: new Map(
    Object.entries(decisions).map(([who, [decision, sight]]) => [who, { ...sight, digest: digestOf(decision) }]),
  ),
  phase,
});
const approve = { verdict: 'Approved' } as const;
const deny = { verdict: 'Denied', reason: 'not\nnow' } as const;
const consumed = { auditID: 'audit-2', replica: 'proxy-0', time: '2026-01-01T00:05:00Z' };
const outcome = (code: number): { code: number; time: string } => ({ code, time: '2026-01-01T00:05:01Z' });
const voided = { reason: 'TargetChanged', replica: 'proxy-0', time: '2026-01-01T00:05:00Z' } as const;
const missing: AdmissionState = {
  type: 'NotAsShipped',
  missing: ['ValidatingAdmissionPolicy/chaperone-approvalrequests'],
  changed: [],
};

/** `Executed=False/NotExecuted ...`, in order. */
const inWords = (state: Pick<Lifecycle, 'conditions'>): string =>
  state.conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(' ');

/** The state in the way that kubectl prints it, and whether it is approved. */
const verdict = (state: Pick<Lifecycle, 'conditions'>): string => {
  const first = state.conditions.find(({ status }) => status !== 'False');
  const approved = findCondition(state.conditions, 'Approved');
  return `${first?.reason ?? 'none'}, Approved ${approved?.status} ${approved?.reason}`;
};

/** What is on record after a step, for the next. */
const after = (status: ApprovalRequestStatus | undefined, state: Lifecycle): ApprovalRequestStatus => ({
  ...status,
  conditions: [...state.conditions],
  observedDecisions: Object.fromEntries(state.observed),
});

test('a new request waits, says for whom, and wakes at its expiry', () => {
  const state = lifecycle(inputOf());
  expect(inWords(state)).toBe(
    'Executed=False/NotExecuted Voided=False/NotVoided Expired=False/NotExpired Denied=False/NotDenied Approved=Unknown/Pending',
  );
  expect(findCondition(state.conditions, 'Approved')?.message).toBe(
    'rule deletes of policy payments: 0 of 1 approvals; may decide: group oncall',
  );
  expect(state).toMatchObject({ closed: false, wakeAt: EXPIRES, deleteAt: undefined });
  expect(state.conditions.every(({ observedGeneration }) => observedGeneration === 1)).toBe(true);
});

describe('the state follows from the facts', () => {
  const cases: Record<string, { input: Partial<LifecycleInput>; want: string; closed?: boolean }> = {
    'one approval of one': {
      input: { status: { decisions: { dana: approve } } },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'one approval of two': {
      input: { spec: two, status: { decisions: { dana: approve } } },
      want: 'Pending, Approved Unknown Pending',
      closed: false,
    },
    'two approvals of two, seen at once': {
      input: { spec: two, status: { decisions: { dana: approve, eli: approve } } },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'one of two requirements': {
      input: {
        spec: both,
        status: { decisions: { dana: { ...approve, requirements: ['payments/deletes'] } } },
      },
      want: 'Pending, Approved Unknown Pending',
      closed: false,
    },
    'both requirements, by two people': {
      input: {
        spec: both,
        status: {
          decisions: {
            dana: { ...approve, requirements: ['payments/deletes'] },
            eli: { ...approve, requirements: ['payments/owned'] },
          },
        },
      },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'a denial beats approvals': {
      input: { status: { decisions: { dana: approve, eli: deny } } },
      want: 'Denied, Approved False Denied',
      closed: true,
    },
    'a denial that comes after the approval, before its use': {
      input: {
        status: {
          ...after({ decisions: { dana: approve } }, lifecycle(inputOf({ status: { decisions: { dana: approve } } }))),
          decisions: { dana: approve, eli: deny },
        },
      },
      want: 'Denied, Approved False Denied',
      closed: true,
    },
    'an approval by the owner': {
      input: { status: { decisions: { 'sam@example.com': approve } } },
      want: 'Pending, Approved Unknown Pending',
      closed: false,
    },
    'nothing until the expiry': { input: { now: EXPIRES }, want: 'Expired, Approved False Expired', closed: true },
    'the last millisecond still counts': {
      input: { now: EXPIRES - 1, status: { decisions: { dana: approve } } },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'a decision first seen at the expiry': {
      input: { now: EXPIRES, status: { decisions: { dana: approve } } },
      want: 'Expired, Approved False Expired',
      closed: true,
    },
    'a denial first seen after the expiry': {
      input: { now: EXPIRES + 1, status: { decisions: { dana: deny } } },
      want: 'Expired, Approved False Expired',
      closed: true,
    },
    'a denial seen in time whose record is written late': {
      input: {
        now: EXPIRES + 1,
        status: { decisions: { dana: deny } },
        memory: seen({ dana: [deny, counted(EXPIRES - 1)] }),
      },
      want: 'Denied, Approved False Denied',
      closed: true,
    },
    'an approval that nobody used in time': {
      input: { now: EXPIRES, status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } } },
      want: 'Expired, Approved False Expired',
      closed: true,
    },
    'an expiry that is no time has passed': {
      input: { spec: { ...one, expiresAt: 'soon' }, status: { decisions: { dana: approve } } },
      want: 'Expired, Approved False Expired',
      closed: true,
    },
    'voided instead of used': {
      input: { status: { decisions: { dana: approve }, observedDecisions: { dana: counted() }, voided } },
      want: 'TargetChanged, Approved False Voided',
      closed: true,
    },
    'in use': {
      input: { status: { decisions: { dana: approve }, observedDecisions: { dana: counted() }, consumed } },
      want: 'InProgress, Approved True Approved',
      closed: true,
    },
    'in use when it would have expired': {
      input: {
        now: EXPIRES + 1,
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() }, consumed },
      },
      want: 'InProgress, Approved True Approved',
      closed: true,
    },
    'used, and the replica is gone': {
      input: {
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() }, consumed },
        replicaAlive: false,
      },
      want: 'OutcomeUnknown, Approved True Approved',
      closed: true,
    },
    'carried out': {
      input: {
        status: {
          decisions: { dana: approve },
          observedDecisions: { dana: counted() },
          consumed,
          outcome: outcome(200),
        },
      },
      want: 'Succeeded, Approved True Approved',
      closed: true,
    },
    'an exec whose protocol was switched': {
      input: {
        status: {
          decisions: { dana: approve },
          observedDecisions: { dana: counted() },
          consumed,
          outcome: outcome(101),
        },
      },
      want: 'Succeeded, Approved True Approved',
      closed: true,
    },
    'refused by the API server': {
      input: {
        status: {
          decisions: { dana: approve },
          observedDecisions: { dana: counted() },
          consumed,
          outcome: outcome(409),
        },
      },
      want: 'Approved, Approved True Approved',
      closed: true,
    },
    'admission policies missing': {
      input: { status: { decisions: { dana: approve } }, admission: missing },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'a denial while admission policies are missing': {
      input: { status: { decisions: { dana: deny } }, admission: missing },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'an expiry while admission policies are missing': {
      input: { now: EXPIRES, admission: missing },
      want: 'Expired, Approved False Expired',
      closed: true,
    },
    'admission policies restored: what was counted before counts again': {
      input: { status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } } },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'admission policies restored: what was written meanwhile never counts': {
      input: {
        status: {
          decisions: { dana: approve },
          observedDecisions: { dana: { time: '2026-01-01T00:00:00Z', standing: 'Unverified' } },
        },
      },
      want: 'Pending, Approved Unknown Pending',
      closed: false,
    },
    'what this process saw stands above what somebody put on record': {
      input: {
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } },
        memory: seen({ dana: [approve, { time: '2026-01-01T00:00:00Z', standing: 'Unverified' }] }),
      },
      want: 'Pending, Approved Unknown Pending',
      closed: false,
    },
    'a record that came before this process saw the decision proves nothing': {
      input: {
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } },
        memory: seen({}),
        admission: missing,
      },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'a verdict that was turned round after it was seen': {
      input: {
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } },
        memory: seen({ dana: [deny, counted()] }),
      },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'a requirement that was added to an approval after it was seen': {
      input: {
        spec: both,
        status: { decisions: { dana: { ...approve, requirements: ['payments/deletes', 'payments/owned'] } } },
        memory: seen({ dana: [{ ...approve, requirements: ['payments/deletes'] }, counted()] }),
      },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'a denial that was erased after it was seen, beside a new approval': {
      input: { status: { decisions: { eli: approve } }, memory: seen({ dana: [deny, counted()] }) },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'an execution that was taken back, so that the approval could be used again': {
      input: {
        status: { decisions: { dana: approve }, observedDecisions: { dana: counted() } },
        memory: seen({ dana: [approve, counted()] }, 'Used'),
      },
      want: 'AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing',
      closed: false,
    },
    'a forged decision that was taken out again': {
      input: {
        status: { decisions: { dana: approve } },
        memory: seen({
          dana: [approve, counted()],
          eve: [approve, { time: '2026-01-01T00:00:00Z', standing: 'Unverified' }],
        }),
      },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
    'what was seen in an expired request whose expiry could not be written, and the clock went back': {
      input: {
        status: { decisions: { dana: approve } },
        memory: seen({ dana: [approve, counted()] }, 'Expired'),
      },
      want: 'Approved, Approved True Approved',
      closed: false,
    },
  };
  test.each(Object.entries(cases))('%s', (_what, { input, want, closed }) => {
    const state = lifecycle(inputOf(input));
    expect(verdict(state)).toBe(want);
    expect(state.closed).toBe(closed);
    // What is written and read again says the same, and gives nothing to write.
    const again = lifecycle(
      inputOf({
        ...input,
        status: after(input.status, state),
        memory: state.memory,
        now: input.now ?? START + 5_000,
      }),
    );
    expect(again.conditions).toEqual(state.conditions);
    expect(again.observed).toEqual(state.observed);
  });
});

describe('first sights', () => {
  test('are left for later while nothing is known of the admission policies', () => {
    const status = { decisions: { dana: approve } };
    const unknown = lifecycle(inputOf({ status, admission: { type: 'Unreadable' } }));
    expect(unknown.observed.size).toBe(0);
    expect(verdict(unknown)).toBe('AdmissionPolicyMissing, Approved Unknown AdmissionPolicyMissing');
    expect(unknown.wakeAt).toBeLessThan(START + 5_000);
    const known = lifecycle(inputOf({ status: after(status, unknown), memory: unknown.memory }));
    expect(verdict(known)).toBe('Approved, Approved True Approved');
  });

  test('are dated, and tell why a decision does not count', () => {
    const status = { decisions: { dana: approve } };
    expect(lifecycle(inputOf({ status })).observed.get('dana')).toEqual({
      time: '2026-01-01T00:00:01.000Z',
      standing: 'Counted',
    });
    expect(lifecycle(inputOf({ status, admission: missing })).observed.get('dana')?.standing).toBe('Unverified');
    expect(lifecycle(inputOf({ status, admission: { type: 'Settling' } })).observed.get('dana')?.standing).toBe(
      'Unverified',
    );
    expect(lifecycle(inputOf({ status, now: EXPIRES })).observed.get('dana')?.standing).toBe('Late');
    expect(lifecycle(inputOf({ status: { ...status, voided } })).observed.get('dana')?.standing).toBe('Late');
  });

  test('of this process owe nothing to a record that was there before, which anybody could write', () => {
    const status = { decisions: { dana: approve }, observedDecisions: { dana: counted() } };
    const state = lifecycle(inputOf({ status, memory: seen({}), admission: missing }));
    expect(state.observed.get('dana')?.standing).toBe('Unverified');
    // The first look of a process has nothing else to go by.
    expect(lifecycle(inputOf({ status, admission: missing })).observed.get('dana')?.standing).toBe('Counted');
  });

  test('of users with names of Object.prototype are theirs', () => {
    const status = { decisions: { constructor: approve, valueOf: approve } };
    const state = lifecycle(inputOf({ spec: two, status }));
    expect([...state.observed.keys()]).toEqual(['constructor', 'valueOf']);
    expect(verdict(state)).toBe('Approved, Approved True Approved');
  });
});

describe('messages', () => {
  const messageOf = (type: string, input: Partial<LifecycleInput>): string =>
    findCondition(lifecycle(inputOf(input)).conditions, type)?.message ?? '';
  const cases: Record<string, { type: string; input: Partial<LifecycleInput>; want: string }> = {
    'who approved and what is missing': {
      type: 'Approved',
      input: { spec: two, status: { decisions: { dana: approve } } },
      want: 'rule deletes of policy payments: 1 of 2 approvals, by dana; may decide: group oncall',
    },
    'only the requirements that are not met': {
      type: 'Approved',
      input: { spec: both, status: { decisions: { dana: { ...approve, requirements: ['payments/deletes'] } } } },
      want: 'rule owned of policy payments: 0 of 1 approvals; may decide: group owners',
    },
    'who approved, and why': {
      type: 'Approved',
      input: { status: { decisions: { dana: { ...approve, reason: 'INC-42' } } } },
      want: 'Approved by dana (INC-42)',
    },
    'who denied, and why, on one line': {
      type: 'Denied',
      input: { status: { decisions: { dana: deny } } },
      want: `Denied by dana (not now); the same call is refused until ${one.expiresAt}`,
    },
    'which admission policy is missing': {
      type: 'Approved',
      input: { admission: missing },
      want:
        'No decision is counted while anybody could have written it: ' +
        'missing: ValidatingAdmissionPolicy/chaperone-approvalrequests',
    },
    'whose decision does not count': {
      type: 'Approved',
      input: {
        status: {
          decisions: { eve: approve },
          observedDecisions: { eve: { time: '2026-01-01T00:00:00Z', standing: 'Unverified' } },
        },
      },
      want:
        'rule deletes of policy payments: 0 of 1 approvals; may decide: group oncall. ' +
        'Not counted, as the admission policies may not have been as shipped when it was made: eve. ' +
        'A decision is final: have another reviewer decide, or repeat the call once this request has expired or was ' +
        'deleted by a member of the break-glass groups',
    },
    'what the API server answered': {
      type: 'Executed',
      input: { status: { consumed, outcome: outcome(403) } },
      want: 'The API server refused the call with 403',
    },
  };
  test.each(Object.entries(cases))('tell %s', (_what, { type, input, want }) => {
    expect(messageOf(type, input)).toBe(want);
  });

  test('stay short, however many reviewers and however long their names', () => {
    const many = Array.from({ length: 32 }, (_, index) => `${'x'.repeat(500)}${index}`);
    const spec = specOf(...Array.from({ length: 32 }, (_, index) => requirement(`rule-${index}`, many, 16)));
    const decisions = Object.fromEntries(many.map((name) => [name, { ...approve, reason: 'y'.repeat(1024) }]));
    for (const status of [{}, { decisions }, { decisions: { ...decisions, eve: deny } }]) {
      for (const { message } of lifecycle(inputOf({ spec, status })).conditions) {
        expect(message.length).toBeLessThanOrEqual(1024);
      }
    }
  });
});

describe('what closes a request', () => {
  test('keeps a denial until its expiry, whatever the retention', () => {
    const status = { decisions: { dana: deny } };
    expect(lifecycle(inputOf({ status, retentionMs: 0 })).deleteAt).toBe(EXPIRES);
    expect(lifecycle(inputOf({ status, retentionMs: 24 * HOUR })).deleteAt).toBe(START + 1_000 + 24 * HOUR);
  });

  test('is kept for the retention, and then deleted', () => {
    const expired = lifecycle(inputOf({ now: EXPIRES }));
    expect(expired).toMatchObject({ deleteAt: EXPIRES + HOUR, wakeAt: EXPIRES + HOUR });
    const executed = lifecycle(inputOf({ now: START + 400_000, status: { consumed, outcome: outcome(200) } }));
    expect(executed.deleteAt).toBe(START + 400_000 + HOUR);
  });

  test('is never deleted while the call is executed, and its replica is looked for', () => {
    const running = lifecycle(inputOf({ now: EXPIRES + 100 * HOUR, status: { consumed } }));
    expect(running).toMatchObject({ deleteAt: undefined, wakeAt: EXPIRES + 100 * HOUR + REPLICA_CHECK_MS });
  });

  test('an outcome that comes after all replaces the unknown one, a Lease that comes back does not', () => {
    const lost = lifecycle(inputOf({ status: { consumed }, replicaAlive: false }));
    const back = lifecycle(inputOf({ status: after({ consumed }, lost), replicaAlive: true }));
    expect(findCondition(back.conditions, 'Executed')?.reason).toBe('OutcomeUnknown');
    const told = lifecycle(inputOf({ status: after({ consumed, outcome: outcome(200) }, back) }));
    expect(findCondition(told.conditions, 'Executed')?.reason).toBe('Succeeded');
  });
});
