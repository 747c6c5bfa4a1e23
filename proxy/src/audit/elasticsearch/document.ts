import type { BodyFacts, CallEvent, CallFacts, GatewayEvent, PolicyFacts } from '../record/audit-event.ts';
import { declaredParts } from './declared-parts.ts';

/** Where a record stands in the log that proves it. */
export interface Integrity {
  readonly writer: string;
  readonly sequence: number;
  /** Lower-case hexadecimal SHA-256 of the record's text. */
  readonly hash: string;
  readonly previousChain: string;
  readonly chain: string;
}

export interface DocumentOptions {
  /** The text that was hashed. */
  readonly original: string;
  readonly integrity: Integrity;
  /** Name of the cluster, and the last part of the data stream's name. */
  readonly cluster: { readonly name?: string; readonly id?: string };
  readonly namespace: string;
  /** When this is sent, RFC 3339: rules look back on it, so a document that comes late has to be new by it. */
  readonly ingested: string;
}

export const DATASET = 'kubernetes.audit_logs';
export const ECS_VERSION = '9.3.0';

export type ElasticsearchDocument = Readonly<Record<string, unknown>>;

/** A record in the shape of Elastic's Kubernetes audit logs and ECS. Pure: the same record gives the same document. */
export function documentOf(record: CallEvent | GatewayEvent, options: DocumentOptions): ElasticsearchDocument {
  return record.kind === 'Event' ? callDocument(record, options) : gatewayDocument(record, options);
}

function common({ original, integrity, cluster, namespace, ingested }: DocumentOptions) {
  return {
    ecs: { version: ECS_VERSION },
    data_stream: { type: 'logs', dataset: DATASET, namespace },
    tags: ['preserve_original_event'],
    event: {
      kind: 'event',
      dataset: DATASET,
      module: 'kubernetes',
      ingested,
      sequence: integrity.sequence,
      hash: integrity.hash,
      original,
    },
    integrity: { writer: integrity.writer, previous_chain: integrity.previousChain, chain: integrity.chain },
    orchestrator: { type: 'kubernetes', api_version: 'audit.k8s.io/v1', cluster },
  };
}

const observer = ({ gateway }: Pick<CallFacts, 'gateway'>) => ({
  name: gateway.replica,
  type: 'proxy',
  vendor: 'Chaperone',
  product: 'Chaperone',
  version: gateway.version,
});

function callDocument(event: CallEvent, options: DocumentOptions): ElasticsearchDocument {
  const base = common(options);
  const { user, objectRef, chaperone, responseStatus, annotations } = event;
  const [address] = event.sourceIPs;
  const decision = annotations[DECISION];
  const outcome = outcomeOf(event);
  return compact({
    ...base,
    integrity: undefined,
    '@timestamp': event.requestReceivedTimestamp,
    message: sentence(event, outcome),
    event: {
      ...base.event,
      id: event.auditID,
      action: event.verb,
      category: ['configuration'],
      type: [typeOf(event)],
      outcome,
      reason: chaperone.policy?.reason ?? annotations[REASON],
      start: event.requestReceivedTimestamp,
      end: event.stageTimestamp,
      duration: Math.round(chaperone.timing.totalMs * 1_000_000),
    },
    user: { name: user.username, id: user.uid, group: { name: user.groups } },
    source: { ip: address },
    client: { ip: address },
    user_agent: { original: event.userAgent },
    related: { user: [...new Set([user.username, user.uid].flatMap((name) => name ?? []))], ip: [address] },
    observer: observer(chaperone),
    orchestrator: {
      ...base.orchestrator,
      namespace: objectRef?.namespace,
      resource: { type: objectRef?.resource, name: objectRef?.name },
    },
    error: { code: chaperone.refusal },
    gen_ai: { agent: { id: chaperone.run?.['run'] }, request: { model: chaperone.run?.['model'] } },
    http: {
      request: {
        method: chaperone.method,
        id: event.auditID,
        ...body(chaperone.request, bodyText(event, 'requestObject')),
      },
      response: {
        status_code: responseStatus?.code,
        ...body(chaperone.response, bodyText(event, 'responseObject')),
      },
    },
    kubernetes: {
      audit: {
        apiVersion: event.apiVersion,
        kind: event.kind,
        level: event.level,
        auditID: event.auditID,
        stage: event.stage,
        requestURI: event.requestURI,
        verb: event.verb,
        user: { username: user.username, uid: user.uid, groups: user.groups, extra: joinedExtra(event) },
        sourceIPs: event.sourceIPs,
        userAgent: event.userAgent,
        objectRef,
        responseStatus,
        requestReceivedTimestamp: event.requestReceivedTimestamp,
        stageTimestamp: event.stageTimestamp,
        requestObject: declaredParts(event.requestObject),
        responseObject: declaredParts(event.responseObject),
        annotations:
          decision === undefined
            ? undefined
            : {
                [`authorization_k8s_io/decision`]: decision,
                [`authorization_k8s_io/reason`]: annotations[REASON],
                'chaperone_dev/decision_source': annotations[SOURCE],
              },
      },
    },
    chaperone: {
      ...chaperoneFields(event),
      integrity: base.integrity,
    },
  });
}

function gatewayDocument(event: GatewayEvent, options: DocumentOptions): ElasticsearchDocument {
  const base = common(options);
  return compact({
    ...base,
    integrity: undefined,
    '@timestamp': event.time,
    message: event.message,
    event: {
      ...base.event,
      action: event.type,
      category: [event.type === 'Started' || event.type === 'Stopped' ? 'process' : 'configuration'],
      type: [GATEWAY_EVENT_TYPES[event.type]],
      start: event.time,
    },
    observer: observer(event.chaperone),
    chaperone: {
      policy: { revision: event.facts?.['revision'] },
      integrity: base.integrity,
    },
  });
}

const GATEWAY_EVENT_TYPES: Readonly<Record<GatewayEvent['type'], string>> = {
  Started: 'start',
  Stopped: 'end',
  PoliciesLoaded: 'change',
  RequestUnreadable: 'info',
  LogRepaired: 'info',
};

/** Annotations of audit events; in documents their dots are underscores, as in Elastic's own. */
export const DECISION = 'authorization.k8s.io/decision';
export const REASON = 'authorization.k8s.io/reason';
export const SOURCE = 'chaperone.dev/decision-source';

type EventOutcome = 'success' | 'failure' | 'unknown';

/** By the status of the answer first: a call that was allowed may still have failed. */
function outcomeOf({ responseStatus, annotations, chaperone }: CallEvent): EventOutcome {
  if (chaperone.outcome === 'Unknown' || responseStatus === undefined) return 'unknown';
  if (responseStatus.code >= 400) return 'failure';
  if (responseStatus.code > 0) return 'success';
  return annotations[DECISION] === 'forbid' ? 'failure' : 'unknown';
}

const CONNECTING: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** ECS `event.type`. */
function typeOf({ verb, objectRef }: CallEvent): string {
  if (CONNECTING.has(objectRef?.subresource ?? '')) return 'access';
  switch (verb) {
    case 'create':
      return 'creation';
    case 'delete':
    case 'deletecollection':
      return 'deletion';
    case 'update':
    case 'patch':
      return 'change';
    case 'get':
    case 'list':
    case 'watch':
      return 'access';
    default:
      return 'info';
  }
}

function sentence({ user, verb, objectRef, requestURI, responseStatus }: CallEvent, outcome: EventOutcome): string {
  const who = user.username ?? 'somebody unknown';
  const code = responseStatus === undefined ? '' : ` (${responseStatus.code})`;
  return `${who} ${verb} ${what(objectRef, requestURI)}: ${outcome}${code}`;
}

function what(objectRef: CallEvent['objectRef'], requestURI: string): string {
  if (objectRef?.resource === undefined) return requestURI;
  const { resource, subresource, name, namespace } = objectRef;
  const subject = [
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${subject.join('/')}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

const PODS_EXTRA = 'authentication.kubernetes.io/';
const JOINED = ['credential-id', 'node-name', 'node-uid', 'pod-name', 'pod-uid'].map((name) => `${PODS_EXTRA}${name}`);

/** The extras that Elastic's rules join on, one value each; the others are in `chaperone.extra`. */
function joinedExtra({ user }: CallEvent): Record<string, string> | undefined {
  const found = JOINED.flatMap((key) => {
    const value = user.extra?.[key]?.[0];
    return value === undefined ? [] : [[key, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function chaperoneFields({ user, chaperone }: CallEvent): Record<string, unknown> {
  const { policy, dryRun, masking, timing, request, response, stream } = chaperone;
  const counts = Object.entries(masking ?? {});
  const omitted = [request?.omitted, response?.omitted];
  return {
    outcome: chaperone.outcome,
    judged_verb: chaperone.judgedVerb,
    refusal: chaperone.refusal,
    ended_by: chaperone.endedBy,
    approval: { name: chaperone.approval },
    policy: policy === undefined ? undefined : policyFields(policy),
    dry_run: dryRun,
    run: runFields(chaperone),
    extra: Object.entries(user.extra ?? {}).flatMap(([key, values]) => values.map((value) => `${key}=${value}`)),
    declared: chaperone.declared,
    masking: { count: counts.reduce((sum, [, count]) => sum + count, 0), rules: counts.map(([name]) => name) },
    request: { sha256: request?.sha256, omitted: request?.omitted },
    response: { sha256: response?.sha256, omitted: response?.omitted },
    truncated: omitted.includes('Truncated') ? true : undefined,
    stream,
    timing: { policy_us: micros(timing.policyMs), upstream_us: micros(timing.upstreamMs) },
  };
}

const policyFields = ({ failedExpressions, ...policy }: PolicyFacts): Record<string, unknown> => ({
  ...policy,
  reason: undefined,
  failed_expressions: failedExpressions,
});

const runFields = ({ run = {}, issuer }: CallFacts): Record<string, unknown> => ({
  id: run['run'],
  model: run['model'],
  ci_job: run['ci-job'],
  owner: run['owner'],
  ref: run['ref'],
  issuer,
});

const micros = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : Math.round(milliseconds * 1_000);

function body(facts: BodyFacts | undefined, content: string | undefined): Record<string, unknown> {
  return { mime_type: facts?.mediaType, body: { bytes: facts?.bytes, content: facts?.text ?? content } };
}

function bodyText(event: CallEvent, key: 'requestObject' | 'responseObject'): string | undefined {
  return event[key] === undefined ? undefined : JSON.stringify(event[key]);
}

/** Without what is undefined, empty or nothing but empty: an empty value is found by `exists` in some engines. */
function compact(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).flatMap(([key, value]) => {
      const kept = isPlain(value) ? compact(value) : value;
      return isEmpty(kept) ? [] : [[key, kept] as const];
    }),
  );
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isPlain(value) && Object.keys(value).length === 0);
