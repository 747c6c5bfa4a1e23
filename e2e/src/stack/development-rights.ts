import { join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import type { StackDirectories } from './directories.ts';

/**
 * Group `agents` may do everything as far as RBAC goes, so that on this stack what refuses is policy. Never a thing to
 * copy to a real cluster, where RBAC stays the ceiling of what an agent can do.
 */
const AGENTS_BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'development-agents' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'agents' }],
};

/** What a cluster administrator does for the people on call. */
const REVIEWERS_BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'development-reviewers' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'chaperone-reviewer' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oncall' }],
};

/** Applies what a development stack grants beyond the chart. */
export async function grantDevelopmentRights(directories: StackDirectories, controlPlane: ControlPlane): Promise<void> {
  const kubectl = join(directories.bin, 'kubectl');
  const args = [`--kubeconfig=${controlPlane.adminKubeconfig}`, 'apply', '--server-side', '--filename=-'];
  const list = { apiVersion: 'v1', kind: 'List', items: [AGENTS_BINDING, REVIEWERS_BINDING] };
  const result = await runCommand(kubectl, args, { input: JSON.stringify(list) });
  if (result.code !== 0)
    throw new LaunchError('NotReady', `the rights of agents and reviewers cannot be applied: ${result.stderr.trim()}`);
}
