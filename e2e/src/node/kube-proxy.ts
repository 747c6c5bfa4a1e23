import { stringify } from 'yaml';
import { NODE_ADDRESS } from '../cluster/credentials.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { writeNodeConfig } from './config-file.ts';
import { NODE_NAME, POD_SUBNET } from './layout.ts';
import type { NodeTools } from './packages.ts';

export const KUBE_PROXY = 'kube-proxy';
const HEALTH_PORT = 10256;
const METRICS_PORT = 10249;

/** A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1). Pure. */
export function renderKubeProxyConfig(options: { readonly kubeconfig: string }): string {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: options.kubeconfig },
    hostnameOverride: NODE_NAME,
    mode: 'iptables',
    // NodePorts on loopback would need route_localnet, which opens 127.0.0.1 to the network (CVE-2020-8558).
    iptables: { localhostNodePorts: false },
    // Zero leaves the machine's own conntrack settings alone.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    detectLocalMode: 'ClusterCIDR',
    clusterCIDR: POD_SUBNET,
    // NodePorts on the node's own address alone: nothing of a test is open to the machine's network.
    nodePortAddresses: [POD_SUBNET],
    healthzBindAddress: `${NODE_ADDRESS}:${HEALTH_PORT}`,
    metricsBindAddress: `${NODE_ADDRESS}:${METRICS_PORT}`,
  });
}

/** Starts kube-proxy and waits until it has written its first rules. */
export async function startKubeProxy(
  supervisor: Supervisor,
  options: { readonly program: string; readonly kubeconfig: string; readonly tools: NodeTools },
): Promise<void> {
  const config = writeNodeConfig(KUBE_PROXY, renderKubeProxyConfig(options), options.kubeconfig);
  const record = await supervisor.start({
    name: KUBE_PROXY,
    command: options.program,
    args: [`--config=${config}`],
    env: { PATH: options.tools.path },
  });
  const health = `http://${NODE_ADDRESS}:${HEALTH_PORT}/healthz`;
  await supervisor.waitUntilReady(record, async () => (await fetch(health)).ok, 60_000);
}
