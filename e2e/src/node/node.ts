import type { ClusterCredentials } from '../cluster/credentials.ts';
import type { Program, Programs } from '../cluster/build.ts';
import { LaunchError } from '../process/launch-error.ts';
import { acquireLock } from '../process/lock.ts';
import type { Report } from '../process/progress.ts';
import { runCommand } from '../process/run-command.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { makeCgroups } from './cgroups.ts';
import { clearNode, hasNodeTraces } from './clean.ts';
import { CONTAINERD, startContainerd } from './containerd.ts';
import { buildImages, importImages } from './images.ts';
import { forwardPodTraffic } from './iptables.ts';
import { KUBE_PROXY, startKubeProxy } from './kube-proxy.ts';
import { KUBELET, startKubelet } from './kubelet.ts';
import { NODE_LOCK, NODE_NAME } from './layout.ts';
import { ensureBridge } from './network.ts';
import { foreignNode } from './node-processes.ts';
import { heldError, nodeOwnership, writeOwner } from './owner.ts';
import { requireTools, type NodeTools } from './packages.ts';
import { enableForwarding, recordSysctls } from './sysctls.ts';

export interface NodeOptions {
  /** As `prepareNode` answered. */
  readonly tools: NodeTools;
  readonly programs: Programs;
  /** URL of the API server, as reached from the machine itself. */
  readonly server: string;
  readonly credentials: ClusterCredentials;
  readonly adminKubeconfig: string;
  /** Where images are kept between stacks. */
  readonly cacheDirectory: string;
}

/** What containers may take to end after SIGTERM, in milliseconds. */
const CONTAINER_GRACE = 3_000;
const LOCK_TIMEOUT = 60_000;

/**
 * Claims the machine's node for a stack, clears what an earlier one left, installs what is missing, and makes the
 * bridge whose address kube-apiserver advertises: so this comes before the control plane. Harmless when repeated.
 * Throws a LaunchError when this machine cannot have a node, or another stack has it.
 */
export async function prepareNode(stackDirectory: string, report: Report): Promise<NodeTools> {
  const tools = await requireTools(report);
  await withNodeLock(async () => {
    const { ownership, owner } = nodeOwnership(stackDirectory);
    if (ownership === 'held' && owner !== undefined) throw heldError(owner);
    const foreign = foreignNode();
    if (foreign !== undefined) {
      throw new LaunchError(
        'NodeUnavailable',
        `${foreign} keeps a node of another cluster on this machine: stop it, or leave WITH_NODE unset`,
      );
    }
    if (ownership !== 'ours' && (await hasNodeTraces())) {
      report('Clearing what an earlier node left');
      await clearNode(0);
    }
    writeOwner(stackDirectory);
    recordSysctls();
    await ensureBridge();
  });
  return tools;
}

/** Starts the node, or what is missing of it, and waits until the API server calls it Ready. */
export async function startNode(supervisor: Supervisor, options: NodeOptions): Promise<void> {
  const { tools, server, credentials } = options;
  enableForwarding();
  makeCgroups();
  const [kubelet, kubeProxy, images] = await Promise.all([
    credentials.clientKubeconfig({
      file: KUBELET,
      server,
      user: `system:node:${NODE_NAME}`,
      groups: ['system:nodes'],
    }),
    credentials.clientKubeconfig({ file: KUBE_PROXY, server, user: 'system:kube-proxy' }),
    buildImages(options.cacheDirectory, tools),
    forwardPodTraffic(),
    startContainerd(supervisor, tools),
  ]);
  await importImages(images, tools);
  // A kubelet that is starting anew must be heard of anew: what the API server remembers may be an earlier one's word.
  const since = supervisor.running().some(({ name }) => name === KUBELET) ? 0 : Date.now();
  const clientCaFile = credentials.file('ca.crt');
  await Promise.all([
    startKubelet(supervisor, { program: program(options, 'kubelet'), kubeconfig: kubelet, clientCaFile, tools }),
    startKubeProxy(supervisor, { program: program(options, 'kube-proxy'), kubeconfig: kubeProxy, tools }),
  ]);
  await waitUntilNodeReady(supervisor, options, since);
}

/**
 * Ends the node of a stack: its programs, then its containers, then all that they left. Another stack's node is not
 * touched, and without a node it does nothing.
 */
export async function stopNode(supervisor: Supervisor): Promise<void> {
  // By their records first, so that these go too; the containers' turn comes before containerd's.
  await Promise.all([supervisor.stop(KUBELET), supervisor.stop(KUBE_PROXY)]);
  await clearOwnNode(supervisor.directory, CONTAINER_GRACE);
  await supervisor.stop(CONTAINERD);
}

/** Clears what is left of a node whose programs are gone, or of this stack's node in whatever state, at once. */
export const cleanNode = (stackDirectory: string): Promise<void> => clearOwnNode(stackDirectory, 0);

async function clearOwnNode(stackDirectory: string, grace: number): Promise<void> {
  // Not Linux, or not root: there never was a node. The lock's folder may not be writable either.
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !(await hasNodeTraces())) return;
  await withNodeLock(async () => {
    if (nodeOwnership(stackDirectory).ownership !== 'held') await clearNode(grace);
  });
}

async function withNodeLock(work: () => Promise<void>): Promise<void> {
  const lock = await acquireLock(NODE_LOCK, { timeout: LOCK_TIMEOUT });
  if (lock === undefined) {
    throw new LaunchError('Locked', `another process starts or clears this machine's node: wait for it and repeat`);
  }
  try {
    await work();
  } finally {
    lock.release();
  }
}

async function waitUntilNodeReady(supervisor: Supervisor, options: NodeOptions, since: number): Promise<void> {
  const record = supervisor.running().find(({ name }) => name === KUBELET);
  if (record === undefined) throw new LaunchError('ProcessEnded', `kubelet ended: see ${supervisor.logFile(KUBELET)}`);
  const condition = '{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}';
  const query = [`--kubeconfig=${options.adminKubeconfig}`, 'get', 'node', NODE_NAME, `--output=jsonpath=${condition}`];
  const isReady = async (): Promise<boolean> =>
    saysReady((await runCommand(program(options, 'kubectl'), query)).stdout, since);
  await supervisor.waitUntilReady(record, isReady, 60_000);
}

/** Reads `True 2026-01-02T03:04:05Z`, status and heartbeat of the Ready condition. `since` in Unix milliseconds. Pure. */
export function saysReady(condition: string, since: number): boolean {
  const [status, heartbeat = ''] = condition.split(' ');
  const SECOND = 1000; // The API's times have no finer grain.
  return status === 'True' && Date.parse(heartbeat) + SECOND > since;
}

function program(options: NodeOptions, name: Program): string {
  const path = options.programs.get(name);
  if (path === undefined) throw new LaunchError('BuildFailed', `${name} has not been built`);
  return path;
}
