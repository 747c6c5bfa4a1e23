import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { NODE_ENVIRONMENT, NODE_FLAGS } from '@chaperone/operator/node-flags';

/** The operator as it is shipped, in a process of its own. */
export interface OperatorProcess {
  readonly adminUrl: string;
  /** All that it has logged since the first start, one line each. */
  readonly log: () => string;
  readonly pid: () => number | undefined;
  start(): void;
  /** Signals the process and waits until it is gone; answers its exit code, null when a signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  readonly hasEnded: () => boolean;
  /** Waits until the process ends by itself; answers its exit code. */
  ended(): Promise<number | null>;
  stop(): Promise<void>;
}

export async function newOperatorProcess(kubeconfig: string, configuration: object = {}): Promise<OperatorProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'operator-process-'));
  const { admin } = await choosePorts({ admin: { variable: '' } }, {});
  const config = join(directory, 'operator.json');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      kubeconfig,
      admin: { host: '127.0.0.1', port: admin },
      gateway: { managed: false },
      ...configuration,
    }),
  );
  let child: ChildProcess | undefined;
  let log = '';

  const process_: OperatorProcess = {
    adminUrl: `http://127.0.0.1:${admin}`,
    log: () => log,
    pid: () => child?.pid,
    start() {
      child = spawn(
        process.execPath,
        [...NODE_FLAGS, '--conditions=source', join(CHECKOUT, 'operator/src/main.ts'), `--config=${config}`],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: {
            PATH: process.env['PATH'],
            NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
            ...NODE_ENVIRONMENT,
          },
        },
      );
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    },
    hasEnded: () => child === undefined || child.exitCode !== null || child.signalCode !== null,
    end(signal) {
      const gone = process_.ended();
      child?.kill(signal);
      return gone;
    },
    async ended() {
      if (child === undefined) return null;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      return child.exitCode;
    },
    async stop() {
      await process_.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return process_;
}

/** What an endpoint of the admin server answers: its status and text, or status 0 when nobody listens. */
export async function answerOf(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

/** The sum of the values of a metric, over all its labels. */
export async function metricOf({ adminUrl }: OperatorProcess, name: string): Promise<number> {
  const { text } = await answerOf(`${adminUrl}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Bytes that the kernel counts for the process, pages of Node's binary included: what a memory limit is held against. */
export function residentMemoryOf({ pid }: OperatorProcess): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'));
  return Number(found?.[1]) * 1_024;
}
