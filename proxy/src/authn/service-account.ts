import { AuthenticationError } from './authentication-error.ts';
import type { CompactToken } from './compact-token.ts';
import { newIdentity, newNativeIdentity, type Identity } from './identity.ts';
import type { ServiceAccountSettings } from './service-account-settings.ts';
import { checkStandardClaims } from './standard-claims.ts';
import type { VouchedServiceAccount } from './token-review.ts';

/** The `iss` of tokens in Secrets of type `kubernetes.io/service-account-token`, whatever the cluster's issuer is. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';

/**
 * Judges by its claims whether a token is worth a TokenReview; none of them is verified yet. Answers when it ends, in
 * milliseconds since the epoch.
 *
 * @throws AuthenticationError
 */
export function checkBeforeReview(token: CompactToken, audience: string, now: number): number {
  return checkStandardClaims(token.claims, { audiences: [audience], now }).expiresAt;
}

/** The identity that a vouched ServiceAccount acts under. */
export function serviceAccountIdentity(
  vouched: VouchedServiceAccount,
  identity: ServiceAccountSettings['identity'],
  source: Pick<Identity, 'issuer' | 'expiresAt'>,
): Identity {
  const { serviceAccount, user } = vouched;
  const { namespace, name } = serviceAccount;
  switch (identity) {
    case 'Mapped':
      return newIdentity(
        {
          username: `chaperone:sa:${namespace}:${name}`,
          uid: user.uid,
          groups: ['chaperone:serviceaccounts', `chaperone:serviceaccounts:${namespace}`],
          extra: user.extra,
        },
        { ...source, serviceAccount },
      );
    case 'Native':
      return newNativeIdentity(user, { ...source, serviceAccount });
    default:
      return identity satisfies never;
  }
}

/** Whether claims look like those of a ServiceAccount's token, whoever issued it. */
export function looksLikeServiceAccount({ claims }: CompactToken): boolean {
  return Object.hasOwn(claims, 'kubernetes.io');
}

/** The answer to a token whose `iss` is {@link LEGACY_ISSUER}. */
export const legacyTokenError = (): AuthenticationError => new AuthenticationError('LegacyServiceAccountToken');
