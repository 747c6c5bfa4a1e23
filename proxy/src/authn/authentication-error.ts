/**
 * Every reason why a caller is not known, with the HTTP status of the answer and words that say what to do.
 *
 * 401 makes exec credential plugins fetch a new token (client-go `exec.go`), so it is kept for tokens that were judged.
 * Where nothing could be judged, because an issuer or the API server does not answer, a new token would not help: 503.
 * Messages are constant; what varies is the detail, which holds neither the token nor any claim but `iss` and times.
 */
export const AUTHENTICATION_ERRORS = {
  NoToken: {
    status: 401,
    message:
      'no bearer token was sent and anonymous calls are not served: use a kubeconfig with a token or an exec credential plugin',
  },
  ClientCertificate: {
    status: 401,
    message:
      'a client certificate cannot pass a gateway that terminates TLS: use a kubeconfig with a token or an exec credential plugin',
  },
  SchemeUnsupported: { status: 401, message: 'the only Authorization scheme served is Bearer' },
  TokenTooLong: { status: 401, message: 'the token is too long: ask the issuer for fewer claims' },
  TokenMalformed: { status: 401, message: 'the token is not a JSON Web Token in compact form' },
  TokenEncrypted: { status: 401, message: 'the token is encrypted: ask the issuer for a signed one' },
  TokenTypeUnsupported: {
    status: 401,
    message: 'the token is neither an ID token nor an access token, by the typ of its header',
  },
  AlgorithmUnsupported: {
    status: 401,
    message: 'the token is not signed with one of RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512',
  },
  HeaderUnsupported: { status: 401, message: 'the header of the token asks for an extension that is not supported' },
  IssuerUnknown: { status: 401, message: 'the issuer of the token is not one of those configured' },
  SignatureInvalid: { status: 401, message: "the signature of the token does not verify with its issuer's keys" },
  KeyUnknown: {
    status: 401,
    message:
      'the token names a key that its issuer does not publish: if the issuer has just changed its keys, try again in some seconds',
  },
  TokenExpired: { status: 401, message: 'the token has expired: log in again or request a new one' },
  TokenNotYetValid: { status: 401, message: 'the token is not valid yet: compare the clocks of caller and issuer' },
  AudienceMismatch: { status: 401, message: 'the token is not meant for this gateway: request one with its audience' },
  ClaimInvalid: { status: 401, message: 'a claim that every token must have is missing or of the wrong type' },
  ClaimRefused: { status: 401, message: 'the claims of the token do not satisfy a claimValidationRule' },
  GroupsElsewhere: {
    status: 401,
    message:
      'the token names a source for its groups instead of holding them, which is not followed: the caller is in too many groups for one token; have the issuer send only groups assigned to the application, or application roles',
  },
  MappingFailed: { status: 401, message: 'the claims of the token do not map to a user' },
  NameRefused: { status: 401, message: 'the token maps to a name that is not accepted' },
  UserRefused: { status: 401, message: 'the user that the token maps to does not satisfy a userValidationRule' },
  LegacyServiceAccountToken: {
    status: 401,
    message:
      'tokens of ServiceAccounts out of Secrets have no audience and no end: request one with kubectl create token --audience',
  },
  TokenRefused: {
    status: 401,
    message:
      'the API server does not vouch for the token: it may have expired, or its ServiceAccount or pod is gone, or it was issued for another audience',
  },
  NotServiceAccount: { status: 401, message: 'the API server vouches for the token, but not for a ServiceAccount' },
  IssuerUnavailable: {
    status: 503,
    message: 'the token cannot be verified now, because its issuer cannot be reached: try again later',
  },
  TokenReviewUnavailable: {
    status: 503,
    message: 'the token cannot be verified now, because the API server does not answer its review: try again later',
  },
  TooManyTokenReviews: { status: 429, message: 'too many new tokens of ServiceAccounts are being reviewed' },
} as const satisfies Record<string, { readonly status: 401 | 429 | 503; readonly message: string }>;

export type AuthenticationErrorCode = keyof typeof AUTHENTICATION_ERRORS;

const DETAIL_LENGTH = 256;

/** Controls, format characters, surrogates without a partner, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A caller that is not known. The message is meant for the caller. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
  readonly code: AuthenticationErrorCode;
  /** The HTTP status of the answer. */
  readonly status: 401 | 429 | 503;
  /** What exactly, bounded and printable. */
  readonly detail: string | undefined;
  /** Only where trying again by itself is what a client should do. */
  readonly retryAfterSeconds: number | undefined;

  /** `cause` must not quote the token: errors of JSON.parse do. */
  constructor(code: AuthenticationErrorCode, detail?: string, cause?: unknown) {
    const { status, message } = AUTHENTICATION_ERRORS[code];
    const shown = detail === undefined ? undefined : printable(detail);
    super(shown === undefined ? message : `${message}: ${shown}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.status = status;
    this.detail = shown;
    this.retryAfterSeconds = status === 429 ? 1 : undefined;
  }
}

function printable(text: string): string {
  const clean = text.slice(0, DETAIL_LENGTH).replaceAll(UNPRINTABLE, '\u{fffd}');
  return text.length > DETAIL_LENGTH ? `${clean}...` : clean;
}
