import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../v1alpha1/approvalrequest.ts';
import { validateApprovalRequest } from './approvalrequest.ts';
import { formatFieldErrors } from './field-error.ts';

type Parts = Pick<ApprovalRequest, 'spec' | 'status'>;

const spec: ApprovalRequest['spec'] = {
  requester: { username: 'agent@example.com' },
  request: { verb: 'get', path: '/logs' },
  digest: '',
  requirements: [
    { policy: 'p', rule: 'r', revision: '', reviewers: [{ kind: 'User', name: 'dana@example.com' }], required: 1 },
  ],
  expiresAt: '',
  auditID: '',
};
const reviewers = (names: readonly string[], required: number): ApprovalRequest['spec'] => ({
  ...spec,
  requirements: [
    { policy: 'p', rule: 'r', revision: '', reviewers: names.map((name) => ({ kind: 'User', name })), required },
  ],
});

describe('validateApprovalRequest', () => {
  const cases: Record<string, readonly [parts: Parts, want: string]> = {
    'takes a path that is no resource': [{ spec }, ''],
    'takes a decision of a long username': [
      { spec, status: { decisions: { ['ü'.repeat(512)]: { verdict: 'Approved' } } } },
      '',
    ],
    'finds a key that is too long': [
      { spec, status: { decisions: { ['ü'.repeat(513)]: { verdict: 'Approved' } } } },
      'must be a username of 1 to 512 characters',
    ],
    'finds an empty key': [{ spec, status: { decisions: { '': { verdict: 'Approved' } } } }, 'status.decisions[]'],
    'finds an outcome of nothing': [
      { spec, status: { outcome: { code: 200, time: '' } } },
      'status.outcome: Invalid value: "200": outcome needs consumed',
    ],
    'finds a request that was used and voided': [
      {
        spec,
        status: {
          consumed: { auditID: 'a', replica: 'r', time: '' },
          voided: { reason: 'TargetGone', replica: 'r', time: '' },
        },
      },
      'status.voided: Invalid value: "TargetGone": a request is either consumed or voided',
    ],
    'finds a number that cannot be reached': [
      { spec: reviewers(['a', 'b'], 3) },
      'spec.requirements[0].required: Invalid value: "3"',
    ],
    'finds that nobody may review': [{ spec: reviewers([], 1) }, 'spec.requirements[0].reviewers: Required value'],
    'finds that everybody may review': [
      { spec: reviewers(['system:anonymous'], 1) },
      'spec.requirements[0].reviewers[0].name: Forbidden',
    ],
    'finds a name without a resource': [
      { spec: { ...spec, request: { verb: 'get', path: '/', name: 'a' } } },
      'spec.request.name: Invalid value: "a": a request without a resource has none',
    ],
    'finds a resource without a group': [
      { spec: { ...spec, request: { verb: 'get', path: '/', resource: 'pods' } } },
      'apiGroup and apiVersion are required with resource',
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [parts, want]) => {
    const message = formatFieldErrors(validateApprovalRequest(parts));
    expect(message).toContain(want);
    expect(want === '' ? message : '').toBe('');
  });
});
