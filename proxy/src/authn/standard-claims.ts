import { AuthenticationError } from './authentication-error.ts';
import type { Claims } from './compact-token.ts';

/** Of `nbf`, in seconds, as in Kubernetes (go-oidc); `exp` has none. */
const NOT_BEFORE_LEEWAY = 60;

/** The last second of the year 9999: what lies beyond is no time but a number that no clock can compare with. */
const MAX_TIME = 253_402_300_799;

/** What is left to use of the registered claims (RFC 7519, section 4.1) once they are found good. */
export interface StandardClaims {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** `JTI=` and the `jti`, as Kubernetes writes it; undefined where there is none that can be shown. */
  readonly credentialId: string | undefined;
}

const GOOGLE = 'https://accounts.google.com';

/**
 * The `iss` that a token claims; '' where it is no text. Google's tokens may leave out the scheme, which no other
 * issuer is allowed to (OpenID Connect Core, section 15.6.2); go-oidc has the same exception.
 */
export function issuerOf(claims: Claims): string {
  const iss = Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;
  if (typeof iss !== 'string') return '';
  return iss === 'accounts.google.com' ? GOOGLE : iss;
}

/**
 * Judges audience, expiry and the types of the registered claims. `now` is in milliseconds since the epoch.
 *
 * @throws AuthenticationError
 */
export function checkStandardClaims(
  claims: Claims,
  { audiences, now }: { readonly audiences: readonly string[]; readonly now: number },
): StandardClaims {
  const { sub, aud, jti } = claims;
  const iat = timeOf(claims, 'iat');
  const exp = timeOf(claims, 'exp');
  const nbf = timeOf(claims, 'nbf');
  if (sub !== undefined && typeof sub !== 'string') throw new AuthenticationError('ClaimInvalid', 'sub');
  const present = audiencesOf(aud);
  if (present === undefined) throw new AuthenticationError('ClaimInvalid', 'aud');
  if (exp === undefined) throw new AuthenticationError('ClaimInvalid', 'exp');
  if (!audiences.some((audience) => present.includes(audience))) {
    throw new AuthenticationError('AudienceMismatch', audiences.join(', '));
  }
  const seconds = now / 1000;
  if (seconds >= exp) throw new AuthenticationError('TokenExpired', `at ${timestamp(exp)}`);
  // Some issuers leave out nbf and date iat ahead; Kubernetes does not look at iat, and neither is it judged here.
  if (nbf !== undefined && seconds + NOT_BEFORE_LEEWAY < nbf) {
    throw new AuthenticationError('TokenNotYetValid', `before ${timestamp(nbf)}`);
  }
  if (iat !== undefined && iat > exp) throw new AuthenticationError('ClaimInvalid', 'iat is after exp');
  return { expiresAt: exp * 1000, credentialId: credentialId(jti) };
}

/** A single audience may be written without the array (RFC 7519, section 4.1.3). Nothing else is a list of audiences. */
function audiencesOf(aud: Claims[string]): readonly string[] | undefined {
  if (typeof aud === 'string') return [aud];
  if (!Array.isArray(aud)) return undefined;
  const texts = aud.filter((value) => typeof value === 'string');
  return texts.length === aud.length ? texts : undefined;
}

function timeOf(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || value < 0 || value > MAX_TIME) throw new AuthenticationError('ClaimInvalid', name);
  return value;
}

const timestamp = (seconds: number): string => new Date(seconds * 1000).toISOString();

function credentialId(jti: Claims[string]): string | undefined {
  return typeof jti === 'string' && /^[\x21-\x7e]{1,256}$/u.test(jti) ? `JTI=${jti}` : undefined;
}
