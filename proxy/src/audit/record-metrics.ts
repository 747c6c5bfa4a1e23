import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Evidence, EvidenceObserver } from './evidence.ts';

/** Metrics of the log of records and of what ships it. Described in docs/metrics.md. */
export function recordMetrics(
  registers: Registry[],
  evidence: () => Pick<Evidence, 'log' | 'shipping'> | undefined,
): EvidenceObserver {
  const failed = new Counter({
    name: 'chaperone_record_failures_total',
    help: 'Records that could not be written; their calls end as unknown outcomes',
    registers,
  });
  failed.inc(0);
  const faults = new Counter({
    name: 'chaperone_log_events_total',
    help: 'What happened to the log of records beside its growing: damage found, logs of others taken over',
    labelNames: ['type'],
    registers,
  });
  for (const type of ['Fault', 'Adopted', 'AdoptionFailed', 'UpkeepFailed', 'Lost']) faults.inc({ type }, 0);
  gauge(
    'chaperone_log_bytes',
    'Size of the log of records, those of this replica and of what it has taken over',
    () => evidence()?.log.state().bytes,
  );
  gauge('chaperone_log_queue_bytes', 'What waits in memory for the disk', () => evidence()?.log.state().queueBytes);
  gauge(
    'chaperone_log_open_intents',
    'Calls whose intent is on record and whose end is not',
    () => evidence()?.log.state().openIntents,
  );
  gauge(
    'chaperone_log_sequence',
    "Number of the last record in this process's chain",
    () => evidence()?.log.state().head.sequence,
  );
  gauge('chaperone_log_refusing', 'Whether calls are refused as they cannot be recorded', () => {
    const log = evidence()?.log;
    return log === undefined ? undefined : Number(log.lastError() !== undefined);
  });
  gauge(
    'chaperone_shipper_waiting_documents',
    'Records that were read for Elasticsearch and are not stored there',
    () => evidence()?.shipping()?.documents,
  );
  gauge('chaperone_shipper_lag_seconds', 'Age of the oldest of these', () => {
    const state = evidence()?.shipping();
    if (state === undefined) return undefined;
    return state.oldestReadAt === undefined ? 0 : (performance.now() - state.oldestReadAt) / 1_000;
  });
  gauge('chaperone_shipper_last_success_timestamp_seconds', 'When Elasticsearch last stored something', () => {
    const at = evidence()?.shipping()?.lastSuccess;
    return at === undefined ? undefined : at / 1_000;
  });
  const documents = new Counter({
    name: 'chaperone_shipper_documents_total',
    help: 'Documents by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['stored', 'duplicate', 'reduced', 'conflict', 'dead-letter']) documents.inc({ outcome }, 0);
  const delays = new Counter({
    name: 'chaperone_shipper_delays_total',
    help: 'Times that documents had to wait, by why',
    labelNames: ['reason'],
    registers,
  });
  const requests = new Histogram({
    name: 'chaperone_shipper_request_duration_seconds',
    help: 'Time of a bulk request',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });

  function gauge(name: string, help: string, read: () => number | undefined): void {
    const metric: Gauge = new Gauge({ name, help, registers, collect: () => metric.set(read() ?? -1) });
  }

  return {
    recordFailed: () => failed.inc(),
    log: ({ type }) => faults.inc({ type }),
    shipper(event) {
      switch (event.type) {
        case 'Attempted':
          return requests.observe(event.durationMs / 1_000);
        case 'Stored':
          documents.inc({ outcome: 'stored' }, event.documents - event.duplicates);
          return documents.inc({ outcome: 'duplicate' }, event.duplicates);
        case 'Delayed':
          return delays.inc({ reason: event.why });
        case 'Reduced':
          return documents.inc({ outcome: 'reduced' });
        case 'Conflict':
          return documents.inc({ outcome: 'conflict' });
        case 'DeadLetter':
          return documents.inc({ outcome: 'dead-letter' });
        case 'Halved':
        case 'DeadLetterFailed':
          return;
        default:
          return event satisfies never;
      }
    },
  };
}
