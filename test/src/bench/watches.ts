import { Agent } from 'undici';
import type { BenchOptions } from './gets.ts';
import { interleaved } from './interleaved.ts';
import type { Path } from './load.ts';
import { residentMemory } from './memory.ts';
import type { Line } from './report.ts';
import { median, quantile, rounded } from './statistics.ts';

const WATCHES = 1_000;
/** Opened at a time. */
const TOGETHER = 20;
const WRITES = 20;
const PAUSE_MS = 100;
const TARGET = '/api/v1/namespaces/default/configmaps?watch=true&fieldSelector=metadata.name%3Dbench-watch';

/** 1,000 open watches under writes: how late each event comes, and what a watch takes. */
export async function benchWatches(options: BenchOptions & { readonly pid: number }): Promise<Line[]> {
  const { paths, kubectl, pid, progress } = options;
  await kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bench-watch', namespace: 'default' },
  });
  progress(`${WATCHES} watches under writes`);
  let perWatchKib = 0;
  const figures = await interleaved(async (name) => {
    const before = residentMemory(pid).now;
    const run = await watchAll(paths[name], paths.direct);
    if (name === 'gateway') perWatchKib = ((run.memory(pid) - before) * 1_024) / WATCHES;
    await run.close();
    return { p50: median(run.delays), p99: quantile(run.delays, 0.99) };
  }, 3);
  return [
    ...(['p50', 'p99'] as const).map((share) => ({
      what: `delivery to ${WATCHES} watches, ${share} ms`,
      direct: String(rounded(figures[share].direct, 1)),
      gateway: String(rounded(figures[share].gateway, 1)),
      compared: `+ ${rounded(figures[share].gateway - figures[share].direct, 1)}`,
    })),
    { what: 'memory of the gateway for each watch, KiB', gateway: String(Math.round(perWatchKib)) },
  ];
}

interface WatchRun {
  /** Milliseconds from a write's request to each watch's event. */
  readonly delays: readonly number[];
  memory(pid: number): number;
  close(): Promise<void>;
}

async function watchAll(path: Path, writer: Path): Promise<WatchRun> {
  const agent = new Agent({ connect: { ca: path.ca }, allowH2: false, connections: WATCHES, bodyTimeout: 0 });
  const stop = new AbortController();
  const delays: number[] = [];
  let writtenAt = 0;
  let expected = 0;
  let arrived: () => void = () => undefined;
  const open = async (): Promise<void> => {
    const { statusCode, body } = await agent.request({
      origin: path.origin,
      path: TARGET,
      method: 'GET',
      headers: { ...path.headers },
      signal: stop.signal,
    });
    if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
    body.on('error', () => undefined);
    body.on('data', (chunk: Buffer) => {
      if (!chunk.includes('"MODIFIED"')) return;
      delays.push(performance.now() - writtenAt);
      expected -= 1;
      if (expected === 0) arrived();
    });
  };
  // All at once, the API server's own flow control would refuse some.
  for (let first = 0; first < WATCHES; first += TOGETHER) await Promise.all(Array.from({ length: TOGETHER }, open));
  const writers = new Agent({ connect: { ca: writer.ca }, allowH2: false });
  for (let write = 0; write < WRITES; write++) {
    expected = WATCHES;
    const all = new Promise<void>((resolve) => (arrived = resolve));
    writtenAt = performance.now();
    const { body, statusCode } = await writers.request({
      origin: writer.origin,
      path: '/api/v1/namespaces/default/configmaps/bench-watch',
      method: 'PATCH',
      headers: { ...writer.headers, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ data: { write: `${write}-${Date.now()}` } }),
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`a write was answered with ${statusCode}`);
    await all;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await writers.close();
  return {
    delays,
    memory: (pid) => residentMemory(pid).now,
    async close() {
      stop.abort();
      await agent.destroy();
      // The API server and the gateway let go of the watches before the next run starts.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    },
  };
}
