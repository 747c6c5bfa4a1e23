import { GatewayError } from '../gateway-error.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the same request may be sent twice: client-go does so with reads, and with nothing else. */
export const isRepeatable = (method: string, hasBody: boolean): boolean => READS.has(method) && !hasBody;

/** Codes of undici and Node for a connection that broke while an answer was awaited. */
const TIMEOUTS: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const MALFORMED: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);

/**
 * What to tell the client of a call that got no answer.
 *
 * @param sent whether the request may have reached the API server. A write that did must not be reported as failed: it
 *   may have been carried out.
 */
export function failureOf(
  error: Error,
  { method, sent }: { readonly method: string; readonly sent: boolean },
): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (!sent) return new GatewayError('UpstreamUnreachable', { cause: error });
  const isRead = READS.has(method);
  if (!isRead) return new GatewayError('OutcomeUnknown', { cause: error });
  if (TIMEOUTS.has(code)) return new GatewayError('UpstreamTimeout', { cause: error });
  if (MALFORMED.has(code) || code.startsWith('HPE_')) return new GatewayError('UpstreamMalformed', { cause: error });
  return new GatewayError('UpstreamBroken', { cause: error });
}
