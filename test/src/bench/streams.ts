import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUSYBOX_IMAGE } from '@chaperone/e2e/node/images';
import type { BenchCluster } from './bench-cluster.ts';
import { interleaved } from './interleaved.ts';
import { PROTOCOLS, runKubectl, type KubectlRun, type KubectlRunResult } from './kubectl-run.ts';
import { usageDuring } from './process-usage.ts';
import type { Line } from './report.ts';
import { median, rounded } from './statistics.ts';

export interface StreamBenchOptions {
  readonly binDirectory: string;
  readonly kubeconfigs: Readonly<Record<'direct' | 'gateway', string>>;
  readonly kubectl: BenchCluster['kubectl'];
  /** Of the gateway. */
  readonly pid: number;
  readonly progress: (line: string) => void;
}

const MEBIBYTE = 1_048_576;
const BYTES = 256 * MEBIBYTE;
const RUNS = 3;
const MIN_RATIO = 0.7;
/** Far less than what is copied. */
const MAX_GROWTH_MIB = 64;
const NAMESPACE = 'bench-streams';
const POD = 'streams';
/** In memory, so that no disk is measured. */
const DIRECTORY = '/copies';

/** Runs once over one path. @throws Error where not all came */
type Measured = (
  kubectl: (
    args: readonly string[],
    bytes?: Pick<KubectlRun, 'inputBytes' | 'outputBytes'>,
  ) => Promise<KubectlRunResult>,
) => Promise<number>;

/** Throughput of exec: output in bulk and in lines of 4 KiB, and input. */
export async function benchExec(options: StreamBenchOptions): Promise<Line[]> {
  await createPod(options);
  const exec = (script: string): string[] => [
    `--namespace=${NAMESPACE}`,
    'exec',
    '--stdin',
    POD,
    '--',
    'sh',
    '-c',
    script,
  ];
  // A command that ended by itself could lose the last of its output, directly too.
  const read =
    (script: string): Measured =>
    async (kubectl) => {
      const { seconds, bytes } = await kubectl(exec(`${script}; cat`), { outputBytes: BYTES });
      if (bytes !== BYTES) throw new Error(`${bytes} of ${BYTES} bytes came`);
      return seconds;
    };
  const line = 'x'.repeat(4_095);
  return measureAll(options, {
    'exec, output of 256 MiB': read(`head -c ${BYTES} /dev/zero`),
    'exec, output of 256 MiB in lines of 4 KiB': read(`yes ${line} | head -c ${BYTES}`),
    'exec, input of 256 MiB': async (kubectl) => {
      // The first line is when the command runs; the second is how much it has read.
      const { seconds, tail } = await kubectl(exec('echo reads; wc -c'), { inputBytes: BYTES });
      if (tail.trim().split('\n').at(-1) !== String(BYTES)) throw new Error(`it read ${tail} of ${BYTES} bytes`);
      return seconds;
    },
  });
}

/** `kubectl cp` of 256 MiB, both directions. */
export async function benchCopies(options: StreamBenchOptions): Promise<Line[]> {
  await createPod(options);
  const directory = mkdtempSync(join(tmpdir(), 'bench-copies-'));
  try {
    const source = join(directory, 'source');
    const copy = join(directory, 'copy');
    await writeRandom(source);
    const inside = async (...command: string[]): Promise<string> =>
      options.kubectl([`--namespace=${NAMESPACE}`, 'exec', POD, '--', ...command]);
    await inside('sh', '-c', `head -c ${BYTES} /dev/urandom > ${DIRECTORY}/standing`);
    return await measureAll(options, {
      'cp of 256 MiB into a pod': async (kubectl) => {
        const { seconds } = await kubectl(['cp', source, `${NAMESPACE}/${POD}:${DIRECTORY}/copy`]);
        const size = await inside('stat', '-c', '%s', `${DIRECTORY}/copy`);
        if (size !== String(BYTES)) throw new Error(`${size} of ${BYTES} bytes were copied`);
        await inside('rm', `${DIRECTORY}/copy`);
        return seconds;
      },
      'cp of 256 MiB out of a pod': async (kubectl) => {
        const { seconds } = await kubectl(['cp', `${NAMESPACE}/${POD}:${DIRECTORY}/standing`, copy]);
        const { size } = statSync(copy);
        if (size !== BYTES) throw new Error(`${size} of ${BYTES} bytes were copied`);
        rmSync(copy);
        return seconds;
      },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureAll(
  { binDirectory, kubeconfigs, pid, progress }: StreamBenchOptions,
  kinds: Readonly<Record<string, Measured>>,
): Promise<Line[]> {
  const lines: Line[] = [];
  const run = (name: 'direct' | 'gateway', websockets: 'true' | 'false', measured: Measured): Promise<number> =>
    measured((args, bytes = {}) =>
      runKubectl({ binDirectory, kubeconfig: kubeconfigs[name], websockets, args, ...bytes }),
    );
  for (const { protocol, websockets } of PROTOCOLS) {
    for (const [what, measured] of Object.entries(kinds)) {
      progress(`${what}, ${protocol}`);
      // The first takes what the gateway then keeps: compiled code, and room for young objects.
      await run('gateway', websockets, measured);
      const cpu: number[] = [];
      let growth = 0;
      const { perSecond } = await interleaved(async (name) => {
        const { result: seconds, usage } = await usageDuring(pid, () => run(name, websockets, measured));
        if (name === 'gateway') {
          cpu.push(usage.cpuSeconds);
          growth = Math.max(growth, usage.growthMiB);
        }
        return { perSecond: BYTES / MEBIBYTE / seconds };
      }, RUNS);
      const ratio = perSecond.gateway / perSecond.direct;
      lines.push(
        {
          what: `${what}, ${protocol}, MiB/s`,
          direct: String(Math.round(perSecond.direct)),
          gateway: String(Math.round(perSecond.gateway)),
          compared: `x ${rounded(ratio)}`,
          bound: `>= ${MIN_RATIO}`,
          met: ratio >= MIN_RATIO,
        },
        {
          what: `${what}, ${protocol}: CPU s, memory MiB`,
          gateway: `${rounded(median(cpu))} s`,
          compared: `+ ${Math.round(growth)}`,
          bound: `<= ${MAX_GROWTH_MIB}`,
          met: growth <= MAX_GROWTH_MIB,
        },
      );
    }
  }
  return lines;
}

/** Harmless when repeated. */
async function createPod({ kubectl }: StreamBenchOptions): Promise<void> {
  await kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  // Pods are refused until the namespace has its ServiceAccount.
  await kubectl(['wait', `--namespace=${NAMESPACE}`, '--for=create', 'serviceaccount/default', '--timeout=10s']);
  await kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: 'copies', emptyDir: { medium: 'Memory' } }],
      containers: [
        {
          name: 'main',
          image: BUSYBOX_IMAGE,
          imagePullPolicy: 'Never',
          command: ['sleep', '100000'],
          volumeMounts: [{ name: 'copies', mountPath: DIRECTORY }],
        },
      ],
    },
  });
  await kubectl(['wait', `--namespace=${NAMESPACE}`, '--for=condition=Ready', `pod/${POD}`, '--timeout=60s']);
}

async function writeRandom(path: string): Promise<void> {
  const file = createWriteStream(path);
  const chunk = randomBytes(MEBIBYTE);
  for (let written = 0; written < BYTES; written += chunk.length) if (!file.write(chunk)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}
