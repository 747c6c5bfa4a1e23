import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Both ways in which kubectl may stream. */
export const PROTOCOLS = [
  { protocol: 'WebSocket', websockets: 'true' },
  { protocol: 'SPDY', websockets: 'false' },
] as const;

export interface KubectlRun {
  readonly binDirectory: string;
  readonly kubeconfig: string;
  readonly websockets: 'true' | 'false';
  readonly args: readonly string[];
  /** So many bytes go to its standard input. */
  readonly inputBytes?: number;
  /** Its standard input is not ended before it has printed so many bytes, which is also how long it is timed. */
  readonly outputBytes?: number;
}

export interface KubectlRunResult {
  /** From the first byte of its output, or from its start where it prints none, until it has ended or printed enough. */
  readonly seconds: number;
  readonly bytes: number;
  /** The last that it printed. */
  readonly tail: string;
}

const CHUNK = Buffer.alloc(1_048_576, `${'x'.repeat(63)}\n`);
const TAIL_BYTES = 200;

/** Runs kubectl and counts what it prints. @throws Error with what it says where it fails */
export async function runKubectl(run: KubectlRun): Promise<KubectlRunResult> {
  const { binDirectory, kubeconfig, websockets, args, inputBytes = 0, outputBytes = 0 } = run;
  const started = performance.now();
  const child = spawn(join(binDirectory, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args], {
    env: {
      ...process.env,
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets,
    },
  });
  let bytes = 0;
  let first: number | undefined;
  let last: number | undefined;
  let tail = Buffer.alloc(0);
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    first ??= performance.now();
    bytes += chunk.length;
    if (outputBytes > 0 && bytes >= outputBytes) {
      last = performance.now();
      child.stdin.end();
    }
    tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  });
  child.stderr.on('data', (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-2_000)));
  // A command that ends while it is written to is told by its exit code.
  child.stdin.on('error', () => undefined);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for (let left = inputBytes; left > 0 && child.stdin.writable; left -= CHUNK.length)
    if (!child.stdin.write(CHUNK.subarray(0, left))) await Promise.race([once(child.stdin, 'drain'), closed]);
  if (outputBytes === 0) child.stdin.end();
  const code = await closed;
  if (code !== 0) throw new Error(`kubectl ${args.join(' ').slice(0, 100)}: ${errors}`);
  const ended = outputBytes === 0 ? performance.now() : (last ?? performance.now());
  return { seconds: (ended - (first ?? started)) / 1_000, bytes, tail: tail.toString() };
}
