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

const TARGET = '/api/v1/namespaces/default/configmaps/bench';
const RUN_MS = 4_000;
const MIN_RATIO = 0.62;
const MAX_ADDED_MS = 0.5;

/** GET of a 3 KB ConfigMap at 1 and 16 connections. */
export async function benchGets({ paths, kubectl, progress }: BenchOptions): Promise<Line[]> {
  await kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bench', namespace: 'default' },
    data: { text: 'x'.repeat(2_600) },
  });
  for (const path of [paths.direct, paths.gateway])
    await generateLoad(path, { target: TARGET, connections: 16, durationMs: 3_000 });
  const lines: Line[] = [];
  for (const connections of [1, 16]) {
    progress(`GET of 3 KB at ${connections} connections`);
    const figures = await interleaved(async (name) => {
      const { perSecond, latencies } = await generateLoad(paths[name], {
        target: TARGET,
        connections,
        durationMs: RUN_MS,
      });
      return { perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
    });
    const ratio = figures.perSecond.gateway / figures.perSecond.direct;
    lines.push({
      what: `GET 3 KB, ${connections} connections, requests/s`,
      direct: String(Math.round(figures.perSecond.direct)),
      gateway: String(Math.round(figures.perSecond.gateway)),
      compared: `x ${rounded(ratio)}`,
      ...(connections === 16 ? { bound: `>= ${MIN_RATIO}`, met: ratio >= MIN_RATIO } : {}),
    });
    for (const share of ['p50', 'p99'] as const) {
      const added = figures[share].gateway - figures[share].direct;
      lines.push({
        what: `GET 3 KB, ${connections} connections, ${share} ms`,
        direct: String(rounded(figures[share].direct)),
        gateway: String(rounded(figures[share].gateway)),
        compared: `+ ${rounded(added)}`,
        ...(connections === 1 && share === 'p50' ? { bound: `<= ${MAX_ADDED_MS}`, met: added <= MAX_ADDED_MS } : {}),
      });
    }
  }
  return lines;
}
