import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { approvalBy, compiled, hold, rule } from '@chaperone/test/policy/builders';
import { call } from '@chaperone/test/policy/calls';
import { BundleCompileError, compileBundle, type BundleCompileErrorCode } from './compiled-bundle.ts';

const compile = (...policies: BundlePolicy[]) => compileBundle({ revision: 'r', policies });
const expression = (text: string) => [{ name: 'c', expression: text }];

test('rules are in the order of their policies’ names, whatever the order of the bundle', () => {
  const bundle = compile(compiled('b', [rule('x')]), compiled('a', [rule('z'), rule('y')]));
  expect(bundle.rules.map(({ policy, name, position }) => `${position} ${policy.name}/${name}`)).toEqual([
    '0 a/z',
    '1 a/y',
    '2 b/x',
  ]);
});

test('an expression is compiled once, however many rules have it', () => {
  const conditions = expression("request.verb == 'get'");
  const { rules } = compile(compiled('a', [rule('x', { conditions }), rule('y', { conditions })]));
  expect(rules[0]?.conditions[0]?.program).toBe(rules[1]?.conditions[0]?.program);
});

describe('a bundle is refused whole', () => {
  test.each<readonly [string, BundleCompileErrorCode, string, BundlePolicy]>([
    [
      'for an expression that does not compile',
      'InvalidExpression',
      "rule x of policy p: conditions c: unknown variable 'nobody'",
      compiled('p', [rule('x', { conditions: expression('nobody == 1') })]),
    ],
    [
      'for a match condition that does not compile',
      'InvalidExpression',
      'policy p: matchConditions c: ',
      compiled('p', [rule('x')], { matchConditions: expression('1 +') }),
    ],
    [
      'for a time that is none',
      'InvalidTime',
      'policy p: expiresAt',
      compiled('p', [rule('x')], { expiresAt: 'tomorrow' }),
    ],
    [
      'for a duration that is none',
      'InvalidApproval',
      'rule x of policy p: approval',
      compiled('p', [hold('x', { approval: { ...approvalBy('g'), holdFor: '1 minute' } })]),
    ],
    [
      'for a RequireApproval without approval',
      'InvalidApproval',
      'rule x of policy p: approval',
      compiled('p', [rule('x', { action: 'RequireApproval' })]),
    ],
  ])('%s', (_, code, message, policy) => {
    const compileAll = () => compile(compiled('sound', [rule('x')]), policy);
    expect(compileAll).toThrow(BundleCompileError);
    expect(compileAll).toThrow(message);
    expect(compileAll).toThrow(expect.objectContaining({ code }));
  });
});

test('the rules of one resource are not those of another that is spelt alike', () => {
  const bundle = compile(compiled('p', [rule('pods'), rule('exec', { resources: ['pods/exec'] })]));
  const named = (apiGroup: string, resource: string, subresource: string): string[] => {
    const { attributes } = call('GET /api/v1/pods');
    return bundle.rulesFor({ ...attributes, apiGroup, resource, subresource }).map(({ name }) => name);
  };
  expect(named('', 'pods', '')).toEqual(['pods']);
  expect(named('', 'pods', 'exec')).toEqual(['exec']);
  expect(named('p', 'ods', '')).toEqual([]);
  expect(named('', 'pod', 's')).toEqual([]);
  expect(named('', 'pods', '')).toEqual(['pods']);
});
