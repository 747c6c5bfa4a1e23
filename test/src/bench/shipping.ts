import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@chaperone/crds/client/clock';
import { startElasticsearch } from '@chaperone/e2e/elasticsearch/elasticsearch';
import { elasticsearchOptions } from '@chaperone/proxy/audit/elasticsearch/options';
import { installFromSettings, startShipper } from '@chaperone/proxy/audit/elasticsearch/start-shipper';
import { recordText } from '@chaperone/proxy/audit/record/record-text';
import { callEvent } from '../elasticsearch/call-records.ts';
import { newLocalStack } from '../elasticsearch/local-stack.ts';
import { openLog } from '../wal/open-log.ts';
import type { Line } from './report.ts';
import { median } from './statistics.ts';

const RECORDS = 20_000;
const RUNS = 3;
const MIN_PER_SECOND = 3_000;
const MEBIBYTE = 1_048_576;
/** A ConfigMap of 3 KB, as the answer of a GET. */
const BODY = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'bench', namespace: 'default' },
  data: { text: 'x y z '.repeat(450) },
});

/** Elasticsearch for a benchmark: ends with it. */
export async function withElasticsearch<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const stack = await newLocalStack();
  try {
    const { url } = await startElasticsearch(stack.supervisor, { httpPort: stack.httpPort, report: () => undefined });
    return await work(url);
  } finally {
    await stack.stop();
  }
}

/** The shipper alone, on a log that is full: nothing else runs but Elasticsearch. */
export async function benchShipper(url: string, progress: (line: string) => void): Promise<Line[]> {
  const rates: number[] = [];
  const shares: number[] = [];
  for (let run = 1; run <= RUNS; run++) {
    progress(`Shipping ${RECORDS} records of 3 KB bodies, run ${run} of ${RUNS}`);
    const { seconds, cpuSeconds } = await shipOnce(url, `bench${run}`);
    rates.push(RECORDS / seconds);
    shares.push((cpuSeconds / RECORDS) * 1_000_000);
  }
  const perSecond = median(rates);
  return [
    {
      what: 'Shipper alone, records/s',
      gateway: String(Math.round(perSecond)),
      bound: `>= ${MIN_PER_SECOND}`,
      met: perSecond >= MIN_PER_SECOND,
    },
    { what: 'Shipper alone, CPU per record, us', gateway: String(Math.round(median(shares))) },
  ];
}

async function shipOnce(url: string, namespace: string): Promise<{ seconds: number; cpuSeconds: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'chaperone-bench-'));
  const log = await openLog(namespace, {
    directory,
    segmentBytes: 64 * MEBIBYTE,
    maxBytes: 1_024 * MEBIBYTE,
    queueBytes: 64 * MEBIBYTE,
    checkpointRecords: 1_000,
  });
  try {
    for (let index = 0; index < RECORDS; index++) {
      const auditID = `record-${index}`;
      const original = recordText(callEvent({ auditID }), { responseObject: BODY });
      log.appendRecord({ auditID, closes: true, original });
      if (index % 1_000 === 0) await log.flushed();
    }
    await log.finish();
    const settings = elasticsearchOptions.parse({ nodes: [url], namespace, installTemplates: {} });
    const failed = (error: unknown): never => {
      throw new Error('a file cannot be read', { cause: error });
    };
    await installFromSettings({ settings, version: '0.1.0', clock: systemClock, failed });
    const started = performance.now();
    const before = process.cpuUsage();
    const shipper = startShipper({
      settings,
      source: log,
      isOwn: () => true,
      deadLetterPath: join(directory, 'dead-letters.jsonl'),
      clock: systemClock,
      random: Math.random,
      observe: () => undefined,
      failed,
    });
    await shipper.ended;
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - started) / 1_000;
    await shipper.close(1_000);
    return { seconds, cpuSeconds: (user + system) / 1_000_000 };
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}
