import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { tokenClaims, type Claims, type ClaimsRequest } from './claims.ts';
import { IssuerError } from './issuer-error.ts';
import type { KeySet, SigningKey } from './key-set.ts';
import { readKeys, readSettings } from './state.ts';

/** Departures from an honest signature: what an attacker would try. */
export interface SignatureRequest {
  /**
   * `alg` of the header; RS256 unless given. `none` leaves the signature empty. With HS256, HS384 and HS512 the secret is
   * the issuer's public key as PEM, the confusion of RFC 8725, section 2.1, unless there is a `key`.
   */
  readonly algorithm?: string;
  /** `kid` of the header, whatever key signs; the signing key's own unless given. */
  readonly kid?: string;
  /** A key that is not the issuer's, as PEM or JWK; for HS algorithms the secret. The `kid` still names the issuer's key. */
  readonly key?: string;
}

/** Everything that `npm run token` lets one ask for. */
export interface TokenRequest extends ClaimsRequest, SignatureRequest {}

/**
 * Makes a token of the issuer in `directory`, signed with its keys; the issuer itself need not run.
 *
 * Throws IssuerError `NotSetUp` where no issuer was ever started, `BadKey` where no key fits.
 */
export async function mintToken(directory: string, request: TokenRequest, now = new Date()): Promise<string> {
  const { url, audience } = readSettings(directory);
  const claims = tokenClaims(request, { issuer: url, audience, now, id: randomUUID() });
  return issueToken(readKeys(directory), claims, request);
}

/** Signs claims as a JWT in compact form. The claims go out as they are, however odd. Throws IssuerError `BadKey`. */
export async function issueToken(keys: KeySet, claims: Claims, request: SignatureRequest = {}): Promise<string> {
  const own = keyFor(keys, request.algorithm ?? 'RS256');
  const foreign = request.key;
  const alg = request.algorithm ?? (foreign === undefined ? own.alg : algorithmOf(readPrivateKey(foreign)));
  const header = { alg, typ: 'JWT', kid: request.kid ?? own.kid };
  if (alg === 'none') {
    const [head, body] = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    return `${head}.${body}.`;
  }
  const key = alg.startsWith('HS') ? secretFor(own, foreign) : privateKeyFor(own, foreign);
  try {
    return await new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IssuerError('BadKey', `the key cannot sign with ${alg}: ${reason}`, { cause });
  }
}

/** The key whose `kid` the token names: the newest of the algorithm, else the newest that could pass for it. */
function keyFor(keys: KeySet, algorithm: string): SigningKey {
  const exact = keys.find((key) => key.alg === algorithm);
  const alike = keys.find((key) => key.kty === (algorithm.startsWith('ES') ? 'EC' : 'RSA'));
  const key = exact ?? alike;
  if (key === undefined) throw new IssuerError('BadKey', `the issuer has no key for ${algorithm}`);
  return key;
}

function privateKeyFor(own: SigningKey, foreign: string | undefined): KeyObject {
  return foreign === undefined ? createPrivateKey({ key: { ...own }, format: 'jwk' }) : readPrivateKey(foreign);
}

function secretFor(own: SigningKey, foreign: string | undefined): Uint8Array {
  if (foreign !== undefined) return Buffer.from(foreign);
  return Buffer.from(createPublicKey({ key: { ...own }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));
}

function readPrivateKey(text: string): KeyObject {
  try {
    if (!text.trimStart().startsWith('{')) return createPrivateKey(text);
    const jwk: unknown = JSON.parse(text);
    if (typeof jwk !== 'object' || jwk === null) throw new TypeError('not a JWK');
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch (cause) {
    throw new IssuerError('BadKey', 'the key given is neither a private key in PEM nor one as JWK', { cause });
  }
}

/** The algorithm a key is most used with (RFC 7518, section 3.1; RFC 8037), by its type and curve. */
const USUAL_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['rsa', 'RS256'],
  ['ec prime256v1', 'ES256'],
  ['ec secp384r1', 'ES384'],
  ['ec secp521r1', 'ES512'],
  ['ed25519', 'EdDSA'],
]);

function algorithmOf(key: KeyObject): string {
  const type = [key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve].filter(Boolean).join(' ');
  const algorithm = USUAL_ALGORITHMS.get(type);
  if (algorithm === undefined) throw new IssuerError('BadKey', `keys of type ${type} sign no tokens here`);
  return algorithm;
}
