import { describe, expect, test } from 'vitest';
import { tokenClaims, type Claims, type ClaimsRequest } from './claims.ts';

const NOW = 1_700_000_000;
const context = { issuer: 'https://issuer', audience: 'chaperone', now: new Date(NOW * 1000 + 999), id: 'id-1' };

const standard = {
  iss: 'https://issuer',
  sub: 'u',
  aud: 'chaperone',
  iat: NOW,
  exp: NOW + 600,
  jti: 'id-1',
  email: 'u',
  email_verified: true,
  groups: ['a', 'b'],
};

const table: Record<string, { request: Partial<ClaimsRequest>; want: Claims }> = {
  'the user is subject and verified email': { request: {}, want: standard },
  'a negative lifetime ends before it begins': { request: { expiresIn: -60 }, want: { ...standard, exp: NOW - 60 } },
  'issue and first use are relative to now': {
    request: { issuedAt: -10, notBefore: 30 },
    want: { ...standard, iat: NOW - 10, nbf: NOW + 30 },
  },
  'one audience is a string': { request: { audiences: ['x'] }, want: { ...standard, aud: 'x' } },
  'several audiences are an array': { request: { audiences: ['x', 'y'] }, want: { ...standard, aud: ['x', 'y'] } },
  'another issuer replaces our own': { request: { issuer: 'https://x' }, want: { ...standard, iss: 'https://x' } },
  'a claim is added as it is': {
    request: { claims: [['o', { a: [1, null] }]] },
    want: { ...standard, o: { a: [1, null] } },
  },
  'a claim wins over a standard one': {
    request: { claims: [['email_verified', 'yes']] },
    want: { ...standard, email_verified: 'yes' },
  },
  'the last claim of a name wins': {
    request: {
      claims: [
        ['n', 1],
        ['n', 2],
      ],
    },
    want: { ...standard, n: 2 },
  },
  'a value after a null brings the claim back': {
    request: {
      claims: [
        ['groups', null],
        ['groups', 'one'],
      ],
    },
    want: { ...standard, groups: 'one' },
  },
};

describe('the claims of a token', () => {
  test.each(Object.entries(table))('%s', (_sentence, { request, want }) => {
    expect(tokenClaims({ user: 'u', groups: ['a', 'b'], expiresIn: 600, ...request }, context)).toEqual(want);
  });

  test.each(Object.keys(standard))('null drops %s', (name) => {
    const claims = tokenClaims({ user: 'u', groups: [], expiresIn: 600, claims: [[name, null]] }, context);
    expect(Object.keys(claims).toSorted()).toEqual(
      Object.keys(standard)
        .filter((other) => other !== name)
        .toSorted(),
    );
  });

  test('a claim named like a prototype stays a claim', () => {
    const claims = tokenClaims({ user: 'u', groups: [], expiresIn: 1, claims: [['__proto__', { x: 1 }]] }, context);
    expect(JSON.stringify(claims)).toContain('"__proto__":{"x":1}');
  });
});
