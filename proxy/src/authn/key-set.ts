import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWK } from 'jose';
import { AuthenticationError } from './authentication-error.ts';
import type { CompactToken } from './compact-token.ts';

/** Google publishes two or three keys, Entra ID about ten. */
const MAX_KEYS = 100;

/** The published keys of an issuer, as of one answer. */
export interface KeySet {
  readonly size: number;
  /** Equal for equal keys. */
  readonly fingerprint: string;
  /** Whether a key of that name is published, whatever it is good for. */
  has(keyId: string): boolean;
  /** @throws AuthenticationError `SignatureInvalid` where no key, or more than one, could have signed the token. */
  keyFor(token: CompactToken): Promise<CryptoKey>;
}

/**
 * Reads a JWK Set (RFC 7517). Keys that are no public signing keys stay in it and fit no token. Throws TypeError where
 * the answer is no such set.
 */
export function readKeySet(value: unknown): KeySet {
  if (!isJwkSet(value)) throw new TypeError('the answer is not a JSON Web Key Set');
  if (value.keys.length > MAX_KEYS) throw new TypeError(`the key set has more than ${MAX_KEYS} keys`);
  const find = createLocalJWKSet(value);
  const keyIds = new Set(value.keys.map(({ kid }) => kid));
  return {
    size: value.keys.length,
    fingerprint: JSON.stringify(value.keys),
    has: (keyId) => keyIds.has(keyId),
    async keyFor({ algorithm, keyId }) {
      try {
        return await find(keyId === undefined ? { alg: algorithm } : { alg: algorithm, kid: keyId });
      } catch (cause) {
        throw new AuthenticationError('SignatureInvalid', reasonOf(cause), cause);
      }
    },
  };
}

function isJwkSet(value: unknown): value is JSONWebKeySet {
  return isRecord(value) && Array.isArray(value['keys']) && value['keys'].every(isJwk);
}

function isJwk(value: unknown): value is JWK {
  return isRecord(value) && typeof value['kty'] === 'string';
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWKSNoMatchingKey) return 'no key of the issuer is for this algorithm';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say which of several keys signed it';
  return undefined;
}
