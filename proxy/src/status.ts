import { AuthenticationError } from './authn/authentication-error.ts';
import { GatewayError, type GatewayErrorCode } from './gateway-error.ts';
import type { RequestAttributes } from './request/request-attributes.ts';
import { Rejection } from './request/rejection.ts';

/** `metav1.Status`, as far as the gateway writes it: what kubectl prints and client-go understands. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource, as the API server has it here. */
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
}

/** An answer of the gateway's own. */
export interface StatusAnswer {
  readonly status: Status;
  /** Seconds; undefined where the call is not to be repeated. */
  readonly retryAfterSeconds: number | undefined;
  /** The code of the error, for logs and metrics. */
  readonly code: string;
}

/** metav1.StatusReason by HTTP status; kubectl prints it: `Error from server (Forbidden): ...`. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

/** A Status with the reason that stands beside this HTTP status, its fields in the API server's order. */
export const failureStatus = (code: number, message: string, details?: StatusDetails): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason: REASONS.get(code) ?? (code < 500 ? 'BadRequest' : 'InternalError'),
  ...(details === undefined ? {} : { details }),
  code,
});

/** Answered as the API server does, whose details are empty then. */
const IN_PLACE_OF_THE_API_SERVER: ReadonlySet<string> = new Set<GatewayErrorCode>([
  'ResourceNotServed',
  'MethodNotServed',
]);

type About = Pick<RequestAttributes, 'isResourceRequest' | 'name' | 'apiGroup' | 'resource'>;

/** The answer to whatever went wrong with a call. An error that nobody foresaw tells nothing but that. */
export function statusAnswer(error: unknown, about: About | undefined): StatusAnswer {
  const known = error instanceof Rejection || error instanceof AuthenticationError || error instanceof GatewayError;
  const { code, status, message } = known ? error : new GatewayError('Internal');
  const retryAfterSeconds = known && !(error instanceof Rejection) ? error.retryAfterSeconds : undefined;
  return {
    status: failureStatus(
      status,
      message,
      IN_PLACE_OF_THE_API_SERVER.has(code) ? {} : detailsOf(about, retryAfterSeconds),
    ),
    retryAfterSeconds,
    code,
  };
}

/** Undefined where there is nothing to say. */
function detailsOf(about: About | undefined, retryAfterSeconds: number | undefined): StatusDetails | undefined {
  const details = {
    ...(about?.isResourceRequest === true
      ? {
          ...(about.name === '' ? {} : { name: about.name }),
          ...(about.apiGroup === '' ? {} : { group: about.apiGroup }),
          kind: about.resource,
        }
      : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  return Object.keys(details).length === 0 ? undefined : details;
}

/** Header names and values of an answer, alternating, without what concerns the connection. */
export function answerHeaders({ status, retryAfterSeconds }: StatusAnswer, auditID: string, length: number): string[] {
  return [
    'Audit-Id',
    auditID,
    'Cache-Control',
    'no-cache, private',
    'Content-Type',
    'application/json',
    ...(status.code === 401 ? ['WWW-Authenticate', 'Bearer realm="chaperone"'] : []),
    ...(retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]),
    ...(isDiscoveryRefusal(status) ? ['Warning', `299 - ${quoted(status.message)}`] : []),
    'X-Content-Type-Options',
    'nosniff',
    'Content-Length',
    String(length),
  ];
}

/**
 * client-go does not read the Status of a refusal of discovery and says `unknown` in its place (`discovery_client.go` takes
 * the body raw); kubectl prints warnings whatever the body is.
 */
const isDiscoveryRefusal = ({ code, details }: Status): boolean => code === 403 && details?.kind === undefined;

const WARNING_LENGTH = 256;

/** RFC 9110, 5.6.4, in ASCII. */
const quoted = (text: string): string =>
  `"${text
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, WARNING_LENGTH)
    .replaceAll(/["\\]/g, String.raw`\$&`)}"`;

/** As the API server writes it: `&`, `<` and `>` are escaped, for whoever shows it in a page. */
export const statusBody = (status: Status): Buffer => Buffer.from(`${escapeHtml(JSON.stringify(status))}\n`, 'utf8');

const escapeHtml = (json: string): string =>
  json.replaceAll(/[&<>]/gu, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
