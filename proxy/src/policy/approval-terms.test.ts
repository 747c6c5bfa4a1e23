import { expect, test } from 'vitest';
import type { ApprovalPolicy } from '@chaperone/crds/v1alpha1/generated/api';
import { approvalBy, compiled, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call } from '@chaperone/test/policy/calls';
import type { ApprovalTerms } from './approval-terms.ts';
import { decide } from './engine.ts';

const GET_POD = 'GET /api/v1/namespaces/payments/pods/web';

function terms(...changes: Partial<ApprovalPolicy>[]): ApprovalTerms {
  const rules = changes.map((change, index) => hold(`h${index}`, { approval: { ...approvalBy('oncall'), ...change } }));
  const decision = decide(bundleOf([compiled('p', [rule('a'), ...rules])]), call(GET_POD));
  if (decision.verdict !== 'RequireApproval') throw new Error(decision.verdict);
  return decision.approval;
}

test.each<readonly [string, Partial<ApprovalPolicy>[], Partial<ApprovalTerms>]>([
  [
    'one rule gives its own terms',
    [{}],
    { holdForMs: 45_000, expiresAfterMs: 1_800_000, autoRetry: true, onPreviewFailure: 'Proceed' },
  ],
  ['the longest holdFor counts', [{ holdFor: '5s' }, { holdFor: '1m30s' }], { holdForMs: 90_000 }],
  ['the shortest expiresAfter counts', [{ expiresAfter: '2h' }, { expiresAfter: '10m' }], { expiresAfterMs: 600_000 }],
  [
    'nothing is held beyond its expiry',
    [{ holdFor: '5m' }, { holdFor: '0s', expiresAfter: '1s' }],
    { holdForMs: 1_000, expiresAfterMs: 1_000 },
  ],
  ['any Deny of onPreviewFailure counts', [{}, { onPreviewFailure: 'Deny' }], { onPreviewFailure: 'Deny' }],
  ['any autoRetry false counts', [{}, { autoRetry: false }], { autoRetry: false }],
])('%s', (_, changes, expected) => {
  expect(terms(...changes)).toMatchObject(expected);
});

test('each rule is a requirement of its own, with its reviewers, even where they are the same', () => {
  expect(terms({}, { required: 2 }, approvalBy('security')).requirements).toEqual([
    {
      policy: 'p',
      generation: 1,
      rule: 'h0',
      reason: undefined,
      reviewers: [{ kind: 'Group', name: 'oncall' }],
      required: 1,
    },
    {
      policy: 'p',
      generation: 1,
      rule: 'h1',
      reason: undefined,
      reviewers: [{ kind: 'Group', name: 'oncall' }],
      required: 2,
    },
    {
      policy: 'p',
      generation: 1,
      rule: 'h2',
      reason: undefined,
      reviewers: [{ kind: 'Group', name: 'security' }],
      required: 1,
    },
  ]);
});
