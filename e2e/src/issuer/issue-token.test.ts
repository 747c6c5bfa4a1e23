import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { issueToken } from './issue-token.ts';
import { generateKeys, rotated, type KeySet, type SigningKey } from './key-set.ts';

const claims = { sub: 'u', exp: 4_000_000_000 };
let keys: KeySet;
let rsa: SigningKey;
let ec: SigningKey;

beforeAll(async () => {
  keys = await generateKeys();
  const [first, second] = keys;
  if (first === undefined || second === undefined) throw new Error('two keys are expected');
  [rsa, ec] = [first, second];
});

/** What the issuer publishes. */
function publicSet(): ReturnType<typeof createLocalJWKSet> {
  const published = keys.map((key) => {
    const { kty = '', ...parts } = createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'jwk' });
    return { ...parts, kty, kid: key.kid, alg: key.alg, use: key.use };
  });
  return createLocalJWKSet({ keys: published });
}

const refusal = (token: string): Promise<unknown> =>
  jwtVerify(token, publicSet()).then(
    () => 'verified',
    (error: unknown) => (error instanceof errors.JOSEError ? error.code : error),
  );

describe('an honest signature', () => {
  test('is RS256 and verifies against the keys', async () => {
    const token = await issueToken(keys, claims);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: rsa.kid });
    expect((await jwtVerify(token, publicSet())).payload).toEqual(claims);
  });

  test('is ES256 where that is asked for', async () => {
    const token = await issueToken(keys, claims, { algorithm: 'ES256' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: ec.kid });
    expect((await jwtVerify(token, publicSet())).payload).toEqual(claims);
  });

  test('comes from the newest key after a rotation', async () => {
    const added = await generateKeys();
    const token = await issueToken(rotated(keys, added), claims);
    expect(decodeProtectedHeader(token).kid).toBe(added[0]?.kid);
  });

  test('covers claims of any shape as they are', async () => {
    const odd = { exp: 'soon', groups: { a: 1 }, aud: 7 };
    const token = await issueToken(keys, odd);
    const { payload } = await compactVerify(token, publicSet());
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(odd);
  });
});

describe('a forgery', () => {
  test('without a signature says so in its header', async () => {
    const token = await issueToken(keys, claims, { algorithm: 'none' });
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.$/);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'none' });
    expect(decodeJwt(token)).toEqual(claims);
    expect(await refusal(token)).toBe('ERR_JOSE_NOT_SUPPORTED');
  });

  test('with HS256 is keyed with the public key as PEM', async () => {
    const token = await issueToken(keys, claims, { algorithm: 'HS256' });
    const pem = createPublicKey({ key: { ...rsa }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    expect((await jwtVerify(token, Buffer.from(pem))).payload).toEqual(claims);
    expect(decodeProtectedHeader(token).kid).toBe(rsa.kid);
    expect(await refusal(token)).toBe('ERR_JOSE_NOT_SUPPORTED');
  });

  test('with HS256 and a secret is keyed with the secret', async () => {
    const key = 'a secret of at least thirty-two bytes';
    const token = await issueToken(keys, claims, { algorithm: 'HS256', key });
    expect((await jwtVerify(token, Buffer.from(key))).payload).toEqual(claims);
  });

  test.each([
    ['RS256', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['ES256', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['PS384', 'ERR_JWKS_NO_MATCHING_KEY'],
    ['ES384', 'ERR_JWKS_NO_MATCHING_KEY'],
    ['ES512', 'ERR_JWKS_NO_MATCHING_KEY'],
    ['EdDSA', 'ERR_JWKS_NO_MATCHING_KEY'],
  ])('with a foreign %s key verifies with that key alone, under the kid of ours', async (algorithm, want) => {
    const key = foreignKey(algorithm);
    const token = await issueToken(keys, claims, { algorithm, key: key.pem });
    expect((await jwtVerify(token, key.publicKey)).payload).toEqual(claims);
    expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(token).kid);
    expect(await refusal(token)).toBe(want);
  });

  test('takes its algorithm from the foreign key, as PEM or JWK', async () => {
    const { pem, jwk } = foreignKey('ES384');
    for (const key of [pem, jwk]) {
      expect(decodeProtectedHeader(await issueToken(keys, claims, { key })).alg).toBe('ES384');
    }
  });

  test('may name any kid', async () => {
    const token = await issueToken(keys, claims, { kid: '../../x' });
    expect(decodeProtectedHeader(token).kid).toBe('../../x');
  });
});

const unusable: Record<string, Parameters<typeof issueToken>[2]> = {
  'a key that is none': { key: 'hello' },
  'a JWK that is none': { key: '{"kty":"RSA"}' },
  'an algorithm that no key of ours fits': { algorithm: 'EdDSA' },
  'a curve that does not fit the algorithm': { algorithm: 'ES512' },
};

test.each(Object.entries(unusable))('refuses %s', async (_sentence, request) => {
  await expect(issueToken(keys, claims, request)).rejects.toMatchObject({ code: 'BadKey' });
});

function foreignKey(algorithm: string): { pem: string; jwk: string; publicKey: ReturnType<typeof createPublicKey> } {
  const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  const namedCurve = curves[algorithm];
  const { privateKey, publicKey } =
    namedCurve !== undefined
      ? generateKeyPairSync('ec', { namedCurve })
      : algorithm === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { pem, jwk: JSON.stringify(privateKey.export({ format: 'jwk' })), publicKey };
}
