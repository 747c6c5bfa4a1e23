import { describe, expect, it } from 'vitest';
import { formatFieldErrors } from './field-error.ts';
import { parseAgentPolicy, parseApprovalRequest, parseMaskingRule, type ParseResult } from './parse.ts';

const policy = {
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name: 'p', generation: 2, uid: 'u', resourceVersion: '7', managedFields: [] },
  spec: {
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [
      {
        name: 'r',
        action: 'RequireApproval',
        verbs: ['delete'],
        apiGroups: [''],
        resources: ['pods'],
        approval: { reviewers: [{ kind: 'Group', name: 'oncall' }] },
      },
    ],
  },
};
const HASH = 'baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096';
const request = {
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'ApprovalRequest',
  metadata: { name: 'a', namespace: 'n' },
  spec: {
    requester: { username: 'agent@example.com' },
    request: { verb: 'get', path: '/logs' },
    digest: HASH,
    requirements: [
      { policy: 'p', rule: 'r', revision: HASH, reviewers: [{ kind: 'Group', name: 'oncall' }], required: 1 },
    ],
    expiresAt: '2026-12-01T00:00:00Z',
    auditID: 'x',
  },
};

const messageOf = (result: ParseResult<unknown>): string =>
  result.kind === 'parsed' ? '' : formatFieldErrors(result.errors);

describe('parseAgentPolicy', () => {
  it('fills in the defaults that the API server would', () => {
    expect(parseAgentPolicy(policy)).toMatchObject({
      kind: 'parsed',
      object: {
        metadata: { name: 'p', generation: 2 },
        spec: {
          mode: 'Enforce',
          rules: [
            {
              approval: {
                required: 1,
                holdFor: '45s',
                autoRetry: true,
                expiresAfter: '30m',
                onPreviewFailure: 'Deny',
              },
            },
          ],
        },
      },
    });
  });

  const cases: Record<string, readonly [value: unknown, want: string]> = {
    'refuses what is no object': ['x', 'Invalid value: "string": must be an object of kind AgentPolicy'],
    'refuses another kind': [{ ...policy, kind: 'MaskingRule' }, 'kind: Unsupported value: "MaskingRule"'],
    'refuses another version': [
      { ...policy, apiVersion: 'chaperone.dev/v1' },
      'apiVersion: Unsupported value: "chaperone.dev/v1"',
    ],
    'refuses an object without a name': [{ ...policy, metadata: {} }, 'metadata.name: Required value'],
    'refuses an object without a spec': [
      { ...policy, spec: undefined },
      'spec: Invalid value: "undefined": must be an object',
    ],
    'refuses a field of a later version, which could be a restriction': [
      { ...policy, spec: { ...policy.spec, onlyOnFridays: true } },
      'spec.onlyOnFridays: Invalid value: "onlyOnFridays": unknown field',
    ],
    'finds everything at once': [
      { ...policy, metadata: {}, spec: { rules: [{}] } },
      [
        'metadata.name: Required value: must be given',
        'spec.subjects: Required value: must be given',
        'spec.rules[0].name: Required value: must be given',
        'spec.rules[0].action: Required value: must be given',
        'spec.rules[0].verbs: Required value: must be given',
      ].join('\n'),
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [value, want]) => {
    expect(messageOf(parseAgentPolicy(value))).toContain(want);
  });

  it('drops a status that does not fit, since the operator writes it anew', () => {
    const result = parseAgentPolicy({ ...policy, status: { conditions: 'all good' } });
    expect(result.kind === 'parsed' ? Object.keys(result.object) : messageOf(result)).toEqual([
      'apiVersion',
      'kind',
      'metadata',
      'spec',
    ]);
  });

  it('keeps a status that fits', () => {
    expect(parseAgentPolicy({ ...policy, status: { observedGeneration: 1 } })).toMatchObject({
      kind: 'parsed',
      object: { status: { observedGeneration: 1 } },
    });
  });
});

describe('parseMaskingRule', () => {
  it('fills in the defaults that the API server would', () => {
    const rule = { ...policy, kind: 'MaskingRule', spec: { detectors: ['JWT'] } };
    expect(parseMaskingRule(rule)).toMatchObject({
      kind: 'parsed',
      object: { spec: { replacement: 'Redact', targets: ['Audit'], writeBack: 'Refuse' } },
    });
  });
});

describe('parseApprovalRequest', () => {
  it('takes one without a status', () => {
    expect(messageOf(parseApprovalRequest(request))).toBe('');
  });

  it('refuses a status that does not fit, since half of its decisions must never count', () => {
    const decisions = { 'dana@example.com': { verdict: 'approved' } };
    expect(messageOf(parseApprovalRequest({ ...request, status: { decisions } }))).toBe(
      'status.decisions[dana@example.com].verdict: Unsupported value: "approved": supported values: "Approved", "Denied"',
    );
  });

  it('does not fill in how many must approve', () => {
    const [requirement] = request.spec.requirements;
    const { required: _required, ...rest } = requirement ?? { required: 0 };
    expect(messageOf(parseApprovalRequest({ ...request, spec: { ...request.spec, requirements: [rest] } }))).toBe(
      'spec.requirements[0].required: Required value: must be given',
    );
  });
});
