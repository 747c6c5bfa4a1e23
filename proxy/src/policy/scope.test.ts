import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call, verdictOf } from '@chaperone/test/policy/calls';
import { describe, expect, test } from 'vitest';
import { decideInAnyScope } from './scope.ts';

const things = { verbs: ['list' as const], apiGroups: ['example.com'], resources: ['things'] };
const inPayments = { namespaces: ['payments'] };
const LIST = 'GET /apis/example.com/v1/things';

describe('a list without a namespace, of a resource whose scope is not known yet', () => {
  const cases: Readonly<Record<string, readonly [policy: BundlePolicy, scoped: string, expected: string]>> = {
    'is allowed where its scope does not matter': [compiled('p', [rule('a', things)]), LIST, 'Allow p/a'],
    'is refused where nothing could permit it': [compiled('p', [rule('a')]), LIST, 'Deny NoRule'],
    'is refused where a rule denies it in either scope': [
      compiled('p', [rule('a', things), deny('d', things)]),
      LIST,
      'Deny p/d',
    ],
    'waits where an Allow may not match a cluster-scoped one': [
      compiled('p', [rule('a', things), deny('d', { ...things, ...inPayments })]),
      LIST,
      'NeedsObject ',
    ],
    'waits where it is held in one scope alone': [
      compiled('p', [rule('a', things), hold('h', { ...things, ...inPayments })]),
      LIST,
      'NeedsObject ',
    ],
    'is refused where an Allow of one namespace matches in neither': [
      compiled('p', [rule('a', { ...things, ...inPayments })]),
      LIST,
      'Deny NoRule',
    ],
    'does not wait for a built-in resource': [
      compiled('p', [rule('a', { verbs: ['list'] }), deny('d', { verbs: ['list'], ...inPayments })]),
      'GET /api/v1/pods',
      'Deny p/d',
    ],
    'does not wait for one in a namespace': [
      compiled('p', [rule('a', things), deny('d', { ...things, ...inPayments })]),
      'GET /apis/example.com/v1/namespaces/payments/things',
      'Deny p/d',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [policy, line, expected]) => {
    expect(verdictOf(decideInAnyScope(bundleOf([policy]), call(line))).trim()).toBe(expected.trim());
  });

  test.each([
    ['Cluster', 'Allow p/a'],
    ['Namespaced', 'Deny p/d'],
  ] as const)('is decided once it is known: %s', (scope, expected) => {
    const policy = compiled('p', [rule('a', things), deny('d', { ...things, ...inPayments })]);
    expect(verdictOf(decideInAnyScope(bundleOf([policy]), call(LIST, { scope })))).toBe(expected);
  });
});
