import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildPrograms,
  CONTROL_PLANE_PROGRAMS,
  defaultCacheDirectory,
  NODE_PROGRAMS,
} from '@chaperone/e2e/cluster/build';
import { startControlPlane, type ControlPlanePorts } from '@chaperone/e2e/cluster/control-plane';
import { prepareNode, startNode } from '@chaperone/e2e/node/node';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { newSupervisor } from '@chaperone/e2e/process/supervisor';

export interface NodeStack {
  readonly binDirectory: string;
  readonly adminKubeconfig: string;
}

/** A control plane and a node, and nothing else: what the tests of clearing start and kill. */
export async function startNodeStack(directory: string): Promise<NodeStack> {
  const report = (): void => {};
  const supervisor = newSupervisor(directory);
  const tools = await prepareNode(directory, report);
  const cacheDirectory = defaultCacheDirectory(process.env);
  const programs = await buildPrograms({
    programs: [...CONTROL_PLANE_PROGRAMS, ...NODE_PROGRAMS],
    kubernetesVersion: process.env['KUBERNETES_VERSION'],
    cacheDirectory,
    report,
  });
  const ports = await keptPorts(join(directory, 'ports.json'));
  const { url, credentials, adminKubeconfig } = await startControlPlane(supervisor, {
    directory: join(directory, 'kubernetes'),
    etcdDirectory: join(directory, 'etcd'),
    programs,
    ports,
    withNode: true,
  });
  await startNode(supervisor, { tools, programs, server: url, credentials, adminKubeconfig, cacheDirectory });
  return { binDirectory: join(programs.get('kubectl') ?? '', '..'), adminKubeconfig };
}

/** The same ports at every start of a stack, so that starting it again finds its processes as it left them. */
async function keptPorts(file: string): Promise<ControlPlanePorts> {
  if (!existsSync(file)) {
    const any = { variable: '' };
    const ports: ControlPlanePorts = await choosePorts(
      { etcd: any, etcdPeer: any, apiserver: any, controllerManager: any, scheduler: any },
      {},
    );
    writeFileSync(file, JSON.stringify(ports));
    return ports;
  }
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return kept as ControlPlanePorts; // oxlint-disable-line typescript/no-unsafe-type-assertion -- written above
}

// Run as a program, with the directory as its argument: a launcher that a test can kill, or that ends before its stack.
if (import.meta.main) process.stdout.write(JSON.stringify(await startNodeStack(process.argv[2] ?? '')));
