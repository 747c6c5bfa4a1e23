import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, CONTROL_PLANE_PROGRAMS, defaultCacheDirectory, NODE_PROGRAMS } from '../cluster/build.ts';
import { choosePorts, type PortRequest } from '../process/free-port.ts';
import { LaunchError } from '../process/launch-error.ts';
import { acquireLock } from '../process/lock.ts';
import type { Report } from '../process/progress.ts';
import { newSupervisor, type Supervisor } from '../process/supervisor.ts';
import { linkClients, type StackDirectories } from './directories.ts';
import { removeEnvironmentFile, writeEnvironmentFile } from './environment-file.ts';
import { checkPlace, checkRoom, checkTools } from './preflight.ts';
import { startProduct, type Product } from './product.ts';
import { endServers, startServers, type Servers } from './servers.ts';
import { grantDevelopmentRights } from './development-rights.ts';

export interface StackOptions {
  readonly directories: StackDirectories;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly report: Report;
}

const PORTS = {
  etcd: { variable: 'ETCD_PORT' },
  etcdPeer: { variable: 'ETCD_PEER_PORT' },
  apiserver: { variable: 'KUBE_API_PORT' },
  controllerManager: { variable: 'KUBE_CONTROLLER_MANAGER_PORT' },
  scheduler: { variable: 'KUBE_SCHEDULER_PORT' },
  elasticsearch: { variable: 'ELASTICSEARCH_PORT' },
  issuer: { variable: 'ISSUER_PORT' },
  operatorAdmin: { variable: 'OPERATOR_ADMIN_PORT' },
  gateway: { variable: 'CHAPERONE_PORT' },
  gatewayAdmin: { variable: 'CHAPERONE_ADMIN_PORT' },
} as const satisfies Record<string, PortRequest>;

type Ports = Record<keyof typeof PORTS, number>;

/** What a stack remembers between two starts. */
interface StackState {
  readonly withNode: boolean;
  readonly ports: Ports;
}

/**
 * Brings the stack up: starts what does not run, leaves alone what does, and writes the environment file last. A stack
 * of which nothing runs any more is cleared first, so that one never starts on another's rubbish.
 */
export async function up(options: StackOptions & { readonly withNode: boolean }): Promise<void> {
  const { directories, report, environment } = options;
  checkPlace(directories.root);
  await withStackLock(options, async () => {
    const supervisor = newSupervisor(directories.root);
    if (supervisor.running().length === 0) await clear(options, supervisor);
    // Whoever sees the file sees a stack that is whole; this one is about to be repaired.
    else if (!supervisor.isWhole()) removeEnvironmentFile(directories.env);
    await checkTools();
    checkRoom([
      {
        directory: directories.root,
        gibibytes: 2,
        purpose: 'the stack',
        alternative: 'use a checkout on another disk',
      },
    ]);
    const earlier = readState(directories);
    const withNode = options.withNode || earlier?.withNode === true;
    const cacheDirectory = defaultCacheDirectory(environment);
    const programs = await buildPrograms({
      programs: withNode ? [...CONTROL_PLANE_PROGRAMS, ...NODE_PROGRAMS] : CONTROL_PLANE_PROGRAMS,
      kubernetesVersion: environment['KUBERNETES_VERSION'],
      cacheDirectory,
      report,
    });
    const ports = earlier?.ports ?? (await choosePorts(PORTS, environment));
    // That there is a node is remembered once it is ours: a refusal must not make every later start ask for it.
    writeState(directories, { withNode: earlier?.withNode === true, ports });
    const onNodeClaimed = (): void => writeState(directories, { withNode, ports });
    linkClients(directories, programs);
    const servers = await startServers(supervisor, {
      directories,
      programs,
      ports,
      withNode,
      cacheDirectory,
      report,
      onNodeClaimed,
    });
    const starting = startOwn(supervisor, servers, options, ports);
    // Nobody gives the lock back while a server is still being started: who comes next would clear, and it come up after.
    await Promise.allSettled([starting, servers.elasticsearch]);
    const [product] = await Promise.all([starting, servers.elasticsearch]);
    writeEnvironmentFile(directories.env, await environmentValues(directories, servers, product));
    report(`Ready. In a shell: . ${directories.env}`);
  });
}

async function startOwn(
  supervisor: Supervisor,
  { controlPlane, issuer, elasticsearchUrl }: Servers,
  { directories, report }: StackOptions,
  ports: Ports,
): Promise<Product> {
  await grantDevelopmentRights(directories, controlPlane);
  return startProduct(supervisor, { directories, controlPlane, issuer, elasticsearchUrl, ports, report });
}

/** Ends the stack and removes all that it left, also what a killed launcher forgot. Harmless when there is none. */
export async function down(options: StackOptions): Promise<void> {
  await withStackLock(options, () => clear(options, newSupervisor(options.directories.root)));
  rmSync(options.directories.lock, { force: true });
}

async function clear({ directories, report }: StackOptions, supervisor: Supervisor): Promise<void> {
  removeEnvironmentFile(directories.env);
  await endServers(supervisor, (name) => report(`Ending ${name}`));
  rmSync(directories.root, { recursive: true, force: true });
}

async function withStackLock(options: StackOptions, work: () => Promise<void>): Promise<void> {
  const lock = await acquireLock(options.directories.lock, {
    timeout: 15 * 60_000,
    onWait: () => options.report('Another make up or make down of this checkout is at work: waiting for it'),
  });
  if (lock === undefined) {
    throw new LaunchError(
      'Locked',
      'another make up or make down of this checkout has been at work for 15 minutes: end it first',
    );
  }
  try {
    await work();
  } finally {
    lock.release();
  }
}

async function environmentValues(
  directories: StackDirectories,
  { controlPlane, elasticsearchUrl, issuer }: Servers,
  product: Product,
): Promise<Record<string, string>> {
  const reviewer = await controlPlane.credentials.clientKubeconfig({
    file: 'reviewer',
    server: controlPlane.url,
    user: 'reviewer@example.com',
    groups: ['oncall'],
  });
  return {
    ADMIN_KUBECONFIG: controlPlane.adminKubeconfig,
    AGENT_KUBECONFIG: product.gateway.agentKubeconfig,
    REVIEWER_KUBECONFIG: reviewer,
    KUBE_API_URL: controlPlane.url,
    KUBE_API_CA: controlPlane.caFile,
    CHAPERONE_URL: product.gateway.url,
    CHAPERONE_CA: product.gateway.caFile,
    CHAPERONE_ADMIN_URL: product.gateway.adminUrl,
    CHAPERONE_STATE: directories.state,
    OPERATOR_ADMIN_URL: product.operatorAdminUrl,
    ISSUER_URL: issuer.url,
    ISSUER_CA: issuer.caFile,
    ISSUER_AUDIENCE: issuer.audience,
    ELASTICSEARCH_URL: elasticsearchUrl,
    RUN_BIN: directories.bin,
  };
}

function stateFile(directories: StackDirectories): string {
  return join(directories.root, 'stack.json');
}

function writeState(directories: StackDirectories, state: StackState): void {
  mkdirSync(directories.root, { recursive: true });
  writeFileSync(`${stateFile(directories)}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${stateFile(directories)}.new`, stateFile(directories));
}

/** The state of a stack that is still up; one that is torn, or written by another version, counts as none. */
function readState(directories: StackDirectories): StackState | undefined {
  if (!existsSync(stateFile(directories))) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(stateFile(directories), 'utf8'));
    return isStackState(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isStackState(value: unknown): value is StackState {
  if (typeof value !== 'object' || value === null || !('ports' in value) || !('withNode' in value)) return false;
  const { ports, withNode } = value;
  if (typeof ports !== 'object' || ports === null || typeof withNode !== 'boolean') return false;
  const entries = new Map<string, unknown>(Object.entries(ports));
  return Object.keys(PORTS).every((name) => typeof entries.get(name) === 'number');
}
