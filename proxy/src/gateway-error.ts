/**
 * Every reason, beside the form of a request and the identity of its caller, for which the gateway answers by itself
 * instead of the API server, with the HTTP status of the answer. Messages are constant; what varies is the detail.
 *
 * `retryAfterSeconds` stands only where the same call, sent again, may well succeed: client-go then comes back by
 * itself, up to ten times (client-go `rest/with_retry.go`).
 */
export const GATEWAY_ERRORS = {
  ImpersonationRefused: {
    status: 403,
    message: 'impersonation is not served: calls are forwarded under the name of their caller; leave out --as',
  },
  PolicyDenied: { status: 403, message: 'refused by policy' },
  ApprovalUnavailable: { status: 403, message: 'the call has to be approved, and no approvals are served here' },
  UpgradeNotServed: {
    status: 403,
    message:
      'a connection is upgraded for exec, attach and port-forward alone, and for what policies allow to be proxied',
  },
  UpgradeRequired: {
    status: 400,
    message: 'exec, attach and port-forward need an upgrade to websocket or SPDY/3.1: use a client that asks for one',
  },
  UpgradeMalformed: {
    status: 400,
    message: 'the upgrade of the connection is not asked for as it has to be',
  },
  FrameRefused: {
    status: 400,
    message: 'the session was ended, as it held what the gateway and the API server could read differently',
  },
  BodyTooLarge: { status: 413, message: 'the body of the request is too large' },
  BodyUnreadable: { status: 400, message: 'the body of the request cannot be read as what its Content-Type says' },
  BodyTypeUnsupported: { status: 415, message: 'bodies of this Content-Type are not served here' },
  BodyIncomplete: { status: 400, message: 'the request ended before its body did' },
  BodyTooSlow: { status: 408, message: 'the body of the request did not arrive in time' },
  TooManyBodies: {
    status: 429,
    message: 'too many bodies of requests are held in memory',
    retryAfterSeconds: 1,
  },
  TooManyRequests: {
    status: 429,
    message: 'too many concurrent requests of this caller',
    retryAfterSeconds: 1,
  },
  RightsLagging: {
    status: 429,
    message: "policy permits the call, but the gateway's own rights do not cover it yet",
    // Ten times this must outlast the operator's look for resources that are new: a chart with a CRD goes on to use it.
    retryAfterSeconds: 2,
  },
  ObjectUnavailable: {
    status: 503,
    message: 'policy looks at an object that the API server cannot show at the moment',
    retryAfterSeconds: 1,
  },
  // In the API server's words: the gateway answers these in its place.
  ResourceNotServed: { status: 404, message: 'the server could not find the requested resource' },
  MethodNotServed: { status: 405, message: 'the server does not allow this method on the requested resource' },
  BundleMissing: {
    status: 503,
    message:
      'no policies have been loaded yet: if this lasts, whoever administers Chaperone finds why in the logs of its operator and of this replica',
  },
  BundleStale: {
    status: 503,
    message:
      'policies have not been confirmed for too long: the gateway has lost the API server, or what its operator publishes is missing or damaged',
  },
  IntentNotWritable: {
    status: 503,
    message: 'the call cannot be recorded, so that it is not made',
  },
  ExplanationRefused: {
    status: 403,
    message: 'only calls of your own are explained to you: leave out user, or be in one of admin.explainGroups',
  },
  ExplanationUnreadable: { status: 400, message: 'the call that is to be explained is not described as it has to be' },
  // 400 and not 422: of what is Invalid kubectl prints the causes and not the message.
  PlaceholderWritten: {
    status: 400,
    message:
      'the body holds a placeholder of a masked value, which would replace the value: leave the field out, or patch only what is to change',
  },
  MaskedFieldRead: { status: 400, message: 'the patch copies, moves or tests a field that is masked for you' },
  MaskedFieldSelected: { status: 403, message: 'the selector names a field or a label that is masked for you' },
  AnswerNotMaskable: {
    status: 502,
    message:
      'a MaskingRule masks what you receive here, and the answer of the API server cannot be masked, so that it is not passed on: ask for JSON',
  },
  SessionNotMaskable: {
    status: 403,
    message: 'a MaskingRule masks what you receive here, and the bytes of a session cannot be masked',
  },
  MaskingChanged: {
    status: 503,
    message: 'the rules that mask what you receive have changed while the stream was open: connect anew',
    retryAfterSeconds: 1,
  },
  StreamTokenExpired: {
    status: 401,
    message: 'the token has expired while the stream was open: log in again or request a new one',
  },
  StreamTooLong: {
    status: 504,
    message: 'the stream has been open for as long as one may be here: connect anew',
  },
  Draining: { status: 503, message: 'this replica is shutting down: connect anew', retryAfterSeconds: 1 },
  UpstreamUnreachable: { status: 503, message: 'the API server cannot be reached; nothing has been sent to it' },
  UpstreamTimeout: { status: 504, message: 'the API server did not answer in time' },
  OutcomeUnknown: {
    status: 504,
    message: 'the connection to the API server broke after the call was sent: whether it was carried out is not known',
  },
  UpstreamBroken: { status: 502, message: 'the connection to the API server broke before it answered' },
  UpstreamMalformed: { status: 502, message: 'the answer of the API server cannot be understood' },
  IdentityMissing: { status: 500, message: 'the call would have been sent without an identity' },
  Internal: { status: 500, message: 'the gateway failed' },
} as const satisfies Record<
  string,
  { readonly status: number; readonly message: string; readonly retryAfterSeconds?: number }
>;

export type GatewayErrorCode = keyof typeof GATEWAY_ERRORS;

export interface GatewayErrorOptions {
  /** For the caller: what exactly. Never a value of an object, never a credential. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

const DETAIL_LENGTH = 2_048;

/** A call that the gateway does not serve. The message is meant for the caller. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: GatewayErrorCode, { detail, cause }: GatewayErrorOptions = {}) {
    const entry: { readonly status: number; readonly message: string; readonly retryAfterSeconds?: number } =
      GATEWAY_ERRORS[code];
    const bounded = detail?.slice(0, DETAIL_LENGTH).toWellFormed();
    super(bounded === undefined ? entry.message : `${entry.message}: ${bounded}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.status = entry.status;
    this.detail = bounded;
    this.retryAfterSeconds = entry.retryAfterSeconds;
  }
}
