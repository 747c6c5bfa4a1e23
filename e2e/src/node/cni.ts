import { join } from 'node:path';
import { NODE_MARK, NODE_STATE, POD_SUBNET } from './layout.ts';

/**
 * The pods' network, as a CNI network configuration list.
 *
 * Each pod has a link of its own to the machine (`ptp`), not a port of a bridge: between two ports of one bridge an
 * answer goes straight to the asking pod and past conntrack, so that a Service would answer from the wrong address,
 * unless the br_netfilter module is there. Pods reach the machine, each other and Services; nothing masquerades them,
 * so they do not reach the world.
 */
export function renderCniConfig(): string {
  const config = {
    cniVersion: '0.4.0',
    name: NODE_MARK,
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          subnet: POD_SUBNET,
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: join(NODE_STATE, 'cni'),
        },
      },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
