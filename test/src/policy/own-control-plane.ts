import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startTestControlPlane } from '@chaperone/e2e/stack/test-control-plane';

const execute = promisify(execFile);

export interface OwnControlPlane {
  readonly adminKubeconfig: string;
  readonly stop: () => Promise<void>;
}

/**
 * An API server for one test file. AgentPolicies are cluster-scoped and an operator takes all there are for its own, so
 * that on a shared one it would write into those of other tests.
 */
export async function startOwnControlPlane(): Promise<OwnControlPlane> {
  const { controlPlane, stop } = await startTestControlPlane('policy');
  return { adminKubeconfig: controlPlane.adminKubeconfig, stop };
}

/** Installs the kinds that policies need, and waits until they are served. */
export async function installPolicyKinds(adminKubeconfig: string, binDirectory: string): Promise<void> {
  const kubectl = (...args: string[]): Promise<unknown> =>
    execute(join(binDirectory, 'kubectl'), [`--kubeconfig=${adminKubeconfig}`, ...args]);
  for (const plural of ['agentpolicies', 'maskingrules']) {
    await kubectl(
      'apply',
      '--server-side',
      '-f',
      resolve(import.meta.dirname, `../../../crds/chaperone.dev_${plural}.yaml`),
    );
    await kubectl('wait', '--for=condition=Established', '--timeout=20s', `crd/${plural}.chaperone.dev`);
  }
}
