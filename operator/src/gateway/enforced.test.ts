import { describe, expect, test } from 'vitest';
import { judgeEnforced, type EnforcedInput } from './enforced.ts';

const held = new Map([
  ['old', 1],
  ['new', 2],
]);

const base: EnforcedInput = {
  uid: 'uid',
  generation: 2,
  status: undefined,
  revision: 'new',
  generationIn: (revision) => held.get(revision),
  replicas: [{ name: 'a', revision: 'new' }],
  covered: 'new',
  impersonation: { support: 'Constrained', configured: 'Constrained' },
};

const condition = (type: string, status: 'True' | 'False', observedGeneration: number) => ({
  type,
  status,
  observedGeneration,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'Reason',
  message: '',
});

describe('Enforced', () => {
  const cases: Record<string, { input: Partial<EnforcedInput>; want: string | undefined }> = {
    'is True when every replica serves the generation and has its rights': { input: {}, want: 'True ReplicasCurrent' },
    'is False without a replica': { input: { replicas: [] }, want: 'False NoReplicas' },
    'is False while one replica of two is behind': {
      input: {
        replicas: [
          { name: 'a', revision: 'new' },
          { name: 'b', revision: 'old' },
        ],
      },
      want: 'False ReplicasBehind',
    },
    'is False for a replica that serves nothing yet': {
      input: { replicas: [{ name: 'a', revision: undefined }] },
      want: 'False ReplicasBehind',
    },
    'is False for a replica on a revision that nobody remembers': {
      input: { replicas: [{ name: 'a', revision: 'forgotten' }] },
      want: 'False ReplicasBehind',
    },
    'is Unknown while the gateway lacks the rights for it': { input: { covered: 'old' }, want: 'Unknown Pending' },
    'is Unknown while the generation is in no bundle': { input: { generation: 3 }, want: 'Unknown Pending' },
    'is False without a replica also while the generation is in no bundle': {
      input: { generation: 3, replicas: [] },
      want: 'False NoReplicas',
    },
    'is False for a generation that is refused, replica or not': {
      input: { generation: 3, replicas: [], status: { conditions: [condition('Accepted', 'False', 3)] } },
      want: 'False NotAccepted',
    },
    'is False for a generation that is refused': {
      input: { generation: 3, status: { conditions: [condition('Accepted', 'False', 3)] } },
      want: 'False NotAccepted',
    },
    'stays as it was while this process has not read the bundle': {
      input: { revision: undefined, status: { conditions: [condition('Enforced', 'True', 2)] } },
      want: undefined,
    },
    'stays as it was while this process has not given the rights': {
      input: { covered: undefined, status: { conditions: [condition('Enforced', 'True', 2)] } },
      want: undefined,
    },
    'of an earlier generation says nothing about this one': {
      input: { covered: undefined, status: { conditions: [condition('Enforced', 'True', 1)] } },
      want: 'Unknown Pending',
    },
  };

  test.each(Object.entries(cases))('%s', (_, { input, want }) => {
    const next = judgeEnforced({ ...base, ...input });
    expect(next === undefined ? undefined : `${next.status} ${next.reason}`).toBe(want);
  });

  test('says where nothing caps the gateway', () => {
    const next = judgeEnforced({ ...base, impersonation: { support: 'Legacy', configured: 'Legacy' } });
    expect(next?.message).toContain('the API server does not cap what the gateway can do');
  });
});
