import type { BenchCluster } from './bench-cluster.ts';
import { interleaved } from './interleaved.ts';
import { generateLoad, type Path } from './load.ts';
import type { Line } from './report.ts';
import { quantile, rounded } from './statistics.ts';

export interface BenchOptions {
  readonly paths: Readonly<Record<Path['name'], Path>>;
  readonly kubectl: BenchCluster['kubectl'];
  readonly progress: (line: string) => void;
}

/** A namespace in which policy keeps no records: of its calls there is an intent and nothing else. */
export const UNRECORDED = 'unrecorded';

interface Recording {
  readonly name: string;
  readonly namespace: string;
  readonly minRatio: number;
  /** Undefined where there is no bound. */
  readonly maxAddedMs: number | undefined;
}

const RECORDINGS: readonly Recording[] = [
  { name: 'no records', namespace: UNRECORDED, minRatio: 0.62, maxAddedMs: 0.5 },
  { name: 'recorded whole', namespace: 'default', minRatio: 0.5, maxAddedMs: 1.2 },
];

const RUN_MS = 4_000;

/** GET of a 3 KB ConfigMap at 1 and 16 connections, with nothing of it on record and with its body. */
export async function benchGets(options: BenchOptions): Promise<Line[]> {
  const { kubectl } = options;
  await kubectl(['create', 'namespace', UNRECORDED]);
  const lines: Line[] = [];
  for (const recording of RECORDINGS) {
    await applyTarget(kubectl, recording.namespace);
    lines.push(...(await benchRecording(options, recording)));
  }
  return lines;
}

/** The 3 KB that are got. */
export async function applyTarget(kubectl: BenchCluster['kubectl'], namespace: string): Promise<void> {
  await kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bench', namespace },
    data: { text: 'x'.repeat(2_600) },
  });
}

/** GETs that are recorded while Elasticsearch indexes the records on the same processors. */
export const INDEXED: Recording = {
  name: 'recorded and indexed',
  namespace: 'default',
  minRatio: 0.35,
  maxAddedMs: undefined,
};

export async function benchRecording({ paths, progress }: BenchOptions, recording: Recording): Promise<Line[]> {
  const { name: kind, namespace, minRatio, maxAddedMs } = recording;
  const target = `/api/v1/namespaces/${namespace}/configmaps/bench`;
  for (const path of [paths.direct, paths.gateway])
    await generateLoad(path, { target, connections: 16, durationMs: 3_000 });
  const lines: Line[] = [];
  for (const connections of [1, 16]) {
    const what = `GET 3 KB, ${kind}, ${connections} connections`;
    progress(what);
    const figures = await interleaved(async (name) => {
      const { perSecond, latencies } = await generateLoad(paths[name], {
        target,
        connections,
        durationMs: RUN_MS,
      });
      return { perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
    });
    const ratio = figures.perSecond.gateway / figures.perSecond.direct;
    lines.push({
      what: `${what}, requests/s`,
      direct: String(Math.round(figures.perSecond.direct)),
      gateway: String(Math.round(figures.perSecond.gateway)),
      compared: `x ${rounded(ratio)}`,
      ...(connections === 16 ? { bound: `>= ${minRatio}`, met: ratio >= minRatio } : {}),
    });
    for (const share of ['p50', 'p99'] as const) {
      const added = figures[share].gateway - figures[share].direct;
      lines.push({
        what: `${what}, ${share} ms`,
        direct: String(rounded(figures[share].direct)),
        gateway: String(rounded(figures[share].gateway)),
        compared: `+ ${rounded(added)}`,
        ...(connections === 1 && share === 'p50' && maxAddedMs !== undefined
          ? { bound: `<= ${maxAddedMs}`, met: added <= maxAddedMs }
          : {}),
      });
    }
  }
  return lines;
}
