import { compactVerify, errors } from 'jose';
import { AuthenticationError } from './authentication-error.ts';
import { mapClaims } from './claim-mapper.ts';
import type { CompactToken } from './compact-token.ts';
import type { JwtAuthenticator } from './configuration.ts';
import { newIdentity, type Identity } from './identity.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { checkStandardClaims } from './standard-claims.ts';

/**
 * The identity of a token of the authenticator's issuer: signature first, so that nobody but the issuer's own callers
 * learns what is asked of claims. `now` is in milliseconds since the epoch.
 *
 * @throws AuthenticationError
 */
export async function verifyToken(
  token: CompactToken,
  authenticator: JwtAuthenticator,
  keys: Pick<IssuerKeys, 'keyFor'>,
  now: number,
): Promise<Identity> {
  await verifySignature(token, keys);
  const { issuer } = authenticator;
  const { expiresAt, credentialId } = checkStandardClaims(token.claims, { audiences: issuer.audiences, now });
  return newIdentity(mapClaims(authenticator, token.claims, credentialId), { issuer: issuer.url, expiresAt });
}

async function verifySignature(token: CompactToken, keys: Pick<IssuerKeys, 'keyFor'>): Promise<void> {
  const key = await keys.keyFor(token);
  try {
    await compactVerify(token.text, key, { algorithms: [token.algorithm] });
  } catch (cause) {
    // A TypeError is a key that does not suit the algorithm, such as RSA of less than 2048 bits.
    if (cause instanceof errors.JOSEError || cause instanceof TypeError) {
      throw new AuthenticationError('SignatureInvalid', undefined, cause);
    }
    throw cause;
  }
}
