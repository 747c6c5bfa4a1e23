import type { AuditLevel } from '@chaperone/crds/v1alpha1/agentpolicy';
import { AuthenticationError } from '../../authn/authentication-error.ts';
import type { Identity } from '../../authn/identity.ts';
import type { CallReport } from '../../call/call-report.ts';
import type { Decision, MatchedRule } from '../../policy/decision.ts';
import type { RequestAttributes } from '../../request/request-attributes.ts';
import type {
  BodyFacts,
  CallEvent,
  CallFacts,
  EventUser,
  GatewayFacts,
  ObjectReference,
  Outcome,
  PolicyFacts,
  ResponseStatus,
  Stage,
} from './audit-event.ts';
import type { MaskedRequestLine } from '../request-line.ts';
import { microTime } from './record-text.ts';

/** What of a call's bodies goes into its record beside them. */
export interface RecordedBodies {
  readonly request?: BodyFacts | undefined;
  readonly response?: BodyFacts | undefined;
  /** Of the object that was sent, or that came back. */
  readonly object?: Pick<ObjectReference, 'name' | 'uid' | 'resourceVersion'> | undefined;
  /** Of a Status that came back; masked. */
  readonly status?: Pick<ResponseStatus, 'status' | 'reason' | 'message'> | undefined;
  readonly masking: ReadonlyMap<string, number>;
}

export interface CallRecordOptions {
  readonly report: CallReport;
  readonly stage: Stage;
  /** What refused the call or broke it off; undefined where it was answered. */
  readonly error: unknown;
  readonly line: MaskedRequestLine;
  readonly bodies: RecordedBodies;
  /** Milliseconds since the epoch, and how long the call took. */
  readonly now: number;
  readonly totalMs: number;
  readonly gateway: GatewayFacts;
}

/** The record of a call at one of its stages. Pure. What is undefined is not written. */
export function callRecord(options: CallRecordOptions): CallEvent {
  const { report, stage, error, line, bodies, now } = options;
  const { attributes, identity } = report;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: levelOf(report),
    auditID: report.auditID,
    stage,
    requestURI: line.requestURI,
    verb: attributes?.verb ?? report.method.toLowerCase(),
    user: userOf(identity, error),
    sourceIPs: [report.clientAddress],
    userAgent: line.userAgent === '' ? undefined : line.userAgent,
    objectRef: objectReference(attributes, bodies.object),
    responseStatus: report.status === 0 ? undefined : { code: report.status, ...bodies.status },
    requestReceivedTimestamp: microTime(report.receivedAt),
    stageTimestamp: microTime(now),
    annotations: annotationsOf(report, bodies.status?.message),
    chaperone: factsOf(options),
  };
}

function factsOf({ report, stage, error, line, bodies, totalMs, gateway }: CallRecordOptions): CallFacts {
  const { attributes, identity, decision, policyMs, upstreamMs } = report;
  return {
    method: report.method,
    judgedVerb: attributes?.judgedVerb === attributes?.verb ? undefined : attributes?.judgedVerb,
    outcome: outcomeOf(report, stage, error),
    policy: decision === undefined ? undefined : policyFacts(decision),
    dryRun: dryRunFacts(decision),
    run: identity === undefined ? undefined : runFacts(identity),
    issuer: identity?.issuer,
    declared: isEmpty(line.declared) ? undefined : line.declared,
    refusal: report.code,
    endedBy: report.endedBy,
    timing: {
      totalMs: rounded(totalMs),
      policyMs: policyMs === undefined ? undefined : rounded(policyMs),
      upstreamMs: upstreamMs === undefined ? undefined : rounded(upstreamMs),
    },
    request: bodies.request,
    response: bodies.response,
    masking: bodies.masking.size === 0 ? undefined : Object.fromEntries(bodies.masking),
    gateway,
  };
}

const isEmpty = (values: object): boolean => Object.keys(values).length === 0;

const rounded = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000;

/**
 * Of what was refused before policies set a level: the request line, headers and the answer are in the record, the body
 * of the request is not, as nobody has read it.
 */
export function levelOf({ decision }: Pick<CallReport, 'decision'>): AuditLevel {
  return decision === undefined || decision.verdict === 'NeedsObject' ? 'Request' : decision.auditLevel;
}

/** Whoever shows no credentials at all is anonymous, as Kubernetes has it; who shows bad ones has no name. */
function userOf(identity: Identity | undefined, error: unknown): EventUser {
  if (identity === undefined) {
    const isAnonymous = error instanceof AuthenticationError && error.code === 'NoToken';
    return isAnonymous ? { username: 'system:anonymous', groups: ['system:unauthenticated'] } : {};
  }
  const { username, uid, groups, extra } = identity;
  return { username, uid: uid === '' ? undefined : uid, groups, extra: isEmpty(extra) ? undefined : extra };
}

function objectReference(
  attributes: RequestAttributes | undefined,
  object: RecordedBodies['object'],
): ObjectReference | undefined {
  if (attributes?.isResourceRequest !== true) return undefined;
  const { resource, namespace, apiGroup, apiVersion, subresource, name } = attributes;
  const reference = { resource, namespace, apiGroup, apiVersion, subresource, ...object };
  // The name in the path is the one that was judged; one in a body counts where the path has none.
  const named = name === '' ? reference : { ...reference, name };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''));
}

/** As the API server's own log would have them. They are the gateway's reading: it does not see the API server's. */
function annotationsOf(report: CallReport, message: string | undefined): Record<string, string> {
  const decision = authorization(report, message);
  if (decision === undefined) return {};
  return {
    'authorization.k8s.io/decision': decision.decision,
    ...(decision.reason === '' ? {} : { 'authorization.k8s.io/reason': decision.reason }),
    'chaperone.dev/decision-source': decision.source,
  };
}

interface Authorization {
  readonly decision: 'allow' | 'forbid';
  readonly reason: string;
  readonly source: 'policy' | 'derived';
}

/** How RBAC begins what it refuses; a 403 that reads otherwise is of admission, after authorization allowed the call. */
const FORBIDDEN_BY_AUTHORIZER = /^(?:\S{1,512}(?: "[^"]{0,512}")? is )?forbidden: User "[^"]{0,2048}" cannot /;

function authorization(report: CallReport, message: string | undefined): Authorization | undefined {
  const { decision, identity, status, code } = report;
  if (identity === undefined) return undefined;
  if (decision?.verdict === 'Deny') return { decision: 'forbid', reason: reasonOf(decision), source: 'policy' };
  if (code !== undefined && status === 403) return { decision: 'forbid', reason: code, source: 'policy' };
  // Refused by the gateway for another reason: nobody authorized anything.
  if (code !== undefined) return undefined;
  if (status === 401) return undefined;
  if (status === 403 && message !== undefined && FORBIDDEN_BY_AUTHORIZER.test(message))
    return { decision: 'forbid', reason: 'RBAC', source: 'derived' };
  return decision === undefined ? undefined : { decision: 'allow', reason: reasonOf(decision), source: 'derived' };
}

function reasonOf(decision: Decision): string {
  const winner = winnerOf(decision);
  if (winner !== undefined) return `AgentPolicy ${winner.policy}, rule ${winner.rule}`;
  return decision.verdict === 'Deny' ? decision.cause : '';
}

function winnerOf(decision: Decision): MatchedRule | undefined {
  if (decision.verdict === 'NeedsObject') return undefined;
  return 'winner' in decision ? decision.winner : undefined;
}

function outcomeOf({ code, endedBy, status }: CallReport, stage: Stage, error: unknown): Outcome {
  if (code === 'OutcomeUnknown') return 'Unknown';
  if (code !== undefined || error !== undefined) return 'Refused';
  if (endedBy !== undefined || (stage === 'ResponseComplete' && status === 0)) return 'Cut';
  return 'Answered';
}

function policyFacts(decision: Decision): PolicyFacts {
  const winner = winnerOf(decision);
  const errors = decision.verdict === 'NeedsObject' ? [] : decision.errors;
  const unknown = winner?.unknown ?? [];
  return {
    verdict: decision.verdict,
    revision: decision.revision,
    name: winner?.policy,
    rule: winner?.rule,
    generation: winner?.generation,
    reason: winner?.reason,
    unknown: unknown.length === 0 ? undefined : unknown,
    cause: decision.verdict === 'Deny' ? decision.cause : undefined,
    failedExpressions: errors.length === 0 ? undefined : errors.map(({ policy, rule }) => `${policy}/${rule}`),
  };
}

function dryRunFacts(decision: Decision | undefined): CallFacts['dryRun'] {
  if (decision === undefined || decision.verdict === 'NeedsObject' || decision.dryRun === undefined) return undefined;
  const { verdict, winner } = decision.dryRun;
  return { verdict, policy: winner?.policy, rule: winner?.rule };
}

function runFacts({ facts }: Identity): CallFacts['run'] {
  const run = Object.entries(facts).flatMap(([key, values]) => {
    const value = values.filter((text) => text !== '').join(',');
    return value === '' ? [] : [[key, value] as const];
  });
  return run.length === 0 ? undefined : Object.fromEntries(run);
}
