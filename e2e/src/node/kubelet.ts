import { join } from 'node:path';
import { stringify } from 'yaml';
import { NODE_ADDRESS } from '../cluster/credentials.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { writeNodeConfig } from './config-file.ts';
import { CONTAINERD_SOCKET, NODE_CGROUP, NODE_NAME, NODE_STATE } from './layout.ts';
import type { NodeTools } from './packages.ts';

export const KUBELET = 'kubelet';
const HEALTH_PORT = 10248;

/** Where the kubelet keeps the logs of pods: containers' own files, which `kubectl logs` reads. */
export const POD_LOGS = join(NODE_STATE, 'pod-logs');

/** A KubeletConfiguration (kubelet.config.k8s.io/v1beta1). Pure. */
export function renderKubeletConfig(options: { readonly clientCaFile: string }): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // On the node's own address alone: nothing of it is open to the machine's network.
    address: NODE_ADDRESS,
    healthzBindAddress: NODE_ADDRESS,
    healthzPort: HEALTH_PORT,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: options.clientCaFile },
    },
    authorization: { mode: 'Webhook' },
    podLogsDir: POD_LOGS,
    volumePluginDir: join(NODE_STATE, 'volume-plugins'),
    // There is no cluster DNS, and the machine's resolver may be one that pods cannot reach.
    resolvConf: '',
    failSwapOn: false,
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${NODE_CGROUP}`,
    cgroupsPerQOS: true,
    enforceNodeAllocatable: ['pods'],
    localStorageCapacityIsolation: false,
    // Lowering an OOM score needs CAP_SYS_RESOURCE, which root lacks in many sandboxes.
    oomScoreAdj: 0,
    // A developer's disk is often nearly full. Nothing may be evicted for it, and images can not be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
      'imagefs.inodesFree': '0%',
    },
  });
}

/** Starts the kubelet and waits until it is healthy; the node is Ready a little later. */
export async function startKubelet(
  supervisor: Supervisor,
  options: {
    readonly program: string;
    readonly kubeconfig: string;
    readonly clientCaFile: string;
    readonly tools: NodeTools;
  },
): Promise<void> {
  const config = writeNodeConfig(KUBELET, renderKubeletConfig(options), options.kubeconfig);
  const record = await supervisor.start({
    name: KUBELET,
    command: options.program,
    args: [
      `--config=${config}`,
      `--kubeconfig=${options.kubeconfig}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${NODE_ADDRESS}`,
      `--root-dir=${join(NODE_STATE, 'kubelet')}`,
      `--cert-dir=${join(NODE_STATE, 'kubelet', 'pki')}`,
    ],
    env: { PATH: options.tools.path },
  });
  const health = `http://${NODE_ADDRESS}:${HEALTH_PORT}/healthz`;
  await supervisor.waitUntilReady(record, async () => (await fetch(health)).ok, 60_000);
}
