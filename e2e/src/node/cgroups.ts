import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_CGROUP } from './layout.ts';
import { currentMounts, type Mount } from './mounts.ts';

/** Where the node's cgroup lies in each hierarchy: one in version 2, one per set of controllers in version 1. Pure. */
export function nodeCgroups(mounts: readonly Mount[]): string[] {
  const paths = mounts.filter(({ type }) => type === 'cgroup' || type === 'cgroup2').map(({ path }) => path);
  return [...new Set(paths)].map((path) => join(path, NODE_CGROUP));
}

/** Makes the cgroup that the kubelet puts pods under; it refuses a root that does not exist. */
export function makeCgroups(): void {
  for (const path of nodeCgroups(currentMounts())) mkdirSync(path, { recursive: true });
}

/** Processes of the node's containers, whatever became of containerd and of their own parents. */
export function containerProcesses(): number[] {
  const lists = nodeCgroups(currentMounts()).flatMap((path) => withChildren(path).map((one) => processesOf(one)));
  return [...new Set(lists.flat())];
}

/** Removes the node's cgroups and answers those that could not be removed. Their processes must be gone. */
export function removeCgroups(): string[] {
  return nodeCgroups(currentMounts())
    .flatMap((path) => withChildren(path).toReversed())
    .filter((path) => {
      try {
        rmdirSync(path);
      } catch {
        return existsSync(path);
      }
      return false;
    });
}

/** The cgroup and all below it, parents first. */
function withChildren(path: string): string[] {
  try {
    const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [path, ...children.flatMap((entry) => withChildren(join(path, entry.name)))];
  } catch {
    return []; // Not there, or gone meanwhile.
  }
}

function processesOf(path: string): number[] {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return []; // Gone meanwhile; or a threaded cgroup of version 2, whose processes its parent names.
  }
}
