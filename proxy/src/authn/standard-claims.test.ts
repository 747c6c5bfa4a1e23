import { refusalOf } from '@chaperone/test/authn/refusal';
import { describe, expect, test } from 'vitest';
import type { Claims } from './compact-token.ts';
import { checkStandardClaims, issuerOf } from './standard-claims.ts';

const NOW = Date.UTC(2026, 5, 1);
const SECONDS = NOW / 1000;
const good: Claims = { iss: 'https://issuer.example', sub: 'a', aud: 'chaperone', exp: SECONDS + 60 };

const check = (changes: Claims, now = NOW) =>
  checkStandardClaims({ ...good, ...changes }, { audiences: ['chaperone', 'other'], now });

describe('checkStandardClaims', () => {
  test('answers when the token ends', () => {
    expect(check({ jti: 'abc' })).toEqual({ expiresAt: NOW + 60_000, credentialId: 'JTI=abc' });
  });

  test.each(
    Object.entries({ 'is missing': undefined, 'is a number': 7, 'holds a blank': 'a b', 'is long': 'a'.repeat(300) }),
  )('leaves out a jti that %s', (_sentence, jti) => {
    expect(check({ jti }).credentialId).toBeUndefined();
  });

  const table: Record<string, [changes: Claims, want: string]> = {
    'one audience as a text': [{}, 'accepted'],
    'our audience among others': [{ aud: ['x', 'other'] }, 'accepted'],
    'another audience': [{ aud: 'chaperone2' }, 'AudienceMismatch'],
    'our audience as part of a text': [{ aud: 'chaperone other' }, 'AudienceMismatch'],
    'our audience with a slash': [{ aud: 'chaperone/' }, 'AudienceMismatch'],
    'our audience in capitals': [{ aud: 'Chaperone' }, 'AudienceMismatch'],
    'no audience': [{ aud: undefined }, 'ClaimInvalid'],
    'an empty list of audiences': [{ aud: [] }, 'AudienceMismatch'],
    'our audience in a list inside the list': [{ aud: [['chaperone']] }, 'ClaimInvalid'],
    'our audience beside something that is no text': [{ aud: ['chaperone', 1] }, 'ClaimInvalid'],
    'our audience as a name of an object': [{ aud: { chaperone: true, length: 1, 0: 'chaperone' } }, 'ClaimInvalid'],
    'audience null': [{ aud: null }, 'ClaimInvalid'],
    'audience true': [{ aud: true }, 'ClaimInvalid'],
    'no expiry': [{ exp: undefined }, 'ClaimInvalid'],
    'an expiry as a text': [{ exp: String(SECONDS + 60) }, 'ClaimInvalid'],
    'an expiry of null': [{ exp: null }, 'ClaimInvalid'],
    'an expiry in milliseconds': [{ exp: NOW + 60_000 }, 'ClaimInvalid'],
    'an expiry beyond all numbers': [{ exp: Infinity }, 'ClaimInvalid'],
    'an expiry below zero': [{ exp: -1 }, 'ClaimInvalid'],
    'an expiry with a fraction': [{ exp: SECONDS + 0.5 }, 'accepted'],
    'an expiry in this moment': [{ exp: SECONDS }, 'TokenExpired'],
    'an expiry a second ago': [{ exp: SECONDS - 1 }, 'TokenExpired'],
    'a beginning a minute ahead': [{ nbf: SECONDS + 60 }, 'accepted'],
    'a beginning more than a minute ahead': [{ nbf: SECONDS + 61, exp: SECONDS + 600 }, 'TokenNotYetValid'],
    'a beginning as a text': [{ nbf: '0' }, 'ClaimInvalid'],
    'an issue time after its end': [{ iat: SECONDS + 100 }, 'ClaimInvalid'],
    'an issue time as a list': [{ iat: [SECONDS] }, 'ClaimInvalid'],
    'no subject': [{ sub: undefined }, 'accepted'],
    'a subject that is a number': [{ sub: 7 }, 'ClaimInvalid'],
    'a subject that is a list': [{ sub: ['a'] }, 'ClaimInvalid'],
    'a subject that is null': [{ sub: null }, 'ClaimInvalid'],
  };
  test.each(Object.entries(table))('%s', (_sentence, [changes, want]) => {
    expect(refusalOf(() => check(changes))).toBe(want);
  });

  test('says which audience is wanted and when the token ended, and nothing that it held', () => {
    expect(() => check({ aud: 'secret-audience' })).toThrow(/request one with its audience: chaperone, other$/u);
    expect(() => check({ exp: SECONDS - 1 })).toThrow(
      /log in again or request a new one: at 2026-05-31T23:59:59.000Z$/u,
    );
  });
});

describe('issuerOf', () => {
  const table: Record<string, [claims: Claims, want: string]> = {
    'is the text of iss': [{ iss: 'https://a.example/' }, 'https://a.example/'],
    'adds the scheme that Google may leave out': [{ iss: 'accounts.google.com' }, 'https://accounts.google.com'],
    'adds it for nobody else': [{ iss: 'accounts.google.com.evil.example' }, 'accounts.google.com.evil.example'],
    'is empty without iss': [{}, ''],
    'is empty where iss is a list': [{ iss: ['https://a.example'] }, ''],
    'is empty where iss is an object': [{ iss: { toString: 'https://a.example' } }, ''],
  };
  test.each(Object.entries(table))('%s', (_sentence, [claims, want]) => {
    expect(issuerOf(claims)).toBe(want);
  });
});
