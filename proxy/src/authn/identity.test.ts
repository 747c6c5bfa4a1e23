import { describe, expect, test } from 'vitest';
import { newIdentity, newNativeIdentity } from './identity.ts';

const user = {
  username: 'u',
  uid: '7',
  groups: ['g'],
  extra: {
    'chaperone.dev/run': ['r'],
    'a.example/b': ['b'],
    'authentication.kubernetes.io/credential-id': ['JTI=1'],
    'authentication.kubernetes.io/pod-name': ['p'],
  },
};
const source = { issuer: 'https://issuer.example', expiresAt: 1 };

describe('newIdentity', () => {
  const identity = newIdentity(user, source);

  test('shows policies all that is known, and the group that everybody is in', () => {
    expect(identity).toMatchObject({ ...user, groups: ['g', 'system:authenticated'], ...source });
    expect(identity.serviceAccount).toBeUndefined();
  });

  test('sends what was mapped, without the id of the token, and may say that it came through the gateway', () => {
    const { 'authentication.kubernetes.io/credential-id': _id, ...extra } = user.extra;
    expect(identity.impersonation).toEqual({ username: 'u', uid: '7', groups: ['g'], extra, via: true });
  });

  test('names the facts of Chaperone', () => {
    expect(identity.facts).toEqual({ run: ['r'] });
  });

  test('cannot be changed by one call for the next', () => {
    expect(() => Array.prototype.push.call(identity.impersonation.groups, 'system:masters')).toThrow(TypeError);
    expect(() => Object.assign(identity, { username: 'other' })).toThrow(TypeError);
    expect(Object.isFrozen(identity.extra['a.example/b'])).toBe(true);
  });
});

describe('newNativeIdentity', () => {
  test('shows policies all that is known and sends a name alone', () => {
    const serviceAccount = { namespace: 'ci', name: 'runner' };
    const identity = newNativeIdentity(user, { ...source, serviceAccount });
    expect(identity).toMatchObject({ ...user, groups: ['g', 'system:authenticated'], serviceAccount });
    expect(identity.impersonation).toEqual({ username: 'u', uid: '', groups: [], extra: {}, via: false });
    expect(Object.isFrozen(identity)).toBe(true);
  });
});
