import type { Identity } from '../authn/identity.ts';
import type { Decision } from '../policy/decision.ts';
import type { GatewayErrorCode } from '../gateway-error.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** What became of a call, filled in on its way; for the access log and metrics. */
export interface CallReport {
  readonly auditID: string;
  readonly clientAddress: string;
  /** Monotonic milliseconds. */
  readonly started: number;
  attributes?: RequestAttributes;
  identity?: Identity;
  decision?: Decision;
  /** The status that the client was given; 0 where it had gone. */
  status: number;
  /** Of a refusal: the error's. */
  code?: string;
  /** Of a stream that was ended while it ran: why. */
  endedBy?: GatewayErrorCode;
  /** Until the API server's headers were there. */
  upstreamMs?: number;
  /** That policies took to decide. */
  policyMs?: number;
}
