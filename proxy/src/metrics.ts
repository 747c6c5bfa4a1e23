import type { InformerObservation } from '@chaperone/crds/client/informer';
import { isBuiltinGroup } from '@chaperone/crds/validation/builtin-resources';
import { GROUP } from '@chaperone/crds/v1alpha1/groupversion';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { AuthenticationError } from './authn/authentication-error.ts';
import type { Evidence, EvidenceObserver } from './audit/evidence.ts';
import { recordMetrics } from './audit/record-metrics.ts';
import type { AuthenticationEvent } from './authn/authenticator.ts';
import type { CallReport } from './call/call-report.ts';
import type { BundleLoaded, BundleLoader } from './policy/bundle-loader.ts';
import type { RequestAttributes } from './request/request-attributes.ts';
import { STREAM_KINDS } from './streams/stream-kind.ts';
import type { StreamEvent, StreamRegistry } from './streams/stream-registry.ts';

/** Every metric of the proxy. Labels are bounded: never a name, a user or a path. Described in docs/metrics.md. */
export interface Metrics {
  readonly registry: Registry;
  /** @param seconds from the request line to the end of the answer */
  ended(report: CallReport, seconds: number, error: unknown): void;
  /** What a client sent is no HTTP, or its connection no PROXY protocol. */
  broken(code: number | 'proxy-protocol'): void;
  streamed(event: StreamEvent): void;
  bundle(event: BundleLoaded): void;
  authentication(event: AuthenticationEvent): void;
  certificate(outcome: 'loaded' | 'failed'): void;
  /** Returns what the informer of a resource is to tell its observations. */
  informer(resource: string, staleness: () => number | undefined): (observation: InformerObservation) => void;
  /** What becomes of records. */
  readonly evidence: EvidenceObserver;
  /** Reads what is counted elsewhere, from now on. */
  watch(sources: MetricSources): void;
}

/** What a scrape reads. */
export interface MetricSources {
  readonly streams: Pick<StreamRegistry, 'countOf'>;
  readonly bundles: Pick<BundleLoader, 'current' | 'stalenessMs'>;
  readonly connections: () => number;
  readonly evidence?: Pick<Evidence, 'log' | 'shipping'>;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Policies are asked in memory, and rarely look something up. */
const POLICY_BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];

export function newMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const sources: { current?: MetricSources } = {};
  const stalenesses = new Map<string, () => number | undefined>();

  const requests = new Counter({
    name: 'chaperone_requests_total',
    help: 'Calls that were answered, by judged verb, group of the resource, status and what refused them',
    labelNames: ['verb', 'group', 'code', 'refusal'],
    registers,
  });
  const duration = new Histogram({
    name: 'chaperone_request_duration_seconds',
    help: 'Time from the request line to the end of the answer; streams are left out',
    labelNames: ['verb', 'group'],
    buckets: BUCKETS,
    registers,
  });
  const upstream = new Histogram({
    name: 'chaperone_upstream_duration_seconds',
    help: 'Time from sending a call to the API server until the headers of its answer are there',
    labelNames: ['verb'],
    buckets: BUCKETS,
    registers,
  });
  const policy = new Histogram({
    name: 'chaperone_policy_duration_seconds',
    help: 'Time that policies took to decide about a call, what was looked up for it included',
    buckets: POLICY_BUCKETS,
    registers,
  });
  const broken = new Counter({
    name: 'chaperone_broken_requests_total',
    help: 'What came on a connection and is no request, by the status of the answer, or proxy-protocol',
    labelNames: ['code'],
    registers,
  });
  const held = new Gauge({
    name: 'chaperone_held_requests',
    help: 'Calls that wait for an approval',
    registers,
  });
  held.set(0);
  const live: Gauge<'kind'> = new Gauge({
    name: 'chaperone_live_streams',
    help: 'Streams that are open, by kind',
    labelNames: ['kind'],
    registers,
    collect: () => STREAM_KINDS.forEach((kind) => live.set({ kind }, sources.current?.streams.countOf(kind) ?? 0)),
  });
  const streamsEnded = new Counter({
    name: 'chaperone_streams_ended_total',
    help: 'Streams that the gateway ended, by kind and why',
    labelNames: ['kind', 'reason'],
    registers,
  });
  const judged = new Histogram({
    name: 'chaperone_streams_judged_seconds',
    help: 'Time to judge all open streams again after a change',
    buckets: BUCKETS,
    registers,
  });
  const connections: Gauge = new Gauge({
    name: 'chaperone_connections',
    help: 'TLS connections of clients that are open',
    registers,
    collect: () => connections.set(sources.current?.connections() ?? 0),
  });
  const certificates = new Counter({
    name: 'chaperone_tls_reloads_total',
    help: 'Times that a changed serving certificate was taken up (loaded) or could not be (failed)',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['loaded', 'failed']) certificates.inc({ outcome }, 0);
  const bundles = new Counter({
    name: 'chaperone_bundle_loads_total',
    help: 'Revisions of the policies that were loaded or failed to load',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['loaded', 'failed']) bundles.inc({ outcome }, 0);
  let loadedAt: number | undefined;
  const age: Gauge = new Gauge({
    name: 'chaperone_bundle_age_seconds',
    help: 'Time since the revision in force was loaded; -1 without one',
    registers,
    collect: () => age.set(loadedAt === undefined ? -1 : (performance.now() - loadedAt) / 1_000),
  });
  const staleness: Gauge = new Gauge({
    name: 'chaperone_bundle_staleness_seconds',
    help: 'Time since the API server last confirmed which revision is in force; -1 before the first time',
    registers,
    collect: () => staleness.set(secondsOr(-1, sources.current?.bundles.stalenessMs())),
  });
  const rules: Gauge = new Gauge({
    name: 'chaperone_bundle_rules',
    help: 'Rules of the revision in force',
    registers,
    collect: () => rules.set(sources.current?.bundles.current()?.rules.length ?? 0),
  });
  const authentications = new Counter({
    name: 'chaperone_authentications_total',
    help: 'Calls by whether their caller is known: ok, or why not',
    labelNames: ['outcome'],
    registers,
  });
  authentications.inc({ outcome: 'ok' }, 0);
  const reviews = new Counter({
    name: 'chaperone_token_reviews_total',
    help: 'Tokens of ServiceAccounts that the API server was to review, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const keyReads = new Counter({
    name: 'chaperone_issuer_key_reads_total',
    help: 'Attempts to read the keys of an issuer, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['read', 'failed']) keyReads.inc({ outcome }, 0);
  const informerFailures = new Counter({
    name: 'chaperone_informer_failures_total',
    help: 'Lists, watches and handlers of an informer that failed, by resource and by which of them',
    labelNames: ['resource', 'type'],
    registers,
  });
  const informerStaleness: Gauge<'resource'> = new Gauge({
    name: 'chaperone_informer_staleness_seconds',
    help: 'Time since an informer last heard from the API server, by resource; -1 before the first time',
    labelNames: ['resource'],
    registers,
    collect: () => stalenesses.forEach((of, resource) => informerStaleness.set({ resource }, secondsOr(-1, of()))),
  });

  const records = recordMetrics(registers, () => sources.current?.evidence);

  return {
    registry,
    evidence: records,
    ended(report, seconds, error) {
      const { attributes } = report;
      const verb = verbLabel(attributes);
      const group = groupLabel(attributes);
      requests.inc({ verb, group, code: String(report.status), refusal: report.code ?? '' });
      if (attributes?.longRunning !== true) duration.observe({ verb, group }, seconds);
      if (report.upstreamMs !== undefined) upstream.observe({ verb }, report.upstreamMs / 1_000);
      if (report.policyMs !== undefined) policy.observe(report.policyMs / 1_000);
      if (report.identity !== undefined) authentications.inc({ outcome: 'ok' });
      else if (error instanceof AuthenticationError) authentications.inc({ outcome: error.code });
    },
    broken: (code) => broken.inc({ code: String(code) }),
    streamed(event) {
      if (event.type === 'Ended') streamsEnded.inc({ kind: event.kind, reason: event.code });
      if (event.type === 'Judged') judged.observe(event.durationMs / 1_000);
    },
    bundle(event) {
      if (event.kind === 'Loaded') loadedAt = performance.now();
      bundles.inc({ outcome: event.kind === 'Loaded' ? 'loaded' : 'failed' });
    },
    authentication(event) {
      switch (event.kind) {
        case 'TokenReviewed':
          return reviews.inc({ outcome: event.outcome });
        case 'KeysRead':
          return keyReads.inc({ outcome: 'read' });
        case 'KeysNotRead':
        case 'ClusterIssuerNotRead':
          return keyReads.inc({ outcome: 'failed' });
        default:
          return event satisfies never;
      }
    },
    certificate: (outcome) => certificates.inc({ outcome }),
    informer(resource, of) {
      stalenesses.set(resource, of);
      for (const type of ['listFailed', 'watchEnded', 'handlerFailed', 'restarted'])
        informerFailures.inc({ resource, type }, 0);
      return (observation) => {
        if (observation.type !== 'listed' && observation.error !== undefined)
          informerFailures.inc({ resource, type: observation.type });
      };
    },
    watch(given) {
      sources.current = given;
    },
  };
}

const secondsOr = (fallback: number, milliseconds: number | undefined): number =>
  milliseconds === undefined ? fallback : milliseconds / 1_000;

const VERBS: ReadonlySet<string> = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
]);

function verbLabel(attributes: RequestAttributes | undefined): string {
  const judged = attributes?.judgedVerb ?? '';
  return VERBS.has(judged) ? judged : 'other';
}

/** Callers make up names of groups as they like: only those that are known count apart. */
function groupLabel(attributes: RequestAttributes | undefined): string {
  if (attributes === undefined) return 'unread';
  const { isResourceRequest, apiGroup } = attributes;
  if (!isResourceRequest) return 'none';
  if (apiGroup === '') return 'core';
  return apiGroup === GROUP || isBuiltinGroup(apiGroup) ? apiGroup : 'other';
}
