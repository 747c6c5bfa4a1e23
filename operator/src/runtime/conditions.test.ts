import { microTimestamp } from '@chaperone/crds/client/micro-time';
import { describe, expect, test } from 'vitest';
import {
  findCondition,
  hasConditionStatus,
  removeCondition,
  setCondition,
  timestamp,
  type Condition,
  type NextCondition,
} from './conditions.ts';

const EARLIER = '2026-01-01T00:00:00Z';
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const accepted: Condition = {
  type: 'Accepted',
  status: 'True',
  reason: 'Compiled',
  message: 'All rules compile',
  observedGeneration: 3,
  lastTransitionTime: EARLIER,
};
const other: Condition = { ...accepted, type: 'Enforced', status: 'False' };
const next = (change: Partial<NextCondition> = {}): NextCondition => ({
  type: 'Accepted',
  status: 'True',
  reason: 'Compiled',
  message: 'All rules compile',
  observedGeneration: 3,
  ...change,
});

describe('setCondition', () => {
  const before = [other, accepted];
  const cases: Record<string, { next: NextCondition; want: readonly Condition[] }> = {
    'a flip of the status sets the transition time': {
      next: next({ status: 'False', reason: 'Invalid' }),
      want: [other, { ...accepted, status: 'False', reason: 'Invalid', lastTransitionTime: '2026-01-02T03:04:05Z' }],
    },
    'another reason or message keeps the transition time': {
      next: next({ reason: 'Recompiled', message: 'Again' }),
      want: [other, { ...accepted, reason: 'Recompiled', message: 'Again' }],
    },
    'another generation alone is written and keeps the transition time': {
      next: next({ observedGeneration: 4 }),
      want: [other, { ...accepted, observedGeneration: 4 }],
    },
    'a new type goes to the end': {
      next: next({ type: 'Conflicting', status: 'Unknown' }),
      want: [
        other,
        accepted,
        { ...accepted, type: 'Conflicting', status: 'Unknown', lastTransitionTime: '2026-01-02T03:04:05Z' },
      ],
    },
  };
  test.each(Object.entries(cases))('%s', (_what, { next: change, want }) => {
    expect(setCondition(before, change, NOW)).toEqual(want);
    expect(before).toEqual([other, accepted]);
  });

  test('returns the very same array where nothing differs, so that nothing is written', () => {
    expect(setCondition(before, next(), NOW)).toBe(before);
  });

  test('cuts a long message, and a second time finds nothing to write', () => {
    const long = next({ message: 'é😀'.repeat(2_000) });
    const first = setCondition([], long, NOW);
    const message = findCondition(first, 'Accepted')?.message ?? '';
    expect(message.length).toBeLessThanOrEqual(1024);
    expect(message.isWellFormed()).toBe(true);
    expect(message.endsWith('...')).toBe(true);
    expect(setCondition(first, long, NOW + 5_000)).toBe(first);
  });
});

test('conditions are found, judged and removed by type', () => {
  expect(findCondition([other, accepted], 'Accepted')).toBe(accepted);
  expect(findCondition(undefined, 'Accepted')).toBeUndefined();
  expect(hasConditionStatus([accepted], 'Accepted', 'True')).toBe(true);
  expect(hasConditionStatus([accepted], 'Enforced', 'True')).toBe(false);
  expect(removeCondition([other, accepted], 'Accepted')).toEqual([other]);
  const conditions = [other];
  expect(removeCondition(conditions, 'Accepted')).toBe(conditions);
});

test('times have the precision that the API server has', () => {
  expect(timestamp(NOW)).toBe('2026-01-02T03:04:05Z');
  expect(microTimestamp(NOW)).toBe('2026-01-02T03:04:05.678000Z');
});
