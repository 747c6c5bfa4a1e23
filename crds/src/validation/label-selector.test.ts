import { describe, expect, it } from 'vitest';
import type { LabelSelector } from '../v1alpha1/generated/api.ts';
import { formatFieldErrors } from './field-error.ts';
import { isLabelKey, validateLabelSelector } from './label-selector.ts';

describe('isLabelKey', () => {
  it.each(['tier', 'app.kubernetes.io/name', 'a', 'A_b.c-9', 'a'.repeat(63)])('takes %s', (key) => {
    expect(isLabelKey(key)).toBe(true);
  });

  it.each([
    '',
    '/name',
    'a/',
    'a/b/c',
    'tier=prod',
    '-tier',
    'tier-',
    'Prefix/name',
    'a..b/c',
    'a'.repeat(64),
    `${'a'.repeat(254)}/b`,
  ])('refuses %s', (key) => {
    expect(isLabelKey(key)).toBe(false);
  });
});

describe('validateLabelSelector', () => {
  const requirement = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values?: string[]): LabelSelector => ({
    matchExpressions: [{ key: 'tier', operator, ...(values === undefined ? {} : { values }) }],
  });
  const cases: Record<string, readonly [selector: LabelSelector, want: string]> = {
    'labels are fine': [{ matchLabels: { tier: 'prod', 'example.com/team': '' } }, ''],
    'every operator is fine': [
      {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['x', 'y'] },
          { key: 'b', operator: 'NotIn', values: ['x'] },
          { key: 'c', operator: 'Exists' },
          { key: 'd', operator: 'DoesNotExist' },
        ],
      },
      '',
    ],
    'an empty selector is ambiguous': [{}, 's: Invalid value: "{}": an empty selector selects everything'],
    'empty parts are as ambiguous': [{ matchLabels: {}, matchExpressions: [] }, 'an empty selector selects everything'],
    'a bad key in matchLabels': [
      { matchLabels: { 'a b': 'x' } },
      's.matchLabels[a b]: Invalid value: "a b": is not a label key',
    ],
    'a bad key in matchExpressions': [
      { matchExpressions: [{ key: 'a b', operator: 'Exists' }] },
      's.matchExpressions[0].key: Invalid value: "a b"',
    ],
    'In without values': [
      requirement('In'),
      's.matchExpressions[0].values: Required value: In needs at least one value',
    ],
    'NotIn with an empty list': [requirement('NotIn', []), 'NotIn needs at least one value'],
    'Exists with values': [requirement('Exists', ['x']), 'Exists takes no values'],
    'DoesNotExist with values': [requirement('DoesNotExist', ['x']), 'DoesNotExist takes no values'],
    'present and absent at once': [
      { matchLabels: { tier: 'prod' }, ...requirement('DoesNotExist') },
      's: Invalid value: "tier": what is required of this label contradicts itself',
    ],
    'two values at once': [{ matchLabels: { tier: 'prod' }, ...requirement('In', ['test']) }, 'contradicts itself'],
    'a value that is excluded': [
      { matchLabels: { tier: 'prod' }, ...requirement('NotIn', ['prod', 'test']) },
      'contradicts itself',
    ],
    'a narrowed list is no contradiction': [
      { matchLabels: { tier: 'prod' }, ...requirement('In', ['prod', 'test']) },
      '',
    ],
    'absent or not of a value is no contradiction': [
      {
        matchExpressions: [
          { key: 'tier', operator: 'NotIn', values: ['prod'] },
          { key: 'tier', operator: 'DoesNotExist' },
        ],
      },
      '',
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [selector, want]) => {
    const message = formatFieldErrors(validateLabelSelector(selector, 's'));
    expect(message).toContain(want);
    expect(want === '' ? message : '').toBe('');
  });
});
