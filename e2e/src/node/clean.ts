import { existsSync, rmSync } from 'node:fs';
import { LaunchError } from '../process/launch-error.ts';
import { containerProcesses, removeCgroups } from './cgroups.ts';
import { removeRules } from './iptables.ts';
import { NODE_RUN, NODE_STATE } from './layout.ts';
import { removeLeftovers } from './leftovers.ts';
import { unmountUnder } from './mounts.ts';
import { hasBridge, removeLinks } from './network.ts';
import { endProcesses, identitiesOf, nodeProcesses, type NodeRole } from './node-processes.ts';
import { restoreSysctls } from './sysctls.ts';

/** True when a node of ours runs, ran or was about to: without a trace there is nothing to clear, and nothing is touched. */
export async function hasNodeTraces(): Promise<boolean> {
  return existsSync(NODE_RUN) || existsSync(NODE_STATE) || nodeProcesses().length > 0 || (await hasBridge());
}

/**
 * Ends and removes all that is left of the node, in whatever state it is: the one way down, after a good stop as after
 * `kill -9` of any part of it. Can be interrupted and repeated. `grace` is how long containers may take to end, in
 * milliseconds.
 *
 * The order matters. The kubelet would start again what is ended, so it goes first. Containers are found by cgroup, as
 * they have neither a record nor a mark in their environment. Mounts can go when their users are gone, files when the
 * mounts are gone (else the removal would reach into mounted volumes), and the roots last of all, as they are the trace
 * that a repeated attempt goes by.
 */
export async function clearNode(grace: number): Promise<void> {
  await endRoles(['kubelet', 'kube-proxy'], 2_000);
  await endProcesses(() => identitiesOf(containerProcesses()), grace);
  await endRoles(['containerd'], 5_000);
  await endRoles(['shim'], 0);
  // A shim that was just starting a container may have added one.
  await endProcesses(() => identitiesOf(containerProcesses()), 0);

  const mounts = await unmountUnder([NODE_RUN, NODE_STATE]);
  const links = await removeLinks();
  const rules = await removeRules();
  const cgroups = removeCgroups();
  restoreSysctls();
  removeLeftovers();
  const left = [...mounts, ...links, ...rules.split('\n').filter((line) => line.startsWith('-')), ...cgroups];
  if (left.length > 0) {
    throw new LaunchError(
      'NodeUnavailable',
      `the node cannot be cleared, remove by hand and repeat: ${left.join(', ')}`,
    );
  }
  rmSync(NODE_STATE, { recursive: true, force: true });
  rmSync(NODE_RUN, { recursive: true, force: true });
}

const endRoles = (roles: readonly NodeRole[], timeout: number): Promise<void> =>
  endProcesses(() => nodeProcesses().filter(({ role }) => roles.includes(role)), timeout);
