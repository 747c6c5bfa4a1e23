import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory, NODE_PROGRAMS } from '../cluster/build.ts';
import { LaunchError } from '../process/launch-error.ts';
import { acquireLock } from '../process/lock.ts';
import { choosePorts } from '../process/free-port.ts';
import type { Report } from '../process/progress.ts';
import { newSupervisor, type Supervisor } from '../process/supervisor.ts';
import { endServers, startServers, type Servers } from './servers.ts';
import { CHECKOUT, linkClients, stackDirectories, type StackDirectories } from './directories.ts';

/** The servers of one test run. */
export interface TestStack {
  readonly directories: StackDirectories;
  readonly supervisor: Supervisor;
  readonly servers: Servers;
  /** Ends every process and removes the directory. */
  readonly stop: () => Promise<void>;
}

/** Where test runs keep their stacks, one directory a run, so that two runs of a checkout do not meet. */
const TEST_STACKS = join(CHECKOUT, '.run-test');

/** Starts the servers of a test run in a directory of its own, and clears what killed runs left behind. */
export async function startTestStack(report: Report, options: { readonly withNode: boolean }): Promise<TestStack> {
  await clearAbandonedTestStacks();
  const directories = stackDirectories(join(TEST_STACKS, String(process.pid)));
  const lock = await acquireLock(directories.lock, { timeout: 0 });
  if (lock === undefined)
    throw new LaunchError('Locked', `${directories.root} is held by another process: end it first`);
  const supervisor = newSupervisor(directories.root);
  const stop = async (): Promise<void> => {
    await clear(supervisor, directories);
    lock.release();
    rmSync(directories.lock, { force: true });
  };
  try {
    const servers = await start(supervisor, directories, { report, ...options });
    return { directories, supervisor, servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  supervisor: Supervisor,
  directories: StackDirectories,
  { report, withNode }: { readonly report: Report; readonly withNode: boolean },
): Promise<Servers> {
  const cacheDirectory = defaultCacheDirectory(process.env);
  const programs = await buildPrograms({
    programs: withNode ? [...CONTROL_PLANE_PROGRAMS, ...NODE_PROGRAMS] : CONTROL_PLANE_PROGRAMS,
    kubernetesVersion: process.env['KUBERNETES_VERSION'],
    cacheDirectory,
    report,
  });
  linkClients(directories, programs);
  const anyPort = { variable: '' };
  const ports = await choosePorts(
    {
      etcd: anyPort,
      etcdPeer: anyPort,
      apiserver: anyPort,
      controllerManager: anyPort,
      scheduler: anyPort,
      elasticsearch: anyPort,
      issuer: anyPort,
    },
    {},
  );
  return startServers(supervisor, { directories, programs, ports, withNode, cacheDirectory, report });
}

/** Ends and removes the stacks of test runs that are no more: their lock is free, since the kernel gave it back. */
export async function clearAbandonedTestStacks(): Promise<void> {
  for (const name of directoriesIn(TEST_STACKS)) {
    const directories = stackDirectories(join(TEST_STACKS, name));
    const lock = await acquireLock(directories.lock, { timeout: 0 });
    if (lock === undefined) continue;
    await clear(newSupervisor(directories.root), directories);
    lock.release();
    rmSync(directories.lock, { force: true });
  }
}

async function clear(supervisor: Supervisor, directories: StackDirectories): Promise<void> {
  await endServers(supervisor);
  rmSync(directories.root, { recursive: true, force: true });
}

function directoriesIn(parent: string): string[] {
  try {
    return readdirSync(parent);
  } catch {
    return [];
  }
}
