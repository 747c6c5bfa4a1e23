import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory } from '@chaperone/e2e/cluster/build';
import { startControlPlane, type ControlPlane } from '@chaperone/e2e/cluster/control-plane';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { newSupervisor } from '@chaperone/e2e/process/supervisor';

export interface OwnControlPlane {
  readonly controlPlane: ControlPlane;
  /** For whatever the test writes; removed in the end. */
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

/** A control plane that no other test sees, for what holds for a whole cluster. */
export async function startOwnControlPlane(): Promise<OwnControlPlane> {
  const directory = mkdtempSync(join(tmpdir(), 'chaperone-chart-'));
  const supervisor = newSupervisor(directory);
  const stop = async (): Promise<void> => {
    await supervisor.stopAll();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const anyPort = { variable: '' };
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
    return { controlPlane, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
