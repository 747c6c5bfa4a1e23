import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { CallReport } from './call/call-report.ts';

/** Every metric of the proxy. Labels are bounded: never a name, a user or a path. All start at 0. */
export interface Metrics {
  readonly registry: Registry;
  /** @param seconds from the request line to the end of the answer */
  ended(report: CallReport, seconds: number): void;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
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

export function newMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'chaperone_requests_total',
    help: 'Calls that were answered, by judged verb, status and what refused them',
    labelNames: ['verb', 'code', 'refusal'],
    registers,
  });
  const duration = new Histogram({
    name: 'chaperone_request_duration_seconds',
    help: 'Time from the request line to the end of the answer, by judged verb; streams are left out',
    labelNames: ['verb'],
    buckets: BUCKETS,
    registers,
  });
  return {
    registry,
    ended(report, seconds) {
      const judged = report.attributes?.judgedVerb ?? '';
      const verb = VERBS.has(judged) ? judged : 'other';
      requests.inc({ verb, code: String(report.status), refusal: report.code ?? '' });
      if (report.attributes?.longRunning !== true) duration.observe({ verb }, seconds);
    },
  };
}
