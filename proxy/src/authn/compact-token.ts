import { hash } from 'node:crypto';
import type { JsonMapping } from '@chaperone/crds/expression/value';
import { AuthenticationError } from './authentication-error.ts';
import { parseJsonObject } from './json-object.ts';

/** Characters of a token. Entra ID's with 200 groups have about 12,000. */
export const MAX_TOKEN_LENGTH = 32_768;

/** What Kubernetes accepts: signatures by key pairs. With an HMAC whoever verifies could also sign. */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** The claims of a token as JSON has them; whether they are true is another matter. */
export type Claims = JsonMapping;

/** A JSON Web Token that is well formed. Nothing of it is verified. */
export interface CompactToken {
  readonly text: string;
  /** SHA-256 of the text, base64: what caches are keyed by, so that a dump of one holds no credential. */
  readonly digest: string;
  readonly algorithm: SignatureAlgorithm;
  readonly keyId: string | undefined;
  readonly claims: Claims;
}

/** The digest of a token, before anything is known of it. */
export function tokenDigest(text: string): string {
  return hash('sha256', text, 'base64');
}

/**
 * Reads a token strictly: what another parser could read differently is refused.
 *
 * @throws AuthenticationError
 */
export function parseCompactToken(text: string, digest = tokenDigest(text)): CompactToken {
  if (text.length > MAX_TOKEN_LENGTH) throw new AuthenticationError('TokenTooLong');
  const segments = text.split('.', 6);
  // Five segments are a JWE (RFC 7516, section 7.1).
  if (segments.length === 5) throw new AuthenticationError('TokenEncrypted');
  const [head = '', body = '', signature = ''] = segments;
  if (segments.length !== 3) throw new AuthenticationError('TokenMalformed');
  const header = decodeObject(head, 'header');
  const { algorithm, keyId } = readHeader(header);
  const claims = decodeObject(body, 'claims');
  if (signature === '' || decodeSegment(signature) === undefined) {
    throw new AuthenticationError('TokenMalformed', 'signature');
  }
  return { text, digest, algorithm, keyId, claims };
}

function decodeObject(segment: string, part: string): JsonMapping {
  const bytes = decodeSegment(segment);
  const object = bytes === undefined ? undefined : parseJsonObject(bytes);
  if (object === undefined) throw new AuthenticationError('TokenMalformed', part);
  return object;
}

/** Buffer skips what is no base64url and drops surplus bits: only what encodes back to itself was canonical. */
function decodeSegment(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

function readHeader(header: JsonMapping): { algorithm: SignatureAlgorithm; keyId: string | undefined } {
  const { alg, kid, typ } = header;
  const algorithm = SIGNATURE_ALGORITHMS.find((supported) => supported === alg);
  if (algorithm === undefined) throw new AuthenticationError('AlgorithmUnsupported');
  // An extension that is not understood must be refused (RFC 7515, section 4.1.11), and none is. `b64` counts only if
  // `crit` names it; alone, two verifiers would sign different bytes (RFC 7797, section 6).
  for (const name of ['crit', 'b64', 'enc', 'zip']) {
    if (Object.hasOwn(header, name)) throw new AuthenticationError('HeaderUnsupported', name);
  }
  if (kid !== undefined && typeof kid !== 'string') throw new AuthenticationError('TokenMalformed', 'kid');
  if (typ !== undefined && typeof typ !== 'string') throw new AuthenticationError('TokenMalformed', 'typ');
  if (typ !== undefined && isForeignType(typ)) throw new AuthenticationError('TokenTypeUnsupported');
  return { algorithm, keyId: kid };
}

/**
 * Logout tokens, security events, DPoP proofs and their kin may carry our audience and are signed with the same keys
 * (RFC 8725, section 3.11). Access tokens are `at+jwt` (RFC 9068), also with a vendor's prefix; ID tokens `JWT` or none.
 */
function isForeignType(typ: string): boolean {
  const type = typ.toLowerCase();
  return type.endsWith('+jwt') && !/(?:^|[/-])at\+jwt$/u.test(type);
}
