import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory } from '@chaperone/e2e/cluster/build';
import { startControlPlane } from '@chaperone/e2e/cluster/control-plane';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { newSupervisor } from '@chaperone/e2e/process/supervisor';

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
  const directory = mkdtempSync(join(tmpdir(), 'chaperone-policy-'));
  const supervisor = newSupervisor(directory);
  const anyPort = { variable: '' };
  const stop = async (): Promise<void> => {
    await supervisor.stopAll();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const controlPlane = await startControlPlane(supervisor, {
      directory: join(directory, 'kubernetes'),
      etcdDirectory: join(directory, 'etcd'),
      programs: await buildPrograms({
        programs: CONTROL_PLANE_PROGRAMS,
        kubernetesVersion: process.env['KUBERNETES_VERSION'],
        cacheDirectory: defaultCacheDirectory(process.env),
        report: () => undefined,
      }),
      ports: await choosePorts(
        { etcd: anyPort, etcdPeer: anyPort, apiserver: anyPort, controllerManager: anyPort, scheduler: anyPort },
        {},
      ),
      withNode: false,
    });
    return { adminKubeconfig: controlPlane.adminKubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
