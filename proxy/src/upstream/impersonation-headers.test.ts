import { describe, expect, test } from 'vitest';
import { newIdentity, type Identity } from '../authn/identity.ts';
import { impersonationHeaders } from './impersonation-headers.ts';

/** One whose impersonation is just this. */
function identity(sent: Partial<Identity['impersonation']>): Identity {
  const impersonation = { username: 'agent@example.com', uid: '', groups: [], extra: {}, via: false, ...sent };
  return {
    ...newIdentity(impersonation, { issuer: 'https://issuer.example.com', expiresAt: 0 }),
    impersonation,
  };
}

describe('impersonation headers', () => {
  test('have one line for each value', () => {
    const caller = identity({
      uid: 'u-1',
      groups: ['agents', 'ci, admins'],
      extra: { 'chaperone.dev/run': ['7'], 'example.com/scopes': ['a', 'b'] },
      via: true,
    });
    expect(impersonationHeaders(caller, 'replica-1')).toEqual([
      'Impersonate-User',
      'agent@example.com',
      'Impersonate-Uid',
      'u-1',
      'Impersonate-Group',
      'agents',
      'Impersonate-Group',
      'ci, admins',
      'Impersonate-Extra-chaperone.dev%2Frun',
      '7',
      'Impersonate-Extra-example.com%2Fscopes',
      'a',
      'Impersonate-Extra-example.com%2Fscopes',
      'b',
      'Impersonate-Extra-chaperone.dev%2Fvia',
      'replica-1',
    ]);
  });

  test('name the gateway by its own word, whatever the identity says', () => {
    const caller = identity({ extra: { 'chaperone.dev/via': ['forged'] }, via: true });
    expect(impersonationHeaders(caller, 'replica-1')).toEqual([
      'Impersonate-User',
      'agent@example.com',
      'Impersonate-Extra-chaperone.dev%2Fvia',
      'replica-1',
    ]);
    const without = identity({ extra: { 'chaperone.dev/via': ['forged'] } });
    expect(impersonationHeaders(without, 'replica-1')).toEqual(['Impersonate-User', 'agent@example.com']);
  });

  test('carry UTF-8 byte by byte, and escape keys as client-go does', () => {
    const caller = identity({ username: 'jürgen', extra: { 'ä%/ b': ['✓'] } });
    const headers = impersonationHeaders(caller, 'r');
    expect(headers[0]).toBe('Impersonate-User');
    expect(Buffer.from(headers[1] ?? '', 'latin1').toString('utf8')).toBe('jürgen');
    expect(headers[2]).toBe('Impersonate-Extra-%C3%A4%25%2F%20b');
    expect(Buffer.from(headers[3] ?? '', 'latin1').toString('utf8')).toBe('✓');
  });

  test('are made once for an identity', () => {
    const caller = identity({});
    expect(impersonationHeaders(caller, 'r')).toBe(impersonationHeaders(caller, 'r'));
  });

  test('are never made without a name', () => {
    expect(() => impersonationHeaders(identity({ username: '' }), 'r')).toThrow(
      expect.objectContaining({ code: 'IdentityMissing' }),
    );
  });
});
