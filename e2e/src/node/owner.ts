import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { isAlive, processesOfStack, startTimeOf, type ProcessIdentity } from '../process/process-table.ts';
import { NODE_RUN } from './layout.ts';
import { commandLineOf, nodeProcesses, nodeRole } from './node-processes.ts';

/** Which stack has the machine's node, and the launcher that claimed it, which may not have come further yet. */
export interface NodeOwner {
  readonly stackDirectory: string;
  readonly launcher: ProcessIdentity;
}

/** What is known of an owner beside its file. */
export interface OwnerFacts {
  /** Its launcher, or anything that its launcher started, lives: the shims of containers do not count. */
  readonly isStackAlive: boolean;
  /** containerd, kubelet or kube-proxy of the node lives. */
  readonly isNodeAlive: boolean;
  readonly directoryExists: boolean;
}

/**
 * Free: nobody claims the node. Ours: this stack has it, and it runs. Stale: what is left of it is to be cleared.
 * Held: another stack has it.
 */
export type Ownership = 'free' | 'ours' | 'stale' | 'held';

/** Judges who has the node. Pure. */
export function judgeOwnership(owner: NodeOwner | undefined, stackDirectory: string, facts: OwnerFacts): Ownership {
  if (owner === undefined) return facts.isNodeAlive ? 'stale' : 'free';
  if (owner.stackDirectory === stackDirectory) return facts.isNodeAlive ? 'ours' : 'stale';
  // Nobody can run `make down` in a checkout that has been deleted.
  if (!facts.directoryExists) return 'stale';
  return facts.isNodeAlive || facts.isStackAlive ? 'held' : 'stale';
}

const OWNER_FILE = join(NODE_RUN, 'owner.json');

/** Judges who has the node of this machine, as seen from a stack. */
export function nodeOwnership(stackDirectory: string): { ownership: Ownership; owner: NodeOwner | undefined } {
  const owner = readOwner();
  const facts: OwnerFacts = {
    isStackAlive: owner !== undefined && isStackAlive(owner),
    isNodeAlive: nodeProcesses().some(({ role }) => role !== 'shim'),
    directoryExists: owner !== undefined && existsSync(owner.stackDirectory),
  };
  return { ownership: judgeOwnership(owner, stackDirectory, facts), owner };
}

/** What a second stack is told. */
export function heldError(owner: NodeOwner): LaunchError {
  return new LaunchError(
    'NodeUnavailable',
    `this machine's one node belongs to the stack in ${owner.stackDirectory}: run 'make down' in its checkout, or leave WITH_NODE unset here`,
  );
}

/** Notes that the stack has the node from now on. */
export function writeOwner(stackDirectory: string): void {
  mkdirSync(NODE_RUN, { recursive: true, mode: 0o700 });
  const owner: NodeOwner = {
    stackDirectory,
    launcher: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' },
  };
  writeFileSync(`${OWNER_FILE}.new`, JSON.stringify(owner));
  renameSync(`${OWNER_FILE}.new`, OWNER_FILE);
}

/** Shims outlive a stack whose processes were killed, and inherit its mark. */
function isStackAlive(owner: NodeOwner): boolean {
  return (
    isAlive(owner.launcher) ||
    processesOfStack(owner.stackDirectory).some(({ pid }) => nodeRole(commandLineOf(pid)) !== 'shim')
  );
}

function readOwner(): NodeOwner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(OWNER_FILE, 'utf8'));
    return isOwner(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOwner(value: unknown): value is NodeOwner {
  if (typeof value !== 'object' || value === null) return false;
  const { stackDirectory, launcher }: Partial<Record<keyof NodeOwner, unknown>> = value;
  if (typeof stackDirectory !== 'string' || typeof launcher !== 'object' || launcher === null) return false;
  const { pid, startTime }: Partial<Record<keyof ProcessIdentity, unknown>> = launcher;
  return typeof pid === 'number' && typeof startTime === 'string';
}
