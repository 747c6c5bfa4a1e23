import { describe, expect, test } from 'vitest';
import type { ApprovalRequirement, Decision } from '../v1alpha1/generated/api.ts';
import { countedDecisions, isOwnRequest, requirementKey, tally } from './tally.ts';

const revision = 'a'.repeat(64);
const group = (name: string): ApprovalRequirement['reviewers'][number] => ({ kind: 'Group', name });
const user = (name: string): ApprovalRequirement['reviewers'][number] => ({ kind: 'User', name });

const requirement = (rule: string, reviewers: ApprovalRequirement['reviewers'], required = 1): ApprovalRequirement => ({
  policy: 'payments',
  rule,
  revision,
  reviewers,
  required,
});

const approved = (...requirements: string[]): Decision => ({
  verdict: 'Approved',
  ...(requirements.length === 0 ? {} : { requirements }),
});
const denied: Decision = { verdict: 'Denied' };

describe('tally', () => {
  const oncall = requirement('deletes', [group('oncall')]);
  const owners = requirement('owned', [group('owners')]);
  const byName = requirement('by-name', [user('dana'), user('eli')], 2);
  const cases: Record<
    string,
    {
      requirements: ApprovalRequirement[];
      decisions: Record<string, Decision>;
      approvedBy: string[][];
      approved: boolean;
      deniedBy?: string[];
    }
  > = {
    'nobody decided': { requirements: [oncall], decisions: {}, approvedBy: [[]], approved: false },
    'one approval of one': {
      requirements: [oncall],
      decisions: { dana: approved() },
      approvedBy: [['dana']],
      approved: true,
    },
    'a threshold takes different reviewers': {
      requirements: [{ ...oncall, required: 2 }],
      decisions: { dana: approved(), 'Dana ': approved() },
      approvedBy: [['Dana ', 'dana']],
      approved: true,
    },
    'an approval that names no requirement is for each': {
      requirements: [oncall, owners],
      decisions: { dana: approved() },
      approvedBy: [['dana'], ['dana']],
      approved: true,
    },
    'an approval that names one is for that one': {
      requirements: [oncall, owners],
      decisions: { dana: approved('payments/deletes') },
      approvedBy: [['dana'], []],
      approved: false,
    },
    'two requirements are met by different people': {
      requirements: [oncall, owners],
      decisions: { dana: approved('payments/deletes'), eli: approved('payments/owned') },
      approvedBy: [['dana'], ['eli']],
      approved: true,
    },
    'a requirement of users alone is judged by name, whoever approved without naming any': {
      requirements: [oncall, byName],
      decisions: { mallory: approved(), dana: approved() },
      approvedBy: [['dana', 'mallory'], ['dana']],
      approved: false,
    },
    'naming a requirement of users alone makes nobody one of them': {
      requirements: [byName],
      decisions: { mallory: approved('payments/by-name'), dana: approved() },
      approvedBy: [['dana']],
      approved: false,
    },
    'a requirement that does not exist is met by nobody': {
      requirements: [oncall],
      decisions: { dana: approved('payments/other') },
      approvedBy: [[]],
      approved: false,
    },
    'one denial is enough, whatever the approvals': {
      requirements: [oncall],
      decisions: { dana: approved(), eli: denied },
      approvedBy: [['dana']],
      approved: false,
      deniedBy: ['eli'],
    },
    'a denial by a reviewer of one requirement denies all': {
      requirements: [byName, requirement('other', [user('fred')])],
      decisions: { fred: denied },
      approvedBy: [[], []],
      approved: false,
      deniedBy: ['fred'],
    },
    'a denial by somebody who is no reviewer by name does not count': {
      requirements: [byName],
      decisions: { mallory: denied },
      approvedBy: [[]],
      approved: false,
    },
    'requester and owner never count': {
      requirements: [oncall],
      decisions: { agent: approved(), sam: approved(), 'system:serviceaccount:ci:runner': approved() },
      approvedBy: [['system:serviceaccount:ci:runner']],
      approved: true,
    },
    'names of Object.prototype are names like others': {
      requirements: [{ ...oncall, required: 2 }],
      decisions: { constructor: approved(), toString: approved() },
      approvedBy: [['constructor', 'toString']],
      approved: true,
    },
    'no requirement at all approves nothing': {
      requirements: [],
      decisions: { dana: approved() },
      approvedBy: [],
      approved: false,
    },
  };
  test.each(Object.entries(cases))('%s', (_what, one) => {
    const requester = { username: 'agent', owner: 'sam' };
    const got = tally({ requester, requirements: one.requirements }, new Map(Object.entries(one.decisions)));
    expect(got.requirements.map(({ approvedBy }) => approvedBy)).toEqual(one.approvedBy);
    expect(got.approved).toBe(one.approved);
    expect(got.deniedBy).toEqual(one.deniedBy ?? []);
  });
});

test('a ServiceAccount is the same one through the gateway and directly', () => {
  const requester = { username: 'chaperone:sa:ci:runner' };
  expect(isOwnRequest(requester, 'system:serviceaccount:ci:runner')).toBe(true);
  expect(isOwnRequest(requester, 'chaperone:sa:ci:runner')).toBe(true);
  expect(isOwnRequest(requester, 'system:serviceaccount:ci:other')).toBe(false);
  expect(isOwnRequest({ username: 'Agent@Example.com' }, 'agent@example.COM')).toBe(true);
  expect(isOwnRequest({ username: 'agent', owner: 'chaperone:sa:a:b' }, 'system:serviceaccount:a:b')).toBe(true);
});

test('only what stands as Counted is counted, and inherited keys are no record', () => {
  const time = '2026-01-01T00:00:00Z';
  const counted = countedDecisions({
    decisions: { dana: { verdict: 'Approved' }, eli: denied, constructor: approved(), fred: denied },
    observedDecisions: { dana: { time, standing: 'Counted' }, eli: { time, standing: 'Unverified' } },
  });
  expect([...counted.keys()]).toEqual(['dana']);
  expect(countedDecisions(undefined).size).toBe(0);
});

test('a requirement is named by policy and rule', () => {
  expect(requirementKey({ policy: 'a.b', rule: 'c' })).toBe('a.b/c');
});
