import type { AuditLevel } from '@chaperone/crds/v1alpha1/agentpolicy';

/**
 * One record of the gateway: what is hashed, chained, kept in the write-ahead log, and shipped as `event.original`. A
 * call's record is an Event of `audit.k8s.io/v1`, in that API's own shape, and beside it under `chaperone` what only the
 * gateway knows. Everything in it has been masked.
 */
export type AuditRecord = CallEvent | GatewayEvent;

/** Of calls that last there is a record when their answer begins, too. */
export type Stage = 'ResponseStarted' | 'ResponseComplete';

export interface CallEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: Stage;
  /** As received, percent-encoding kept; masked. */
  readonly requestURI: string;
  /** RequestInfo's; policies may have judged the call by another one. */
  readonly verb: string;
  readonly user: EventUser;
  /** Exactly one: rules that leave out addresses cannot read several. */
  readonly sourceIPs: readonly [string];
  readonly userAgent?: string | undefined;
  readonly objectRef?: ObjectReference | undefined;
  /** Absent where nobody knows what became of the call. */
  readonly responseStatus?: ResponseStatus | undefined;
  /** RFC 3339 with microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly chaperone: CallFacts;
  /** JSON values, put in as they were written: numbers and the order of keys survive. */
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
}

export interface EventUser {
  readonly username?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface ObjectReference {
  readonly resource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly apiGroup?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly subresource?: string | undefined;
}

export interface ResponseStatus {
  readonly code: number;
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** How the call ended, as far as the gateway saw it. */
export type Outcome =
  /** All of the API server's answer went to the client. */
  | 'Answered'
  /** The gateway answered in the API server's place; nothing was sent there, or what it said was not passed on. */
  | 'Refused'
  /** The answer began, and was cut: by the client, the API server, or the gateway (`endedBy`). */
  | 'Cut'
  /** The call was about to be sent, or was sent, and nobody knows what became of it. */
  | 'Unknown';

/** What the gateway knows beside what Kubernetes' own audit log would say. */
export interface CallFacts {
  readonly method: string;
  readonly judgedVerb?: string | undefined;
  readonly outcome: Outcome;
  readonly policy?: PolicyFacts | undefined;
  /** What policies in DryRun would have said. */
  readonly dryRun?:
    | {
        readonly verdict: string;
        readonly policy?: string | undefined;
        readonly rule?: string | undefined;
      }
    | undefined;
  /** Verified, from the caller's token. */
  readonly run?: Readonly<Record<string, string>> | undefined;
  readonly issuer?: string | undefined;
  /** What the client says of itself; never believed. */
  readonly declared?: Readonly<Record<string, string>> | undefined;
  /** Of a refusal: the code of the error. */
  readonly refusal?: string | undefined;
  /** Of a stream: why the gateway ended it. */
  readonly endedBy?: string | undefined;
  readonly timing: {
    readonly totalMs: number;
    readonly policyMs?: number | undefined;
    readonly upstreamMs?: number | undefined;
  };
  readonly request?: BodyFacts | undefined;
  readonly response?: BodyFacts | undefined;
  /** How many values each rule and built-in masked. */
  readonly masking?: Readonly<Record<string, number>> | undefined;
  /** The ApprovalRequest that the call waited for. */
  readonly approval?: string | undefined;
  /** Of what came over a watch, log or session: how much. */
  readonly stream?: { readonly events?: number | undefined; readonly bytes?: number } | undefined;
  /** Of an outcome that nobody knows: the writer whose intent it was. */
  readonly writtenBy?: string | undefined;
  readonly gateway: GatewayFacts;
}

export interface PolicyFacts {
  readonly verdict: string;
  readonly revision: string;
  readonly name?: string | undefined;
  readonly rule?: string | undefined;
  readonly generation?: number | undefined;
  /** Of a denial: Rule, NoRule or SelfAdministration. */
  readonly cause?: string | undefined;
  /** The rule's own, shown to the caller. */
  readonly reason?: string | undefined;
  /** What of the call could not be known, so that the rule matched for want of knowledge. */
  readonly unknown?: readonly string[] | undefined;
  /** Rules whose expressions failed. */
  readonly failedExpressions?: readonly string[] | undefined;
}

export interface BodyFacts {
  /** On the wire. */
  readonly bytes: number;
  readonly mediaType?: string | undefined;
  /** Lower-case hexadecimal SHA-256 of all bytes; only where no byte was masked, as a digest lets secrets be guessed. */
  readonly sha256?: string | undefined;
  /** Text that is not JSON; masked. */
  readonly text?: string | undefined;
  /** Why the body is not, or not all, in the record. */
  readonly omitted?: BodyOmission | undefined;
}

export type BodyOmission = 'Level' | 'Truncated' | 'Undecodable' | 'Binary' | 'Refused' | 'Session' | 'Memory';

/** Who wrote the record. */
export interface GatewayFacts {
  readonly replica: string;
  readonly version: string;
}

/** What happened to the gateway itself. */
export interface GatewayEvent {
  readonly kind: 'GatewayEvent';
  readonly apiVersion: 'chaperone.dev/v1alpha1';
  readonly type: GatewayEventType;
  /** RFC 3339 with microseconds. */
  readonly time: string;
  readonly message: string;
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
  readonly chaperone: { readonly gateway: GatewayFacts };
}

export type GatewayEventType =
  | 'Started'
  | 'Stopped'
  | 'PoliciesLoaded'
  /** Sums of what came from an address and was no HTTP. */
  | 'RequestUnreadable'
  /** Sums of calls without an identity that have no records of their own. */
  | 'StrangersRefused'
  | 'LogRepaired';
