import { join } from 'node:path';

/**
 * Where the node lives. The paths are fixed and short: a unix socket's path has at most 107 bytes, so nothing of
 * containerd's can lie under a checkout, and fixed paths let a later start find what an earlier one left behind.
 * Hence the node is a singleton of the machine.
 */
export const NODE_RUN = '/run/chaperone-node';
export const NODE_STATE = '/var/lib/chaperone-node';

/** Taken while the node is claimed or cleared. Outside of both roots, which clearing removes. */
export const NODE_LOCK = '/run/lock/chaperone-node.lock';

/** The node's name in the cluster; its client certificate is `system:node:<name>`. */
export const NODE_NAME = 'chaperone-node';

/** Holds the node's address and nothing else: pods hang on links of their own (see cni.ts). */
export const NODE_BRIDGE = 'chaperone0';

/** The pods' network; its first address is the node's. */
export const POD_SUBNET = '10.77.0.0/24';

/** Services' addresses: kube-apiserver's `--service-cluster-ip-range`. */
export const SERVICE_SUBNET = '10.96.0.0/24';

/** Parent of every pod's cgroup, in each hierarchy: what is in it is ours to kill and to remove. */
export const NODE_CGROUP = 'chaperone-node';

/** Marks our own iptables rules, and the cached results of our pods' network. */
export const NODE_MARK = 'chaperone-node';

export const CONTAINERD_SOCKET = join(NODE_RUN, 'containerd.sock');
export const CONTAINERD_STATE = join(NODE_RUN, 'containerd');
