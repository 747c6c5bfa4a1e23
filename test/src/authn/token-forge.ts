import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A key pair of an issuer, and how it is published. */
export interface ForgeKey {
  readonly algorithm: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key as JWK (RFC 7517). */
  readonly jwk: Readonly<Record<string, unknown>> & { readonly kty: string };
}

type Family = 'RS' | 'PS' | 'ES';

const CURVES: Readonly<Record<string, string>> = { '256': 'P-256', '384': 'P-384', '512': 'P-521' };

/** A new key for one of RS, PS and ES with 256, 384 or 512. */
export function forgeKey(kid: string, algorithm = 'RS256', modulusLength = 2048): ForgeKey {
  const { privateKey, publicKey } = algorithm.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: CURVES[algorithm.slice(2)] ?? 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength });
  const { kty = '', ...rest } = publicKey.export({ format: 'jwk' });
  return { algorithm, kid, privateKey, publicKey, jwk: { kty, ...rest, kid, alg: algorithm, use: 'sig' } };
}

export interface Forgery {
  /** The protected header; objects are written as JSON, texts as they are. */
  readonly header: unknown;
  readonly claims: unknown;
  readonly key: ForgeKey;
  /** How it is really signed; the key's algorithm unless given. */
  readonly algorithm?: string;
}

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A token with exactly this header and these claims, however odd, and a signature that is good for them. */
export function forgeToken({ header, claims, key, algorithm = key.algorithm }: Forgery): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${signBytes(Buffer.from(signed), key, algorithm).toString('base64url')}`;
}

function signBytes(bytes: Buffer, key: ForgeKey, algorithm: string): Buffer {
  const family = algorithm.slice(0, 2);
  const digest = `sha${algorithm.slice(2)}`;
  if (family === 'HS') {
    // RFC 8725, section 2.1: the public key, which everybody has, as the secret.
    return createHmac(digest, key.publicKey.export({ type: 'spki', format: 'pem' }))
      .update(bytes)
      .digest();
  }
  return sign(digest, bytes, signingKey(key.privateKey, isFamily(family) ? family : 'RS'));
}

const isFamily = (text: string): text is Family => ['RS', 'PS', 'ES'].includes(text);

function signingKey(key: KeyObject, family: Family): Parameters<typeof sign>[2] {
  switch (family) {
    case 'RS':
      return key;
    case 'PS':
      // RSA_PKCS1_PSS_PADDING, with a salt as long as the digest (RFC 7518, section 3.5).
      return { key, padding: 6, saltLength: -1 };
    case 'ES':
      return { key, dsaEncoding: 'ieee-p1363' };
    default:
      return family satisfies never;
  }
}

/** A token as the issuer of `key` makes it. */
export function mintForged(key: ForgeKey, claims: unknown, header: Readonly<Record<string, unknown>> = {}): string {
  return forgeToken({ header: { alg: key.algorithm, typ: 'JWT', kid: key.kid, ...header }, claims, key });
}

/** The JWK Set that publishes the keys. */
export function jwkSet(...keys: readonly ForgeKey[]): { keys: readonly unknown[] } {
  return { keys: keys.map(({ jwk }) => jwk) };
}
