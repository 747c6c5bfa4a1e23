import { isRecord } from './kubernetes-object.ts';
import { redactText } from './redaction.ts';

/** One cause out of `Status.details.causes`; `message` is left out, as it quotes values of the object. */
export interface StatusCause {
  readonly reason: string;
  readonly field: string;
}

/** What is kept of a `metav1.Status`. */
export interface StatusSummary {
  /** HTTP status code. */
  readonly status: number;
  /** `metav1.StatusReason`, for instance `Conflict`; empty where the server gave none. */
  readonly reason: string;
  /** The server's words, redacted and cut; empty for resources whose values are secret. */
  readonly message: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;
}

/**
 * The API server answered with an error. The message names the call and the reason and holds neither body nor headers:
 * client-node's own `ApiException` puts both into its message, and an admission webhook may echo an object there.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code = 'ERR_KUBERNETES_API';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;

  constructor(call: string, summary: StatusSummary) {
    const text = [`${summary.status}`, summary.reason].filter((part) => part !== '').join(' ');
    super(summary.message === '' ? `${call}: ${text}` : `${call}: ${text}: ${summary.message}`);
    this.status = summary.status;
    this.reason = summary.reason;
    this.causes = summary.causes;
    this.retryAfterSeconds = summary.retryAfterSeconds;
  }
}

/** No answer: refused, reset, no route, TLS failure, or credentials that could not be read. The cause is kept. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code = 'ERR_KUBERNETES_CONNECTION';
}

/** No complete answer within the call's own timeout. Whether the server acted on it is not known. */
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError';
  readonly code = 'ERR_KUBERNETES_TIMEOUT';
}

/** An answer that is not what the API promises: not JSON, too large, an object without a name, another kind. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly code = 'ERR_KUBERNETES_RESPONSE';
}

/** A call that cannot be right and was not sent: an empty name, a replace without resourceVersion. */
export class InvalidCallError extends Error {
  override readonly name = 'InvalidCallError';
  readonly code = 'ERR_KUBERNETES_INVALID_CALL';
}

/** Longest message of the server that is kept, in UTF-16 units. */
const MAX_MESSAGE = 1024;
/** Longest wait that a server can ask for: a day-long Retry-After of a broken proxy must not switch us off. */
const MAX_RETRY_AFTER_SECONDS = 300;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const seconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? Math.min(value, MAX_RETRY_AFTER_SECONDS)
    : undefined;

/** Seconds of a `Retry-After` header (RFC 9110, 10.2.3); the date form is left to our own backoff. */
export function parseRetryAfter(header: string | readonly string[] | undefined): number | undefined {
  const value = typeof header === 'string' ? header : header?.[0];
  return value !== undefined && /^\d{1,9}$/.test(value.trim()) ? seconds(Number(value.trim())) : undefined;
}

/**
 * What is worth keeping of an error answer. `body` is the parsed JSON, or undefined where it was none; `secret` drops
 * the server's words, for resources whose values validation messages would quote.
 */
export function summarizeStatus(options: {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter?: string | readonly string[] | undefined;
  readonly secret?: boolean;
}): StatusSummary {
  const body = isRecord(options.body) && options.body['kind'] === 'Status' ? options.body : {};
  const details = isRecord(body['details']) ? body['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'].filter(isRecord).slice(0, 32) : [];
  return {
    status: options.status,
    reason: redactText(text(body['reason']), 128),
    message: options.secret === true ? '' : redactText(text(body['message']), MAX_MESSAGE),
    causes: causes.map((cause) => ({
      reason: redactText(text(cause['reason']), 128),
      field: redactText(text(cause['field']), 256),
    })),
    retryAfterSeconds: parseRetryAfter(options.retryAfter) ?? seconds(details['retryAfterSeconds']),
  };
}

const hasStatus = (error: unknown, status: number): error is ApiError =>
  error instanceof ApiError && error.status === status;

/** 404: the object, its namespace or its whole kind is not there. */
export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404);

/** 409 because the object changed, or a precondition or an apply conflict; not {@link isAlreadyExists}. */
export const isConflict = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason !== 'AlreadyExists';

/** 409 on create: an object of that name is there. */
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason === 'AlreadyExists';

/** 410: the resourceVersion or the continue token is too old; list again. */
export const isGone = (error: unknown): error is ApiError => hasStatus(error, 410);

/** 429: too many requests, or an eviction that a PodDisruptionBudget holds back. */
export const isTooManyRequests = (error: unknown): error is ApiError => hasStatus(error, 429);

/** 403: RBAC or an admission policy refused. */
export const isForbidden = (error: unknown): error is ApiError => hasStatus(error, 403);

/** 422: schema, CEL or validation refused the object; the same call cannot succeed later. */
export const isInvalid = (error: unknown): error is ApiError => hasStatus(error, 422);

/**
 * The resourceVersion lies in the server's future, as after etcd was restored from a backup. It answers 504 with this
 * cause for ever, so only a new list helps (client-go `apierrors.IsTooLargeResourceVersion`).
 */
export const isTooLargeResourceVersion = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.causes.some((cause) => cause.reason === 'ResourceVersionTooLarge');

/** Seconds that the server asked to wait (at most 300), or undefined where it asked for nothing. */
export const retryAfterSeconds = (error: unknown): number | undefined =>
  error instanceof ApiError ? error.retryAfterSeconds : undefined;
