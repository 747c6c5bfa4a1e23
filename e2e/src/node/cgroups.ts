import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_CGROUP } from './layout.ts';
import { currentMounts, type Mount } from './mounts.ts';

/** Where the node's cgroup lies in each hierarchy: one in version 2, one per set of controllers in version 1. Pure. */
export function nodeCgroups(mounts: readonly Mount[]): string[] {
  const paths = mounts.filter(({ type }) => type === 'cgroup' || type === 'cgroup2').map(({ path }) => path);
  return [...new Set(paths)].map((path) => join(path, NODE_CGROUP));
}

/** Controllers that the kubelet asks for, where the kernel has them. */
const KUBELET_CONTROLLERS = ['cpu', 'cpuset', 'memory', 'hugetlb', 'pids'];

/**
 * Makes the cgroup that the kubelet puts pods under; it refuses a root that does not exist, or that lacks a controller
 * which the kernel has.
 */
export function makeCgroups(): void {
  const mounts = currentMounts();
  for (const path of nodeCgroups(mounts)) mkdirSync(path, { recursive: true });
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  if (unified !== undefined && mounts.every(({ type }) => type !== 'cgroup')) enableControllers(unified.path);
}

/** In version 2 a cgroup has the controllers that its parent passes on. systemd passes on what its units ask for. */
function enableControllers(parent: string): void {
  const wanted = controllersToEnable(
    readFileSync(join(parent, 'cgroup.controllers'), 'utf8'),
    readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8'),
  );
  // One that cannot be passed on does not keep the others back; it stays on later, as others may use it by then.
  for (const controller of wanted) {
    try {
      writeFileSync(join(parent, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // The kubelet names what it misses.
    }
  }
}

/** What must be passed on yet, by the contents of `cgroup.controllers` and `cgroup.subtree_control`. Pure. */
export function controllersToEnable(available: string, enabled: string): string[] {
  const words = (text: string): Set<string> => new Set(text.split(/\s+/));
  return KUBELET_CONTROLLERS.filter((name) => words(available).has(name) && !words(enabled).has(name));
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
