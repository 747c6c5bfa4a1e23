import { isIP } from 'node:net';
import type { AuditRecord, BodyFacts, CallEvent, CallFacts, GatewayEvent } from '../record/audit-event.ts';
import { bodyTexts } from './body-texts.ts';
import { chaperoneFields, isTooLong } from './chaperone-fields.ts';
import { declaredParts, flattenedParts } from './declared-parts.ts';
import { pruned } from './pruned.ts';

/** Where a record stands in the log that proves it. */
export interface Integrity {
  readonly writer: string;
  readonly sequence: number;
  /** Lower-case hexadecimal SHA-256 of the record's text. */
  readonly hash: string;
  readonly previousChain: string;
  readonly chain: string;
}

/** What all documents of an installation have in common. */
export interface DocumentContext {
  /** Of the cluster that is governed. */
  readonly cluster: { readonly name?: string | undefined; readonly id?: string | undefined };
  /** The last part of the data stream's name. */
  readonly namespace: string;
}

export interface DocumentOptions extends DocumentContext {
  /** The text that was hashed. */
  readonly original: string;
  readonly integrity: Integrity;
  /** When this is sent, RFC 3339: rules look back on it, so a document that comes late has to be new by it. */
  readonly ingested: string;
}

export const DATASET = 'kubernetes.audit_logs';
export const ECS_VERSION = '9.3.0';

export type ElasticsearchDocument = Readonly<Record<string, unknown>>;

/**
 * A record in the shape of Elastic's Kubernetes audit logs and ECS. Pure: the same record gives the same document. Its
 * first key is `event`, whose first is `ingested`.
 */
export function documentOf(record: AuditRecord, options: DocumentOptions): ElasticsearchDocument {
  return pruned(record.kind === 'Event' ? callDocument(record, options) : gatewayDocument(record, options));
}

/** What a document has whatever the record says. */
export function baseEvent({ ingested, integrity, original }: Omit<DocumentOptions, 'cluster' | 'namespace'>) {
  return {
    ingested,
    kind: 'event',
    dataset: DATASET,
    module: 'kubernetes',
    sequence: integrity.sequence,
    hash: integrity.hash,
    original,
  };
}

export function baseDocument({ namespace }: Pick<DocumentContext, 'namespace'>) {
  return {
    ecs: { version: ECS_VERSION },
    data_stream: { type: 'logs', dataset: DATASET, namespace },
    // Without it Elastic's final pipeline removes event.original, and with it what the hash is of.
    tags: ['preserve_original_event'],
  };
}

export const integrityFields = ({ writer, previousChain, chain }: Integrity) => ({
  writer,
  previous_chain: previousChain,
  chain,
});

const orchestrator = ({ cluster: { name, id } }: DocumentContext) => ({
  type: 'kubernetes',
  api_version: 'audit.k8s.io/v1',
  cluster: { name, id },
});

const observer = ({ gateway }: Pick<CallFacts, 'gateway'>) => ({
  name: gateway.replica,
  type: 'proxy',
  vendor: 'Chaperone',
  product: 'Chaperone',
  version: gateway.version,
});

function callDocument(event: CallEvent, options: DocumentOptions): Record<string, unknown> {
  const { user, objectRef, chaperone, responseStatus, annotations } = event;
  const [address] = event.sourceIPs;
  const ip = ipOf(address);
  const outcome = outcomeOf(event);
  const texts = bodyTexts(options.original);
  return {
    event: {
      ...baseEvent(options),
      id: event.auditID,
      action: event.verb,
      category: ['configuration'],
      type: [typeOf(event)],
      outcome,
      reason: chaperone.policy?.reason ?? annotations[REASON],
      start: event.requestReceivedTimestamp,
      end: event.stageTimestamp,
      duration: nanos(chaperone.timing.totalMs),
    },
    ...baseDocument(options),
    '@timestamp': event.requestReceivedTimestamp,
    message: sentence(event, outcome),
    user: { name: user.username, id: user.uid, group: { name: user.groups } },
    source: { ip },
    client: { ip },
    user_agent: { original: event.userAgent },
    related: { user: relatedUsers(user), ip },
    observer: observer(chaperone),
    orchestrator: {
      ...orchestrator(options),
      namespace: objectRef?.namespace,
      resource: { type: objectRef?.resource, name: objectRef?.name },
    },
    error: { code: chaperone.refusal },
    gen_ai: { agent: { id: chaperone.run?.['run'] }, request: { model: chaperone.run?.['model'] } },
    http: {
      request: { method: chaperone.method, id: event.auditID, ...body(chaperone.request, texts.requestObject) },
      response: { status_code: responseStatus?.code, ...body(chaperone.response, texts.responseObject) },
    },
    kubernetes: { audit: auditFields(event) },
    chaperone: { ...chaperoneFields(event, texts), integrity: integrityFields(options.integrity) },
  };
}

function auditFields(event: CallEvent): Record<string, unknown> {
  const { user } = event;
  return {
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
    objectRef: event.objectRef === undefined ? undefined : { ...event.objectRef },
    responseStatus: event.responseStatus === undefined ? undefined : { ...event.responseStatus },
    requestReceivedTimestamp: event.requestReceivedTimestamp,
    stageTimestamp: event.stageTimestamp,
    requestObject: declaredParts(event.requestObject),
    responseObject: declaredParts(event.responseObject),
    annotations: annotationFields(event),
  };
}

function gatewayDocument(event: GatewayEvent, options: DocumentOptions): Record<string, unknown> {
  const ip = ipOf(String(event.facts?.['clientAddress'] ?? ''));
  return {
    event: {
      ...baseEvent(options),
      action: event.type,
      category: [event.type === 'Started' || event.type === 'Stopped' ? 'process' : 'configuration'],
      type: [GATEWAY_EVENT_TYPES[event.type]],
      start: event.time,
    },
    ...baseDocument(options),
    '@timestamp': event.time,
    message: event.message,
    source: { ip },
    related: { ip },
    error: { code: event.facts?.['code'] },
    observer: observer(event.chaperone),
    orchestrator: orchestrator(options),
    chaperone: {
      policy: { revision: event.facts?.['revision'] },
      facts: flattenedParts(event.facts),
      integrity: integrityFields(options.integrity),
    },
  };
}

const GATEWAY_EVENT_TYPES: Readonly<Record<GatewayEvent['type'], string>> = {
  Started: 'start',
  Stopped: 'end',
  PoliciesLoaded: 'change',
  RequestUnreadable: 'info',
  StrangersRefused: 'info',
  LogRepaired: 'info',
};

/** Annotations of audit events. */
export const DECISION = 'authorization.k8s.io/decision';
export const REASON = 'authorization.k8s.io/reason';
export const SOURCE = 'chaperone.dev/decision-source';

/** Dots are underscores, as in Elastic's own; they would be levels otherwise. */
function annotationFields({ annotations, user }: CallEvent): Record<string, string> {
  const entries = Object.entries(annotations)
    // That somebody without a name was allowed something is never true, and alarms people.
    .filter(([key]) => key !== DECISION || user.username !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key.replaceAll('.', '_'), value]));
}

/** An address as the type `ip` takes it: the document would be refused for any other. */
function ipOf(address: string): string | undefined {
  const [withoutZone = ''] = address.split('%', 1);
  return isIP(withoutZone) === 0 ? undefined : withoutZone;
}

type EventOutcome = 'success' | 'failure' | 'unknown';

/** By the status of the answer first: a call that was allowed may still have failed. */
function outcomeOf({ responseStatus, annotations, chaperone }: CallEvent): EventOutcome {
  if (chaperone.outcome === 'Unknown') return 'unknown';
  const code = responseStatus?.code ?? 0;
  if (code >= 400) return 'failure';
  if (code > 0) return 'success';
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

const relatedUsers = ({ username, uid }: CallEvent['user']): string[] =>
  username === uid ? [username ?? ''] : [username ?? '', uid ?? ''].filter((name) => name !== '');

const JOINED = ['credential-id', 'node-name', 'node-uid', 'pod-name', 'pod-uid'].map(
  (name) => `authentication.kubernetes.io/${name}`,
);

/** The extras that Elastic's rules join on, one value each; all are in `chaperone.extra`. */
function joinedExtra({ user: { extra } }: CallEvent): Record<string, string | undefined> | undefined {
  return extra === undefined ? undefined : Object.fromEntries(JOINED.map((key) => [key, extra[key]?.[0]]));
}

const nanos = (milliseconds: number): number => Math.round(milliseconds * 1_000) * 1_000;

function body(facts: BodyFacts | undefined, text: string | undefined): Record<string, unknown> {
  const content = facts?.text ?? text;
  return {
    mime_type: facts?.mediaType,
    body: { bytes: facts?.bytes, content: isTooLong(content) ? undefined : content },
  };
}
