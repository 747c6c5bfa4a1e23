import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call, NOW, settledCall, verdictOf } from '@chaperone/test/policy/calls';
import { decide } from './engine.ts';
import { known, type PolicyInput } from './policy-input.ts';

const GET_POD = 'GET /api/v1/namespaces/payments/pods/web';
const LIST_PODS = 'GET /api/v1/namespaces/payments/pods';
const p = (...rules: PolicyRule[]): BundlePolicy => compiled('p', rules);
const dry = (...rules: PolicyRule[]): BundlePolicy => compiled('dry', rules, { mode: 'DryRun' });
const prod = { objectSelector: { matchLabels: { tier: 'prod' } } };
const fails = { conditions: [{ name: 'c', expression: "user.extra['x'] == []" }] };

/** `what is; what would have been`. */
function both(policies: readonly BundlePolicy[], input: PolicyInput): string {
  const decision = decide(bundleOf(policies), input);
  const dryRun = decision.verdict === 'NeedsObject' ? undefined : decision.dryRun;
  const winner = dryRun?.winner === undefined ? '' : ` ${dryRun.winner.policy}/${dryRun.winner.rule}`;
  return `${verdictOf(decision)}; ${dryRun === undefined ? 'nothing' : `${dryRun.verdict}${winner}`}`;
}

type Case = readonly [policies: readonly BundlePolicy[], input: PolicyInput, expected: string];

describe('a policy in DryRun', () => {
  const cases: Readonly<Record<string, Case>> = {
    'changes nothing by its Deny': [[p(rule('a')), dry(deny('d'))], call(GET_POD), 'Allow p/a; Deny dry/d'],
    'changes nothing by its RequireApproval': [
      [p(rule('a')), dry(hold('h'))],
      call(GET_POD),
      'Allow p/a; RequireApproval dry/h',
    ],
    'changes nothing by its Allow': [[dry(rule('a'))], call(GET_POD), 'Deny NoRule; Allow dry/a'],
    'is judged together with what is enforced': [[p(deny('d')), dry(rule('a'))], call(GET_POD), 'Deny p/d; Deny p/d'],
    'is named before what is enforced if it comes before it': [
      [p(deny('d')), dry(deny('e'))],
      call(GET_POD),
      'Deny p/d; Deny dry/e',
    ],
    'is not mentioned where no rule of it matches': [
      [p(rule('a')), dry(deny('d', { verbs: ['list'] }))],
      call(GET_POD),
      'Allow p/a; nothing',
    ],
    'is not mentioned where it has expired': [
      [p(rule('a')), compiled('dry', [deny('d')], { mode: 'DryRun', expiresAt: new Date(NOW - 1).toISOString() })],
      call(GET_POD),
      'Allow p/a; nothing',
    ],
    'changes nothing by a failure': [[p(rule('a')), dry(deny('d', fails))], call(GET_POD), 'Allow p/a; Deny dry/d'],
    'has nothing looked up': [[p(rule('a')), dry(deny('d', prod))], call(GET_POD), 'Allow p/a; Undetermined'],
    'is determined once the object is known': [
      [p(rule('a')), dry(deny('d', prod))],
      settledCall(GET_POD, { oldObject: known({ metadata: { labels: { tier: 'prod' } } }) }),
      'Allow p/a; Deny dry/d',
    ],
    'takes what is unknown as it would when enforced': [
      [p(rule('a', { verbs: ['list'] })), dry(deny('d', { verbs: ['list'], ...prod }))],
      settledCall(LIST_PODS),
      'Allow p/a; Deny dry/d',
    ],
    'of a call that is refused has nothing looked up, and gives it up for unknown': [
      [p(deny('d')), dry(deny('e', prod))],
      call(GET_POD),
      'Deny p/d; Deny p/d',
    ],
    'does not rescue a refused call by what is not looked up': [
      [dry(rule('a', prod))],
      call(GET_POD),
      'Deny NoRule; Deny',
    ],
    'waits for the decision itself': [
      [p(rule('a', prod)), dry(deny('d'))],
      call(GET_POD),
      'NeedsObject oldObject; nothing',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [policies, input, expected]) => {
    expect(both(policies, input)).toBe(expected);
  });

  test('names what it would want looked up, and what of it matches', () => {
    const decision = decide(bundleOf([p(rule('a')), dry(deny('d', prod), rule('b'))]), call(GET_POD));
    expect(decision).toMatchObject({
      dryRun: {
        verdict: 'Undetermined',
        winner: undefined,
        matched: [{ policy: 'dry', rule: 'b' }],
        needs: { object: false, oldObject: true, parentObject: false, namespaceObject: false },
      },
    });
  });

  test('has its failures recorded, marked as such', () => {
    const decision = decide(bundleOf([p(rule('a')), dry(deny('d', fails))]), call(GET_POD));
    expect(decision).toMatchObject({
      verdict: 'Allow',
      errors: [{ policy: 'dry', rule: 'd', dryRun: true, reason: 'NoSuchKey' }],
    });
  });
});
