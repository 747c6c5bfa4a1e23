import type { Identity } from '../authn/identity.ts';
import type { Masking } from '../masking/engine/masking.ts';
import type { CompiledBundle } from '../policy/compiled-bundle.ts';
import type { Allowed, ApprovalRequired, Decision } from '../policy/decision.ts';
import type { PolicyInput } from '../policy/policy-input.ts';
import type { InboundHeaders } from '../request/inbound-headers.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { RequestBody } from './request-body.ts';

/** Where a call came from. */
export interface Origin {
  /** The address of the client, as far as it can be trusted. */
  readonly clientAddress: string;
  /** Whether the TLS connection came with a client certificate. */
  readonly clientCertificate: boolean;
}

/** A call whose request line and headers have been read. */
export interface Call {
  /** Ours: sent upstream and back, it joins our records with the cluster's own audit log. */
  readonly auditID: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly origin: Origin;
  readonly attributes: RequestAttributes;
  readonly headers: InboundHeaders;
  readonly body: RequestBody;
  /** Aborts when the client has gone, or the call is ended from inside. */
  readonly signal: AbortSignal;
}

/** A call of which it is known who makes it. */
export interface AuthenticatedCall extends Call {
  readonly identity: Identity;
}

/** A call that one bundle has been asked about. */
export interface JudgedCall extends AuthenticatedCall {
  readonly bundle: CompiledBundle;
  /** What the decision rests on. */
  readonly input: PolicyInput;
  readonly decision: Decision;
  /** How its bodies are masked. */
  readonly masking: Masking;
}

/** A call that may be made, once whoever has to approve it has done so. */
export interface PermittedCall extends JudgedCall {
  readonly decision: Allowed | ApprovalRequired;
}
