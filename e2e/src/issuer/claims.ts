/** The claims of a token (RFC 7519, section 4). Any value that JSON has, also where a standard claim wants another. */
export type Claims = Readonly<Record<string, unknown>>;

/** Whom a token speaks of and what it says. Times are seconds from the moment of signing and may be negative. */
export interface ClaimsRequest {
  /** `sub` and the verified `email`. */
  readonly user: string;
  readonly groups: readonly string[];
  /** `exp`. */
  readonly expiresIn: number;
  /** `iat`; 0 unless given. */
  readonly issuedAt?: number;
  /** `nbf`; without it the claim is absent. */
  readonly notBefore?: number;
  /** Instead of the issuer's own. One audience is written as a string, several as an array. */
  readonly audiences?: readonly string[];
  /** Instead of the issuer's own URL. */
  readonly issuer?: string;
  /** Set last, in order, so that they win over all of the above; null drops a claim. */
  readonly claims?: readonly (readonly [name: string, value: unknown])[];
}

/** What the issuer adds to a token by itself. */
export interface ClaimsContext {
  readonly issuer: string;
  readonly audience: string;
  readonly now: Date;
  /** `jti`: two tokens for the same user in the same second are still two tokens. */
  readonly id: string;
}

/** The claims of a token for `request`. */
export function tokenClaims(request: ClaimsRequest, context: ClaimsContext): Claims {
  const now = Math.floor(context.now.getTime() / 1000);
  const audiences = request.audiences ?? [context.audience];
  const claims = new Map<string, unknown>([
    ['iss', request.issuer ?? context.issuer],
    ['sub', request.user],
    ['aud', audiences.length === 1 ? audiences[0] : audiences],
    ['iat', now + (request.issuedAt ?? 0)],
    ['exp', now + request.expiresIn],
    ['jti', context.id],
    ['email', request.user],
    ['email_verified', true],
    ['groups', request.groups],
  ]);
  if (request.notBefore !== undefined) claims.set('nbf', now + request.notBefore);
  for (const [name, value] of request.claims ?? []) claims.set(name, value);
  // fromEntries defines properties: a claim named __proto__ stays a claim.
  return Object.fromEntries([...claims].filter(([, value]) => value !== null));
}
