import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { IssuerError } from './issuer-error.ts';

/** The algorithms that the issuer has a key for. RS256 comes first: it is what every client of OpenID Connect knows. */
export const ALGORITHMS = ['RS256', 'ES256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** A private signing key as JWK (RFC 7517). `kid` is its thumbprint (RFC 7638), so another key has another `kid`. */
export interface SigningKey extends JWK {
  readonly kty: string;
  readonly kid: string;
  readonly alg: Algorithm;
  readonly use: 'sig';
  readonly d: string;
}

/** The issuer's keys. Of each algorithm the first one signs; all of them are published for verification. */
export type KeySet = readonly SigningKey[];

/** New keys, one of each algorithm. */
export async function generateKeys(): Promise<KeySet> {
  const generate = promisify(generateKeyPair);
  const [rsa, ec] = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
  ]);
  return Promise.all([
    signingKey(rsa.privateKey.export({ format: 'jwk' }), 'RS256'),
    signingKey(ec.privateKey.export({ format: 'jwk' }), 'ES256'),
  ]);
}

async function signingKey(jwk: JWK, alg: Algorithm): Promise<SigningKey> {
  const { kty, d } = jwk;
  if (kty === undefined || d === undefined) throw new IssuerError('BadKey', `the new ${alg} key has no private part`);
  const named = { ...jwk, kty, d, alg, use: 'sig' } as const;
  return { ...named, kid: await calculateJwkThumbprint(named) };
}

/** The set after a rotation: the new keys sign, the earlier ones go on verifying what they have signed. */
export function rotated(keys: KeySet, added: KeySet): KeySet {
  return [...added, ...keys];
}

/** The set without the keys that no longer sign: what they have signed is refused from now on. */
export function withoutRetired(keys: KeySet): KeySet {
  return ALGORITHMS.flatMap((alg) => keys.find((key) => key.alg === alg) ?? []);
}

/** Reads a key set from JSON; throws IssuerError `BadState` naming `source` when it is anything else. */
export function parseKeySet(text: string, source: string): KeySet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new IssuerError('BadState', `${source} is not JSON`, { cause });
  }
  if (typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)) {
    const keys: unknown[] = value.keys;
    if (keys.length > 0 && keys.every(isSigningKey)) return keys;
  }
  throw new IssuerError('BadState', `${source} is not a set of private signing keys`);
}

function isSigningKey(value: unknown): value is SigningKey {
  if (typeof value !== 'object' || value === null) return false;
  const candidate: Partial<Record<keyof SigningKey, unknown>> = value;
  return (
    typeof candidate.kty === 'string' &&
    typeof candidate.kid === 'string' &&
    typeof candidate.d === 'string' &&
    candidate.use === 'sig' &&
    ALGORITHMS.some((alg) => alg === candidate.alg)
  );
}
