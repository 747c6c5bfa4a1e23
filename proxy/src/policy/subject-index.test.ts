import { describe, expect, test } from 'vitest';
import type { Subject } from '@chaperone/crds/v1alpha1/generated/api';
import { identityOf, NOW } from '@chaperone/test/policy/calls';
import { serviceAccountIdentity } from '../authn/service-account.ts';
import type { PolicyCaller } from './policy-input.ts';
import { SubjectIndex } from './subject-index.ts';

const matches = (subject: Subject, caller: PolicyCaller): boolean =>
  new SubjectIndex([[subject]]).policiesOf(caller)[0] === 1;

const user = (name: string): Subject => ({ kind: 'User', name });
const group = (name: string): Subject => ({ kind: 'Group', name });
const account = (namespace: string, name: string): Subject => ({ kind: 'ServiceAccount', namespace, name });

const agent = identityOf('agent@example.com', ['agents', 'ci']);

/** As authn makes them of an account that TokenReview vouched for. */
const runner = (identity: 'Mapped' | 'Native'): PolicyCaller =>
  serviceAccountIdentity(
    {
      serviceAccount: { namespace: 'ci', name: 'runner' },
      user: {
        username: 'system:serviceaccount:ci:runner',
        uid: 'u',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
        extra: {},
      },
    },
    identity,
    { issuer: 'https://kubernetes.default.svc', expiresAt: NOW },
  );

describe('a subject', () => {
  test.each<readonly [string, Subject, PolicyCaller, boolean]>([
    ['of kind User matches the username', user('agent@example.com'), agent, true],
    ['of kind User matches no group', user('agents'), agent, false],
    ['of kind Group matches each of the groups', group('ci'), agent, true],
    ['of kind Group matches no username', group('agent@example.com'), agent, false],
    ['system:authenticated matches every caller', group('system:authenticated'), agent, true],
    ['is compared with case', group('Agents'), agent, false],
    ['is compared with blanks', group('agents '), agent, false],
    ['is no pattern', group('*'), agent, false],
    ['is compared code unit by code unit: a Cyrillic а is no a', group('аgents'), agent, false],
    ['is not normalised: é of one character is not é of two', user('jos\u00e9'), identityOf('jose\u0301', []), false],
    ['that has no name matches nobody', user(''), identityOf('', ['']), false],
    ['that has no name matches no empty group', group(''), identityOf('x', ['']), false],
    ['named __proto__ matches that group alone', group('__proto__'), identityOf('x', ['__proto__']), true],
    ['named __proto__ matches nobody else', group('__proto__'), agent, false],
    ['named constructor matches nobody by the prototype', user('constructor'), agent, false],
    ['of kind Group matches nobody who has no groups', group('agents'), identityOf('x', []), false],
  ])('%s', (_, subject, caller, expected) => {
    expect(matches(subject, caller)).toBe(expected);
  });
});

describe.each(['Mapped', 'Native'] as const)('a ServiceAccount whose identity is %s', (identity) => {
  test.each<readonly [string, Subject, boolean]>([
    ['matches its kind, namespace and name', account('ci', 'runner'), true],
    ['does not match another namespace', account('web', 'runner'), false],
    ['does not match another name', account('ci', 'run'), false],
    ['is in system:serviceaccounts', group('system:serviceaccounts'), true],
    ['is in system:serviceaccounts:NAMESPACE', group('system:serviceaccounts:ci'), true],
    ['is in chaperone:serviceaccounts', group('chaperone:serviceaccounts'), true],
    ['is in chaperone:serviceaccounts:NAMESPACE', group('chaperone:serviceaccounts:ci'), true],
    ['is not in the group of another namespace', group('system:serviceaccounts:c'), false],
    ['is in system:authenticated', group('system:authenticated'), true],
  ])('%s', (_, subject, expected) => {
    expect(matches(subject, runner(identity))).toBe(expected);
  });
});

test('a ServiceAccount is matched by TokenReview, not by a name that looks like one', () => {
  for (const username of ['system:serviceaccount:ci:runner', 'chaperone:sa:ci:runner', 'ci/runner']) {
    expect(matches(account('ci', 'runner'), identityOf(username, ['system:serviceaccounts:ci']))).toBe(false);
  }
});

describe('what was found for an identity', () => {
  test('is kept while that identity lives, as it cannot change', () => {
    const index = new SubjectIndex([[group('agents')]]);
    expect(index.policiesOf(agent)).toBe(index.policiesOf(agent));
  });

  test('is not kept for an identity that can change', () => {
    const index = new SubjectIndex([[group('agents')]]);
    const groups = ['agents'];
    const changing = { ...agent, groups };
    expect(index.policiesOf(changing)[0]).toBe(1);
    groups.pop();
    expect(index.policiesOf(changing)[0]).toBe(0);
  });

  test('is not that of another index: a new revision asks anew', () => {
    expect(new SubjectIndex([[group('agents')]]).policiesOf(agent)[0]).toBe(1);
    expect(new SubjectIndex([[group('others')]]).policiesOf(agent)[0]).toBe(0);
  });
});
