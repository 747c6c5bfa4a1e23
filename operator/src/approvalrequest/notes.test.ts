import { describe, expect, test } from 'vitest';
import type { ApprovalRequestSpec, ApprovalRequestStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import { lifecycle } from './lifecycle.ts';
import { notesOf } from './notes.ts';

const START = Date.UTC(2026, 0, 1);
const spec: ApprovalRequestSpec = {
  requester: { username: 'agent@example.com' },
  request: {
    verb: 'create',
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    subresource: 'exec',
    name: 'web-0',
    path: '/x',
  },
  digest: 'b'.repeat(64),
  requirements: [
    {
      policy: 'payments',
      rule: 'shells',
      revision: 'a'.repeat(64),
      reviewers: [{ kind: 'Group', name: 'oncall' }],
      required: 1,
    },
  ],
  expiresAt: '2026-01-01T00:30:00Z',
  auditID: 'audit-1',
};

/** What a look at this status leads to, and the status that is then on record. */
function look(
  status: ApprovalRequestStatus | undefined,
  options: { readonly admission?: AdmissionState; readonly now?: number; readonly replicaAlive?: boolean } = {},
): { readonly said: string[]; readonly status: ApprovalRequestStatus } {
  const next = lifecycle({
    spec,
    status,
    generation: 1,
    memory: undefined,
    now: START,
    admission: { type: 'AsShipped' },
    replicaAlive: true,
    retentionMs: 0,
    ...options,
  });
  const notes = notesOf({ spec, ...(status === undefined ? {} : { status }) }, next);
  return {
    said: notes.map(({ type, reason, note }) => `${type} ${reason}: ${note}`),
    status: { ...status, conditions: [...next.conditions], observedDecisions: Object.fromEntries(next.observed) },
  };
}

describe('events', () => {
  const made = look(undefined);

  test('tell that a request was made, by whom, for what, and who may decide', () => {
    expect(made.said).toEqual([
      'Normal ApprovalRequested: agent@example.com asks to create pods/web-0/exec, until 2026-01-01T00:30:00Z. ' +
        'rule shells of policy payments: 0 of 1 approvals; may decide: group oncall',
    ]);
  });

  const decisions = { dana: { verdict: 'Approved' as const, reason: 'INC-42' } };
  const consumed = { auditID: 'audit-2', replica: 'proxy-0', time: '2026-01-01T00:00:00Z' };
  const approved = look({ ...made.status, decisions });
  const running = look({ ...approved.status, consumed });
  const cases: Record<string, { got: ReturnType<typeof look>; want: string[] }> = {
    'an approval, and what it led to': {
      got: approved,
      want: ['Normal DecisionRecorded: dana (INC-42) approved it', 'Normal Approved: Approved by dana (INC-42)'],
    },
    'a denial, and what it led to': {
      got: look({ ...made.status, decisions: { dana: { verdict: 'Denied' } } }),
      want: [
        'Normal DecisionRecorded: dana denied it',
        'Normal Denied: Denied by dana; the same call is refused until 2026-01-01T00:30:00Z',
      ],
    },
    'a decision that does not count, and nothing about the policies themselves': {
      got: look({ ...made.status, decisions }, { admission: { type: 'NotAsShipped', missing: ['p'], changed: [] } }),
      want: [
        'Warning DecisionUnverified: The decision of dana (INC-42) does not count: the admission policies may not have been as shipped when it was made',
      ],
    },
    'a decision that came too late, and the expiry': {
      got: look({ ...made.status, decisions }, { now: Date.UTC(2026, 0, 2) }),
      want: [
        'Warning DecisionLate: dana (INC-42) approved it too late; that does not count',
        'Normal Expired: Neither decided nor used before 2026-01-01T00:30:00Z: repeat the call to have a new request made',
      ],
    },
    'what voided it': {
      got: look({
        ...approved.status,
        voided: { reason: 'TargetGone', replica: 'proxy-0', time: '2026-01-01T00:00:00Z' },
      }),
      want: ['Warning TargetGone: The object is gone'],
    },
    'its execution': { got: running, want: ['Normal InProgress: Replica proxy-0 is executing the call'] },
    'its outcome': {
      got: look({ ...running.status, outcome: { code: 422, time: '2026-01-01T00:00:00Z' } }),
      want: ['Warning Refused: The API server refused the call with 422'],
    },
  };
  test.each(Object.entries(cases))('tell %s', (_what, { got, want }) => {
    expect(got.said).toEqual(want);
  });

  test('are not told again by who reads the record', () => {
    for (const { got } of Object.values(cases)) {
      expect(look(got.status, { now: START + 1 }).said).toEqual([]);
    }
  });
});
