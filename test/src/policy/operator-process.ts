import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/** Policy controllers in a process of their own, so that time and memory are theirs alone. */
export interface OperatorProcess {
  /** The sum of the values of a metric, over all its labels. */
  metric(name: string): Promise<number>;
  /** Milliseconds of processor time since it started: what other processes do to the machine does not count. */
  cpuMs(): Promise<number>;
  /** Bytes of JavaScript heap in use, garbage included. */
  heapUsed(): Promise<number>;
  /** Bytes of memory that are its own, without the pages of files (Node's binary), which the kernel can take back. */
  ownMemory(): number;
  stop(): Promise<void>;
}

/** Else V8 lets garbage grow as large as the machine allows before it collects it. */
const MEMORY_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=128'];

export async function startOperatorProcess(kubeconfig: string, namespace: string): Promise<OperatorProcess> {
  const child = fork(resolve(import.meta.dirname, 'operator-process-main.ts'), [kubeconfig, namespace], {
    execArgv: ['--conditions=source', ...MEMORY_FLAGS],
  });
  const ended = once(child, 'exit');
  await answerTo(child, 'ready');
  return {
    metric: (name) => answerTo(child, name),
    cpuMs: () => answerTo(child, 'cpuMs'),
    heapUsed: () => answerTo(child, 'heapUsed'),
    ownMemory: () => ownMemoryOf(child),
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

/** Each question is answered by a number, under its own name. */
function answerTo(child: ChildProcess, question: string): Promise<number> {
  return new Promise((done, fail) => {
    const listen = (message: unknown): void => {
      if (isRecord(message) && message['question'] === question && typeof message['answer'] === 'number') {
        child.off('message', listen);
        child.off('exit', exited);
        done(message['answer']);
      }
    };
    const exited = (): void => fail(new Error('The process has ended'));
    child.on('message', listen);
    child.once('exit', exited);
    child.send(question);
  });
}

function ownMemoryOf({ pid }: ChildProcess): number {
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1_024;
}
