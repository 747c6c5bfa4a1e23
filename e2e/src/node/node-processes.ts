import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startTimeOf, type ProcessIdentity } from '../process/process-table.ts';
import { NODE_RUN } from './layout.ts';

/** The programs of a node; `shim` is containerd's, one per pod. */
export type NodeRole = 'containerd' | 'kubelet' | 'kube-proxy' | 'shim';

export interface NodeProcess extends ProcessIdentity {
  readonly role: NodeRole;
}

const PROGRAMS: Readonly<Record<string, NodeRole>> = {
  containerd: 'containerd',
  kubelet: 'kubelet',
  'kube-proxy': 'kube-proxy',
  'containerd-shim-runc-v2': 'shim',
};

/**
 * The part that a command line plays in our node, or undefined. Pure. Told by the paths in it, which are fixed: so it
 * works for whichever checkout started the process, and when its records are gone.
 */
export function nodeRole(commandLine: readonly string[]): NodeRole | undefined {
  const [program = '', ...args] = commandLine;
  const isOurs = args.some((argument) => argument.includes(`${NODE_RUN}/`));
  return isOurs ? PROGRAMS[basename(program)] : undefined;
}

/** Programs that keep a node of another cluster, whose rules and chains have the same names as ours. */
const FOREIGN_PROGRAMS = new Set(['kubelet', 'kube-proxy', 'k3s', 'k3s-server', 'k0s', 'rke2', 'kubelite']);

/** Living processes of our node, whoever started them. */
export function nodeProcesses(): NodeProcess[] {
  return allProcesses().flatMap((pid) => {
    const role = nodeRole(commandLineOf(pid));
    const startTime = role === undefined ? undefined : startTimeOf(pid);
    return role === undefined || startTime === undefined ? [] : [{ pid, startTime, role }];
  });
}

/** The name of a program that keeps another node in our network namespace (those of kind have namespaces of their own). */
export function foreignNode(): string | undefined {
  const namespace = networkNamespaceOf('self');
  const found = allProcesses().find((pid) => {
    const commandLine = commandLineOf(pid);
    const isKnown = FOREIGN_PROGRAMS.has(basename(commandLine[0] ?? ''));
    return isKnown && nodeRole(commandLine) === undefined && networkNamespaceOf(String(pid)) === namespace;
  });
  return found === undefined ? undefined : `${basename(commandLineOf(found)[0] ?? '')} (process ${found})`;
}

/** SIGTERM to each, SIGKILL after `timeout` milliseconds, until all are gone. 0 kills at once. */
export async function endProcesses(list: () => readonly ProcessIdentity[], timeout: number): Promise<void> {
  const terminated = new Set<number>();
  const deadline = Date.now() + timeout;
  // Asked anew each time: a dying parent may still start a child.
  for (let living = list().filter(isAlive); living.length > 0; living = list().filter(isAlive)) {
    const isLate = Date.now() >= deadline;
    for (const { pid } of living) {
      if (isLate || !terminated.has(pid)) sendSignal(pid, isLate ? 'SIGKILL' : 'SIGTERM');
      terminated.add(pid);
    }
    // SIGKILL cannot be refused, but a process may be stuck in the kernel: better to go on and name what is left.
    if (Date.now() >= deadline + 10_000) return;
    await sleep(50);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: gone meanwhile.
  }
}

/** Processes by pid, as `endProcesses` wants them. */
export const identitiesOf = (pids: readonly number[]): ProcessIdentity[] =>
  pids.flatMap((pid) => {
    const startTime = startTimeOf(pid);
    return startTime === undefined ? [] : [{ pid, startTime }];
  });

const allProcesses = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return []; // Gone meanwhile.
  }
}

function networkNamespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
