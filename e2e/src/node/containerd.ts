import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../process/run-command.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { renderCniConfig } from './cni.ts';
import { CONTAINERD_SOCKET, CONTAINERD_STATE, NODE_RUN, NODE_STATE } from './layout.ts';
import type { NodeTools } from './packages.ts';
import { PAUSE_IMAGE } from './images.ts';

const CNI_CONFIG_DIRECTORY = join(NODE_RUN, 'cni');
const CONFIG_FILE = join(NODE_RUN, 'containerd.toml');
export const CONTAINERD = 'containerd';

/**
 * The configuration of a containerd that shares nothing with another one on the machine (version 2, containerd 1.6 and
 * 1.7). Pure.
 */
export function renderContainerdConfig(cniPluginDirectory: string): string {
  // JSON strings are TOML basic strings.
  const quoted = (value: string): string => JSON.stringify(value);
  return `version = 2
root = ${quoted(join(NODE_STATE, 'containerd'))}
state = ${quoted(CONTAINERD_STATE)}

[grpc]
  address = ${quoted(CONTAINERD_SOCKET)}

[ttrpc]
  address = ${quoted(`${CONTAINERD_SOCKET}.ttrpc`)}

[plugins."io.containerd.internal.v1.opt"]
  path = ${quoted(join(NODE_STATE, 'opt'))}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quoted(PAUSE_IMAGE)}
  # A container may not have a lower OOM score than containerd itself: lowering one needs CAP_SYS_RESOURCE, which root
  # lacks in many sandboxes.
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  # Network namespaces under our own root, where clearing finds them, not in /run/netns.
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = ${quoted(cniPluginDirectory)}
  conf_dir = ${quoted(CNI_CONFIG_DIRECTORY)}

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  Root = ${quoted(join(NODE_RUN, 'runc'))}
  SystemdCgroup = false
`;
}

/** Starts containerd with the pods' network and waits until it answers. */
export async function startContainerd(supervisor: Supervisor, tools: NodeTools): Promise<void> {
  mkdirSync(CNI_CONFIG_DIRECTORY, { recursive: true });
  writeFileSync(join(CNI_CONFIG_DIRECTORY, '10-chaperone.conflist'), renderCniConfig());
  writeFileSync(CONFIG_FILE, renderContainerdConfig(tools.cniDirectory));
  const record = await supervisor.start({
    name: CONTAINERD,
    command: tools.containerd,
    args: ['--config', CONFIG_FILE, '--log-level', 'warn'],
    env: { PATH: tools.path },
  });
  const version = ['--address', CONTAINERD_SOCKET, '--connect-timeout', '1s', 'version'];
  await supervisor.waitUntilReady(record, async () => (await runCommand(tools.ctr, version)).code === 0, 30_000);
}
