import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory } from '../cluster/build.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../cluster/control-plane.ts';
import { choosePorts } from '../process/free-port.ts';
import { linkClients } from './directories.ts';
import { claimTestPlace, type TestPlace } from './test-stack.ts';

/** A control plane of a test's own. */
export interface TestControlPlane extends TestPlace {
  readonly controlPlane: ControlPlane;
  /** With these `startControlPlane` starts again what the test has ended. */
  readonly options: ControlPlaneOptions;
}

/**
 * Starts a control plane that no other test sees: for what concerns a whole cluster (admission policies, an operator
 * that takes all policies for its own), and for servers that are stopped or killed.
 */
export async function startTestControlPlane(
  name: string,
  extra: Pick<ControlPlaneOptions, 'apiserverArguments'> = {},
): Promise<TestControlPlane> {
  const place = await claimTestPlace(name);
  try {
    const anyPort = { variable: '' };
    const programs = await buildPrograms({
      programs: CONTROL_PLANE_PROGRAMS,
      kubernetesVersion: process.env['KUBERNETES_VERSION'],
      cacheDirectory: defaultCacheDirectory(process.env),
      report: () => undefined,
    });
    linkClients(place.directories, programs);
    const options: ControlPlaneOptions = {
      directory: place.directories.kubernetes,
      etcdDirectory: place.directories.etcd,
      programs,
      ports: await choosePorts(
        { etcd: anyPort, etcdPeer: anyPort, apiserver: anyPort, controllerManager: anyPort, scheduler: anyPort },
        {},
      ),
      withNode: false,
      ...extra,
    };
    return { ...place, options, controlPlane: await startControlPlane(place.supervisor, options) };
  } catch (error) {
    await place.stop();
    throw error;
  }
}
