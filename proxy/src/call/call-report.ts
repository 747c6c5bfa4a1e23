import type { Identity } from '../authn/identity.ts';
import type { Decision } from '../policy/decision.ts';
import type { GatewayErrorCode } from '../gateway-error.ts';
import type { InboundHeaders } from '../request/inbound-headers.ts';
import type { Masking } from '../masking/engine/masking.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { Status } from '../status.ts';

/** What became of a call, filled in on its way; for the access log and metrics. */
export interface CallReport {
  readonly auditID: string;
  readonly clientAddress: string;
  /** Monotonic milliseconds. */
  readonly started: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** As received. */
  readonly method: string;
  /** As received: it may hold what is secret, and goes nowhere unmasked. */
  readonly target: string;
  attributes?: RequestAttributes;
  headers?: InboundHeaders;
  /** How its bodies are masked, once it has been judged. */
  masking?: Masking;
  /** The attributes with what is secret in names masked by it. */
  names?: RequestAttributes;
  identity?: Identity;
  decision?: Decision;
  /** The status that the client was given; 0 where it had gone. */
  status: number;
  /** Of a refusal: the error's. */
  code?: string;
  /** Of a refusal: what the client was told. */
  refusal?: Status;
  /** Whether the log has an intent of it, which its record closes. */
  intent?: true;
  /** Of a stream that was ended while it ran: why. */
  endedBy?: GatewayErrorCode;
  /** Until the API server's headers were there. */
  upstreamMs?: number;
  /** That policies took to decide. */
  policyMs?: number;
}
