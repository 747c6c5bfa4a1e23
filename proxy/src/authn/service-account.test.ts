import { describe, expect, test } from 'vitest';
import { serviceAccountIdentity } from './service-account.ts';

const vouched = {
  serviceAccount: { namespace: 'ci', name: 'runner' },
  user: {
    username: 'system:serviceaccount:ci:runner',
    uid: '5f0c',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/pod-name': ['runner-0'] },
  },
};
const source = { issuer: 'https://kubernetes.default.svc', expiresAt: 1 };

describe('a vouched ServiceAccount', () => {
  test('Mapped acts under a name that RBAC knows nowhere else', () => {
    const sent = {
      username: 'chaperone:sa:ci:runner',
      uid: '5f0c',
      groups: ['chaperone:serviceaccounts', 'chaperone:serviceaccounts:ci'],
      extra: vouched.user.extra,
    };
    expect(serviceAccountIdentity(vouched, 'Mapped', source)).toMatchObject({
      ...sent,
      groups: [...sent.groups, 'system:authenticated'],
      serviceAccount: { namespace: 'ci', name: 'runner' },
      impersonation: { ...sent, via: true },
      ...source,
    });
  });

  test('Native acts under its own name and sends nothing else, while policies see its groups', () => {
    expect(serviceAccountIdentity(vouched, 'Native', source)).toMatchObject({
      ...vouched.user,
      serviceAccount: { namespace: 'ci', name: 'runner' },
      impersonation: { username: 'system:serviceaccount:ci:runner', uid: '', groups: [], extra: {}, via: false },
    });
  });
});
