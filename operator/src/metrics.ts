import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObservation } from '@chaperone/crds/client/connection';
import type { InformerObservation } from '@chaperone/crds/client/informer';
import { RECONCILE_RESULTS, type ControllerMetrics } from './runtime/controller.ts';

/**
 * Every metric of the operator, named as controller-runtime and client-go name theirs, so that dashboards made for them
 * work. Labels are bounded: controllers, kinds, results; never an object or a user. All start at 0, as a series that
 * begins with its first failure has no rate.
 */
export interface Metrics {
  readonly registry: Registry;
  controller(name: string, maxConcurrentReconciles: number): ControllerMetrics;
  leading(election: string): (leading: boolean) => void;
  call(observation: CallObservation): void;
  /** `staleness` in milliseconds, as the informer tells it. */
  informer(plural: string, staleness: () => number | undefined): (observation: InformerObservation) => void;
  event(outcome: 'written' | 'bumped' | 'failed' | 'suppressed'): void;
}

/** controller-runtime's `ReconcileTime` buckets, in seconds. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10, 30, 60];
/** client-go's workqueue buckets, in seconds, from the millisecond that this clock can tell upwards. */
const QUEUE_BUCKETS = [0.001, 0.01, 0.1, 1, 10, 100, 1000];
const CALL_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

type QueueGauge = Gauge<'name' | 'controller'>;

export function newMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const queueLabels = ['name', 'controller'] as const;
  const ages = new Map<string, () => readonly number[]>();
  const stalenesses = new Map<string, () => number | undefined>();

  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Current depth of workqueue',
    labelNames: queueLabels,
    registers,
  });
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue',
    labelNames: queueLabels,
    registers,
  });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Total number of retries handled by workqueue',
    labelNames: queueLabels,
    registers,
  });
  const queueDuration = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested',
    labelNames: queueLabels,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const workDuration = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes',
    labelNames: queueLabels,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const collectAges = (gauge: QueueGauge, of: (values: readonly number[]) => number): void =>
    ages.forEach((current, name) => gauge.set({ name, controller: name }, of(current())));
  const unfinished: QueueGauge = new Gauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'How many seconds of work is in progress and has not been observed by work_duration',
    labelNames: queueLabels,
    registers,
    collect: () => collectAges(unfinished, (values) => values.reduce((sum, age) => sum + age, 0)),
  });
  const longest: QueueGauge = new Gauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How many seconds the longest running processor for workqueue has been running',
    labelNames: queueLabels,
    registers,
    collect: () => collectAges(longest, (values) => Math.max(0, ...values)),
  });

  const reconciles = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller and result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const counterPerController = (name: string, help: string): Counter<'controller'> =>
    new Counter({ name, help, labelNames: ['controller'], registers });
  const failures = {
    retried: counterPerController(
      'controller_runtime_reconcile_errors_total',
      'Total number of reconciliation errors per controller, terminal ones included',
    ),
    terminal: counterPerController(
      'controller_runtime_terminal_reconcile_errors_total',
      'Total number of terminal reconciliation errors per controller',
    ),
    timeout: counterPerController(
      'controller_runtime_reconcile_timeouts_total',
      'Total number of reconciliations per controller that exceeded their time',
    ),
  };
  const reconcileTime = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const activeWorkers = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Number of currently used workers per controller',
    labelNames: ['controller'],
    registers,
  });
  const maxWorkers = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Maximum number of concurrent reconciles per controller',
    labelNames: ['controller'],
    registers,
  });

  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 where this process leads, 0 where it waits',
    labelNames: ['name'],
    registers,
  });
  const calls = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests by method and status code; any success counts as 200, no answer as <error>',
    labelNames: ['code', 'method'],
    registers,
  });
  const callDuration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds by method; of a watch, until its headers',
    labelNames: ['verb'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const informerFailures = new Counter({
    name: 'chaperone_informer_failures_total',
    help: 'Lists, watches and handlers of an informer that failed, by resource and by which of them',
    labelNames: ['resource', 'type'],
    registers,
  });
  const informerStaleness = new Gauge({
    name: 'chaperone_informer_staleness_seconds',
    help: 'Time since an informer last heard from the API server, by resource; -1 before the first time',
    labelNames: ['resource'],
    registers,
    collect: () =>
      stalenesses.forEach((staleness, resource) => {
        const ms = staleness();
        informerStaleness.set({ resource }, ms === undefined ? -1 : ms / 1000);
      }),
  });
  const events = new Counter({
    name: 'chaperone_events_total',
    help: 'Kubernetes events by what became of them: written, bumped (a series), failed, suppressed (rate bound)',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['written', 'bumped', 'failed', 'suppressed']) {
    events.inc({ outcome }, 0);
  }

  return {
    registry,
    controller(name, maxConcurrentReconciles) {
      const labels = { name, controller: name };
      adds.inc(labels, 0);
      retries.inc(labels, 0);
      queueDuration.zero(labels);
      workDuration.zero(labels);
      RECONCILE_RESULTS.forEach((result) => reconciles.inc({ controller: name, result }, 0));
      Object.values(failures).forEach((counter) => counter.inc({ controller: name }, 0));
      reconcileTime.zero({ controller: name });
      activeWorkers.set({ controller: name }, 0);
      maxWorkers.set({ controller: name }, maxConcurrentReconciles);
      return {
        queue: {
          depth: (items) => depth.set(labels, items),
          added: () => adds.inc(labels),
          retried: () => retries.inc(labels),
          waited: (seconds) => queueDuration.observe(labels, seconds),
          worked: (seconds) => workDuration.observe(labels, seconds),
          running: (current) => void ages.set(name, current),
        },
        reconciled(result, seconds) {
          reconciles.inc({ controller: name, result });
          reconcileTime.observe({ controller: name }, seconds);
        },
        failed(kind) {
          failures[kind].inc({ controller: name });
          if (kind === 'terminal') {
            failures.retried.inc({ controller: name });
          }
        },
        activeWorkers: (workers) => activeWorkers.set({ controller: name }, workers),
      };
    },
    leading(name) {
      leader.set({ name }, 0);
      return (leading) => leader.set({ name }, leading ? 1 : 0);
    },
    call({ method, status, durationMs }) {
      calls.inc({ code: status === 0 ? '<error>' : String(status), method });
      callDuration.observe({ verb: method }, durationMs / 1000);
    },
    informer(resource, staleness) {
      stalenesses.set(resource, staleness);
      const types = ['listFailed', 'watchEnded', 'handlerFailed', 'restarted'] as const;
      types.forEach((type) => informerFailures.inc({ resource, type }, 0));
      return (observation) => {
        if (observation.type !== 'listed' && observation.error !== undefined) {
          informerFailures.inc({ resource, type: observation.type });
        }
      };
    },
    event: (outcome) => events.inc({ outcome }),
  };
}
