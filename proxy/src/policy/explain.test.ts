import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call, NOW, settledCall } from '@chaperone/test/policy/calls';
import { explain } from './explain.ts';
import { ABSENT, known, type PolicyInput } from './policy-input.ts';

const GET_POD = 'GET /api/v1/namespaces/payments/pods/web';
const LIST_PODS = 'GET /api/v1/namespaces/payments/pods';
const p = (...rules: PolicyRule[]): BundlePolicy[] => [compiled('p', rules)];
const condition = (name: string, expression: string) => ({ name, expression });

function sentenceOf(policies: readonly BundlePolicy[], input: PolicyInput): string | undefined {
  return explain(bundleOf(policies), input).rules[0]?.sentence;
}

describe('a rule is explained', () => {
  const cases: Readonly<Record<string, readonly [readonly BundlePolicy[], PolicyInput, string]>> = {
    'by its match': [p(rule('r')), call(GET_POD), 'Rule r of policy p (Allow) matches.'],
    'by the subject': [
      [compiled('p', [rule('r')], { subjects: [{ kind: 'User', name: 'x' }] })],
      call(GET_POD),
      "Rule r of policy p (Allow) does not match: the caller is none of the policy's subjects.",
    ],
    'by the expiry': [
      [compiled('p', [deny('r')], { expiresAt: new Date(NOW).toISOString() })],
      call(GET_POD),
      'Rule r of policy p (Deny) does not match: the policy expired at 2026-06-01T12:00:00.000Z.',
    ],
    'by the verb that is judged': [
      p(rule('r', { verbs: ['get'], resources: ['pods/exec'] })),
      call(`${GET_POD}/exec?command=ls`),
      'Rule r of policy p (Allow) does not match: verb create is not among the verbs.',
    ],
    'by the resource': [
      p(rule('r')),
      call('GET /apis/apps/v1/namespaces/x/deployments/y/scale'),
      'Rule r of policy p (Allow) does not match: deployments.apps/scale is not among the resources.',
    ],
    'by the path': [
      p(rule('r')),
      call('GET /version'),
      'Rule r of policy p (Allow) does not match: path /version is not among nonResourceURLs.',
    ],
    'by an exit that wildcards do not reach': [
      p(rule('r', { verbs: ['*'], resources: ['*'] })),
      call(`${GET_POD}/exec?command=ls`),
      "Rule r of policy p (Allow) does not match: pods/exec leads out of the policy's control: an Allow rule must name it, '*' does not reach it.",
    ],
    'by the namespace': [
      p(rule('r', { namespaces: ['web'] })),
      call(GET_POD),
      'Rule r of policy p (Allow) does not match: payments is not among the namespaces.',
    ],
    'by being in no namespace': [
      p(rule('r', { resources: ['nodes'], namespaces: ['web'] })),
      call('GET /api/v1/nodes/n'),
      'Rule r of policy p (Allow) does not match: a cluster-scoped object is not among the namespaces.',
    ],
    'by the labels of the namespace': [
      p(rule('r', { namespaceSelector: { matchLabels: { a: 'b' } } })),
      call(GET_POD, { namespaceObject: known({ metadata: {} }) }),
      "Rule r of policy p (Allow) does not match: the namespace's labels are not selected.",
    ],
    'by the name': [
      p(rule('r', { resourceNames: ['db'] })),
      call(GET_POD),
      'Rule r of policy p (Allow) does not match: web is not among resourceNames.',
    ],
    'by the labels': [
      p(rule('r', { objectSelector: { matchLabels: { a: 'b' } } })),
      settledCall(GET_POD, { oldObject: known({ metadata: {} }) }),
      "Rule r of policy p (Allow) does not match: the object's labels are not selected.",
    ],
    'by the name of a match condition': [
      [compiled('p', [rule('r')], { matchConditions: [condition('from-main', "request.name == 'x'")] })],
      call(GET_POD),
      'Rule r of policy p (Allow) does not match: condition from-main is false.',
    ],
    'by the name of a condition': [
      p(rule('r', { conditions: [condition('fine', 'true'), condition('small', "request.name == 'x'")] })),
      call(GET_POD),
      'Rule r of policy p (Allow) does not match: condition small is false.',
    ],
    'by a condition that failed': [
      p(deny('r', { conditions: [condition('c', "user.extra['x'] == []")] })),
      call(GET_POD),
      'Rule r of policy p (Deny) matches: condition c cannot be known (it failed: NoSuchKey), which matches Deny.',
    ],
    'by what cannot be known, for Deny': [
      p(deny('r', { verbs: ['list'], resourceNames: ['db'] })),
      settledCall(LIST_PODS),
      'Rule r of policy p (Deny) matches: the name cannot be known, which matches Deny.',
    ],
    'by what cannot be known, for Allow': [
      p(rule('r', { verbs: ['list'], resourceNames: ['db'] })),
      settledCall(LIST_PODS),
      'Rule r of policy p (Allow) does not match: the name cannot be known, which does not match Allow.',
    ],
    'by what is to be looked up': [
      p(rule('r', { objectSelector: { matchLabels: { a: 'b' } } })),
      call(GET_POD),
      "Rule r of policy p (Allow) may match: whether the object's labels are selected depends on what is still to be looked up.",
    ],
    'by both verbs of a PUT': [
      p(rule('r', { verbs: ['update'] })),
      call(`PUT ${GET_POD.slice(4)}`),
      'Rule r of policy p (Allow) may match: that depends on whether the object exists.',
    ],
    'by the one verb of a PUT that is left': [
      p(rule('r', { verbs: ['update'] })),
      call(`PUT ${GET_POD.slice(4)}`, { oldObject: ABSENT }),
      'Rule r of policy p (Allow) does not match: verb create is not among the verbs.',
    ],
    'as one in DryRun': [
      [compiled('p', [hold('r')], { mode: 'DryRun' })],
      call(GET_POD),
      'Rule r of policy p (RequireApproval, DryRun) matches.',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [policies, input, expected]) => {
    expect(sentenceOf(policies, input)).toBe(expected);
  });
});

test('every rule is explained, in order, those included that the index would not find', () => {
  const policies = [
    compiled('b', [rule('x', { apiGroups: ['apps'] })]),
    compiled('a', [rule('y', { nonResourceURLs: ['/x'] }), rule('z')]),
  ];
  const { rules } = explain(bundleOf(policies), call(GET_POD));
  expect(rules.map(({ policy, rule: name, outcome }) => `${policy}/${name} ${outcome}`)).toEqual([
    'a/y DoesNotMatch',
    'a/z Matches',
    'b/x DoesNotMatch',
  ]);
});

test('the checks of a rule are in order and machine-readable, without those that it does not ask for', () => {
  const policies = [
    compiled('p', [rule('r', { namespaces: ['payments'], conditions: [condition('c', "request.name == 'x'")] })], {
      expiresAt: new Date(NOW + 1).toISOString(),
    }),
  ];
  const [explained] = explain(bundleOf(policies), call(GET_POD)).rules;
  expect(explained).toMatchObject({
    policy: 'p',
    generation: 1,
    rule: 'r',
    action: 'Allow',
    mode: 'Enforce',
    outcome: 'DoesNotMatch',
  });
  expect(explained?.checks.map(({ check, result, condition: name }) => [check, result, name])).toEqual([
    ['expiry', 'Matches', undefined],
    ['subject', 'Matches', undefined],
    ['verb', 'Matches', undefined],
    ['resource', 'Matches', undefined],
    ['namespace', 'Matches', undefined],
    ['condition', 'DoesNotMatch', 'c'],
  ]);
});

test('of a call with two verbs each check says which it is about', () => {
  const [explained] = explain(bundleOf(p(rule('r', { verbs: ['update'] }))), call(`PUT ${GET_POD.slice(4)}`)).rules;
  expect(explained?.checks.filter(({ check }) => check === 'verb')).toEqual([
    { check: 'verb', result: 'Matches', verb: 'update', sentence: 'verb update is among the verbs' },
    { check: 'verb', result: 'DoesNotMatch', verb: 'create', sentence: 'verb create is not among the verbs' },
  ]);
});

describe('the decision is put into words:', () => {
  test.each<readonly [readonly BundlePolicy[], PolicyInput, string]>([
    [p(rule('r')), call(GET_POD), 'Allowed by rule r of policy p.'],
    [p(deny('r')), call(GET_POD), 'Denied by rule r of policy p.'],
    [p(hold('r'), hold('s')), call(GET_POD), 'Held for approval by rule r of policy p and rule s of policy p.'],
    [[], call(GET_POD), 'Denied: no rule allows the call.'],
    [
      p(rule('r', { verbs: ['patch'], objectSelector: { matchLabels: { a: 'b' } } })),
      call(`PATCH ${GET_POD.slice(4)}`),
      'Not decided before these are looked up: the new object, the old object.',
    ],
    [
      p(rule('r')),
      call('POST /apis/chaperone.dev/v1alpha1/agentpolicies'),
      'Denied: objects and kinds of chaperone.dev are not written through the gateway, whatever policies say.',
    ],
  ])('%#', (policies, input, expected) => {
    expect(explain(bundleOf(policies), input).sentence).toBe(expected);
  });
});

test('nothing of an object is quoted', () => {
  const secret = 'hunter2-hunter2';
  const object = known({ metadata: { name: secret, labels: { a: secret } }, data: { password: secret } });
  const policies = p(
    rule('r', { verbs: ['*'], objectSelector: { matchLabels: { a: 'b' } } }),
    deny('d', { verbs: ['*'], conditions: [condition('c', 'int(object.data.password) == 1')] }),
  );
  const explained = explain(
    bundleOf(policies),
    settledCall(`PATCH ${GET_POD.slice(4)}`, { object, oldObject: object }),
  );
  expect(explained.rules[1]?.sentence).toContain('(it failed: InvalidArgument)');
  expect(JSON.stringify(explained)).not.toContain(secret);
});
