import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory, NODE_PROGRAMS } from '../cluster/build.ts';
import { LaunchError } from '../process/launch-error.ts';
import { acquireLock } from '../process/lock.ts';
import { choosePorts } from '../process/free-port.ts';
import type { Report } from '../process/progress.ts';
import { newSupervisor, type Supervisor } from '../process/supervisor.ts';
import { endServers, startServers, type Servers } from './servers.ts';
import { CHECKOUT, linkClients, stackDirectories, type StackDirectories } from './directories.ts';

/** A place where a test may start what it likes: it is cleared in the end, also when the test is killed before. */
export interface TestPlace {
  readonly directories: StackDirectories;
  readonly supervisor: Supervisor;
  /** Ends every process and removes all that they wrote. May be called again. */
  readonly stop: () => Promise<void>;
}

/** The servers of one test run. */
export interface TestStack extends TestPlace {
  readonly servers: Servers;
}

/** Where tests keep their stacks, one directory each, so that two runs of a checkout do not meet. */
const TEST_STACKS = join(CHECKOUT, '.run-test');

/**
 * Claims a directory for a test by a lock that its process holds: when the process dies, the next test run finds the
 * lock free, ends what still runs there and removes it.
 */
export async function claimTestPlace(name: string): Promise<TestPlace> {
  const directories = stackDirectories(join(TEST_STACKS, `${name}-${randomUUID().slice(0, 8)}`));
  const lock = await acquireLock(directories.lock, { timeout: 0 });
  if (lock === undefined) {
    throw new LaunchError('Locked', `${directories.root} is held by another process: end it first`);
  }
  const supervisor = newSupervisor(directories.root);
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await clear(supervisor, directories);
    lock.release();
    rmSync(directories.lock, { force: true });
  };
  return { directories, supervisor, stop: () => (stopped ??= end()) };
}

/** Starts the servers of a test run, and clears what killed runs left behind. */
export async function startTestStack(
  report: Report,
  options: { readonly withNode: boolean; readonly withElasticsearch: boolean },
): Promise<TestStack> {
  await clearAbandonedTestStacks();
  const place = await claimTestPlace('run');
  try {
    const servers = await start(place.supervisor, place.directories, { report, ...options });
    return { ...place, servers };
  } catch (error) {
    await place.stop();
    throw error;
  }
}

async function start(
  supervisor: Supervisor,
  directories: StackDirectories,
  {
    report,
    withNode,
    withElasticsearch,
  }: { readonly report: Report; readonly withNode: boolean; readonly withElasticsearch: boolean },
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
  return startServers(supervisor, {
    directories,
    programs,
    ports,
    withNode,
    withElasticsearch,
    cacheDirectory,
    report,
  });
}

/** Ends and removes the stacks of test runs that are no more: their lock is free, since the kernel gave it back. */
export async function clearAbandonedTestStacks(): Promise<void> {
  for (const name of directoriesIn(TEST_STACKS)) {
    const directories = stackDirectories(join(TEST_STACKS, name));
    const lock = await acquireLock(directories.lock, { timeout: 0 });
    if (lock === undefined) continue;
    // A test of the launcher itself keeps whole stacks in its place.
    for (const nested of directoriesIn(directories.root)) {
      const stack = stackDirectories(join(directories.root, nested));
      if (existsSync(join(stack.root, 'processes'))) await clear(newSupervisor(stack.root), stack);
    }
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
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
