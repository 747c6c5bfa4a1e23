import { Pool } from 'undici';
import type { BenchOptions } from './gets.ts';
import { interleaved } from './interleaved.ts';
import type { Path } from './load.ts';
import { residentMemory } from './memory.ts';
import type { Line } from './report.ts';
import { rounded } from './statistics.ts';

const PODS = 5_000;
const PER_APPLY = 500;
export const NAMESPACE = 'bench-pods';
/** What a list may add to the gateway's memory for good: far less than the list itself takes. */
const MAX_GROWTH_MIB = 32;

/** A list of 5,000 pods: time, and the memory of the gateway while it passes. */
export async function benchLists({
  paths,
  kubectl,
  pid,
  progress,
}: BenchOptions & { readonly pid: number }): Promise<Line[]> {
  await createPods(kubectl, progress);
  progress(`List of ${PODS} pods`);
  const target = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const before = residentMemory(pid);
  let bytes = 0;
  const figures = await interleaved(async (name) => {
    const started = performance.now();
    bytes = await readAll(paths[name], target);
    return { ms: performance.now() - started };
  });
  const after = residentMemory(pid);
  const growth = after.peak - before.now;
  return [
    {
      what: `list of ${PODS} pods (${rounded(bytes / 1_048_576, 1)} MiB), ms`,
      direct: String(Math.round(figures.ms.direct)),
      gateway: String(Math.round(figures.ms.gateway)),
      compared: `x ${rounded(figures.ms.gateway / figures.ms.direct)}`,
    },
    {
      what: 'memory of the gateway over the lists, MiB',
      gateway: `${Math.round(before.now)} -> ${Math.round(after.peak)} (peak)`,
      compared: `+ ${Math.round(growth)}`,
      bound: `<= ${MAX_GROWTH_MIB}`,
      met: growth <= MAX_GROWTH_MIB,
    },
  ];
}

/** Creates the pods of the list, unless they are there. */
export async function createPods(kubectl: BenchOptions['kubectl'], progress: BenchOptions['progress']): Promise<void> {
  if ((await kubectl(['get', 'namespace', NAMESPACE, '--ignore-not-found', '--output=name'])) !== '') return;
  progress(`Creating ${PODS} pods`);
  await kubectl(['create', 'namespace', NAMESPACE]);
  for (let first = 0; first < PODS; first += PER_APPLY) {
    const items = Array.from({ length: PER_APPLY }, (_, index) => pod(first + index));
    await kubectl(['create', '--filename=-', '--output=name'], { apiVersion: 'v1', kind: 'List', items });
  }
}

const pod = (index: number): unknown => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${index}`, namespace: NAMESPACE, labels: { app: 'bench', index: String(index) } },
  spec: {
    schedulerName: 'none',
    containers: [{ name: 'main', image: 'none', env: [{ name: 'TEXT', value: 'x'.repeat(512) }] }],
  },
});

async function readAll(path: Path, target: string): Promise<number> {
  const pool = new Pool(path.origin, { connections: 1, allowH2: false, connect: { ca: path.ca } });
  const { statusCode, body } = await pool.request({ path: target, method: 'GET', headers: { ...path.headers } });
  if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
  let bytes = 0;
  for await (const chunk of body) if (Buffer.isBuffer(chunk)) bytes += chunk.length;
  await pool.close();
  return bytes;
}
