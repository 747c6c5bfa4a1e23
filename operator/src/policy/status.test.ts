import { describe, expect, test } from 'vitest';
import type { Condition, PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import { NO_CONFLICTS, reportOf, type Conflict } from './conflict-report.ts';
import { nextStatus, transitions, type StatusInput } from './status.ts';

const NOW = Date.parse('2026-01-01T00:00:00.500Z');
const finding = { type: 'Invalid', path: 'spec.rules[0]', detail: 'is wrong', badValue: 'x' } as const;

const input = (changes: Partial<StatusInput> = {}): StatusInput => ({
  uid: 'u',
  generation: 2,
  status: undefined,
  verdict: { kind: 'accepted', generation: 2 },
  failed: false,
  current: { revision: 'now' },
  first: { generation: 2, revision: 'first', exact: true },
  warnings: [],
  conflicts: NO_CONFLICTS,
  now: NOW,
  ...changes,
});

/** The status that a first look leads to. */
function written(changes: Partial<StatusInput> = {}): PolicyStatus {
  const next = nextStatus(input(changes));
  return next === undefined ? {} : { ...next, conditions: [...next.conditions] };
}

const conditionOf = ({ conditions }: PolicyStatus, type: string): Condition | undefined =>
  conditions?.find((one) => one.type === type);

const refused = { kind: 'refused', generation: 2, findings: [finding], inForce: 1 } as const;

describe('Accepted is', () => {
  test.each<[string, Partial<StatusInput>, object]>([
    ['True once the bundle holds it', {}, { status: 'True', reason: 'Compiled', message: 'Compiled without errors' }],
    [
      'True with warnings',
      { warnings: [{ path: 'spec.expiresAt', detail: 'has passed' }] },
      { status: 'True', message: 'Compiled without errors. Warnings:\nspec.expiresAt: has passed' },
    ],
    [
      'False with every finding',
      { verdict: refused },
      {
        status: 'False',
        reason: 'InvalidSpec',
        message: 'Generation 1 stays in force. Findings:\nspec.rules[0]: Invalid value: "x": is wrong',
      },
    ],
    [
      'False where nothing stays',
      { verdict: { ...refused, inForce: undefined } },
      { message: expect.stringMatching(/^Nothing of this is in force/) as unknown },
    ],
    [
      'False where it is too large',
      { verdict: { kind: 'tooLarge', generation: 2, bytes: 9, limit: 8, inForce: 1 } },
      {
        status: 'False',
        reason: 'BundleTooLarge',
        message: 'Generation 1 stays in force: its 9 bytes would make all policies together larger than 8 bytes',
      },
    ],
    ['Unknown where publishing failed', { verdict: undefined, failed: true }, { status: 'Unknown', reason: 'Pending' }],
    [
      'Unknown where publishing a new generation failed',
      { verdict: { kind: 'accepted', generation: 1 }, failed: true },
      { status: 'Unknown', reason: 'Pending' },
    ],
  ])('%s', (_, changes, accepted) => {
    expect(conditionOf(written(changes), 'Accepted')).toMatchObject({
      ...accepted,
      observedGeneration: 2,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
  });

  test('never longer than its schema allows, however much is wrong', () => {
    const findings = Array.from({ length: 5_000 }, () => finding);
    const { message = '' } = conditionOf(written({ verdict: { ...refused, findings } }), 'Accepted') ?? {};
    expect(message.length).toBeLessThanOrEqual(32_768);
    expect(message).toMatch(/and \d+ more$/);
  });
});

describe('nothing is written where', () => {
  test.each<[string, Partial<StatusInput>]>([
    ['nothing is decided yet', { verdict: undefined }],
    ['an earlier generation was decided', { verdict: { kind: 'accepted', generation: 1 } }],
    ['it says the same already', { status: written() }],
    ['only time has passed', { status: written(), now: NOW + 3_600_000 }],
    [
      'others have added a condition',
      {
        status: {
          ...written(),
          conditions: [
            ...(written().conditions ?? []),
            {
              type: 'Enforced',
              status: 'True',
              reason: 'ReplicasCurrent',
              message: '',
              observedGeneration: 2,
              lastTransitionTime: 'x',
            },
          ],
        },
      },
    ],
    ['another revision is in force, but not of this', { status: written(), current: { revision: 'later' } }],
    ['publishing fails after it was told', { status: written(), verdict: undefined, failed: true }],
  ])('%s', (_, changes) => {
    expect(nextStatus(input(changes))).toBeUndefined();
  });
});

test.each<[string, Partial<StatusInput>, string | undefined]>([
  ['the one that this process published', {}, 'first'],
  [
    'the one that was told, where this process only found it',
    { first: { generation: 2, revision: 'found', exact: false }, status: { ...written(), revision: 'told' } },
    'told',
  ],
  [
    'the one that was found, where none was told',
    { first: { generation: 2, revision: 'found', exact: false } },
    'found',
  ],
  [
    'not one that was told of an earlier generation',
    {
      first: { generation: 2, revision: 'found', exact: false },
      status: { ...written(), observedGeneration: 1, revision: 'told' },
    },
    'found',
  ],
  ['what this process published, whatever somebody wrote', { status: { ...written(), revision: 'forged' } }, 'first'],
  ['none where the generation is refused', { verdict: refused }, undefined],
])('the revision is %s', (_, changes, revision) => {
  const next = nextStatus(input(changes));
  const told = changes.status?.revision;
  expect(next === undefined ? told : next.revision).toBe(revision);
});

const conflict = (reason: Conflict['reason'], rule: string): Conflict => ({
  reason,
  rule: { policy: 'p', rule },
  by: { policy: 'q', rule: 'b' },
  about: 'patch of pods',
});

describe('Conflicting is', () => {
  test.each<[string, Partial<StatusInput>, object]>([
    ['False without conflicts', {}, { status: 'False', reason: 'NoConflicts' }],
    ['Unknown until rules are compared', { conflicts: 'pending' }, { status: 'Unknown', reason: 'Pending' }],
    [
      'Unknown where nothing is in force',
      { conflicts: 'pending', verdict: { ...refused, inForce: undefined } },
      { message: 'Nothing of this is in force, so nothing was compared' },
    ],
    [
      'True with every conflict by name, the weightiest first',
      {
        conflicts: reportOf([
          conflict('Shadowed', 'one'),
          conflict('Evadable', 'two'),
          conflict('Contradictory', 'three'),
        ]),
      },
      {
        status: 'True',
        reason: 'Contradictory',
        message:
          'rule three of policy p allows what rule b of policy q denies: patch of pods\n' +
          'rule two of policy p is evadable by rule b of policy q, which allows patch of pods\n' +
          'rule one of policy p is shadowed by rule b of policy q: it never decides anything',
      },
    ],
    ['about the generation that is in force', { verdict: refused }, { observedGeneration: 1 }],
  ])('%s', (_, changes, conflicting) => {
    expect(conditionOf(written(changes), 'Conflicting')).toMatchObject(conflicting);
  });

  test('not there for a kind that has no such condition', () => {
    const { conflicts: _, ...without } = input();
    expect(nextStatus(without)?.conditions.map(({ type }) => type)).toEqual(['Accepted']);
  });

  test('the same text however many more conflicts there are', () => {
    const many = (count: number): string =>
      reportOf(Array.from({ length: count }, (_, index) => conflict('Shadowed', `r${index}`))).message;
    expect(many(2_000)).toBe(many(20));
    expect(many(20).split('\n').at(-1)).toBe('... and more');
  });
});

test('the time of a transition is kept while the status is, and new when it changes', () => {
  const before = written({ now: NOW - 60_000 });
  const refusedNow = nextStatus(input({ status: before, verdict: refused }));
  expect(refusedNow?.conditions.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
    '2026-01-01T00:00:00Z',
    '2025-12-31T23:59:00Z',
  ]);
});

test('a change of status or reason is a transition, a change of message or generation is not', () => {
  const before = written();
  const after = nextStatus(
    input({ status: before, generation: 3, verdict: { ...refused, generation: 3 }, conflicts: NO_CONFLICTS }),
  );
  expect(after === undefined ? [] : transitions(before, after).map(({ reason }) => reason)).toEqual(['InvalidSpec']);
  const warned = nextStatus(input({ status: before, warnings: [{ path: 'spec', detail: 'x' }] }));
  expect(warned === undefined ? undefined : transitions(before, warned)).toEqual([]);
});
