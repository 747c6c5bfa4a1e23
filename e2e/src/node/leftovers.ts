import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_MARK, NODE_RUN, NODE_STATE } from './layout.ts';

/** Folders that containerd, libcni and the kubelet write to whatever their roots are; other programs may use them too. */
const CONTAINERD_SHIM_SOCKETS = '/run/containerd/s';
const CNI_RESULTS = '/var/lib/cni/results';
const CONTAINER_LOG_LINKS = '/var/log/containers';
const DEVICE_PLUGINS = '/var/lib/kubelet/device-plugins';

/** Removes what the node left outside of its own roots: exactly what is its own, then folders that are empty by it. */
export function removeLeftovers(): void {
  for (const file of [...shimSockets(), ...cniResults(), ...logLinks(), ...devicePluginFiles()])
    rmSync(file, { force: true });
  removeEmpty(CONTAINERD_SHIM_SOCKETS, '/run/containerd');
  removeEmpty(CNI_RESULTS, '/var/lib/cni');
  removeEmpty(CONTAINER_LOG_LINKS);
  removeEmpty(DEVICE_PLUGINS, '/var/lib/kubelet');
}

/** True when a cached result of a CNI plugin is of one of our pods: it names our network, or a namespace of ours. Pure. */
export function isOwnCniResult(name: string, content: string): boolean {
  return name.startsWith(`${NODE_MARK}-`) || content.includes(`${NODE_RUN}/`);
}

/**
 * Sockets that nobody listens on, by the contents of /proc/net/unix (proc(5)). Pure.
 *
 * A killed shim leaves its socket behind, and once containerd has noticed, no file names it any more; a path is a
 * digest and tells nothing of whose it was. That nobody listens does: such a socket is of no use to anybody.
 */
export function deadSockets(paths: readonly string[], unixSockets: string): string[] {
  const bound = new Set(unixSockets.split('\n').map((line) => line.trimEnd().split(' ').at(-1)));
  return paths.filter((path) => !bound.has(path));
}

function shimSockets(): string[] {
  const paths = entries(CONTAINERD_SHIM_SOCKETS).map((name) => join(CONTAINERD_SHIM_SOCKETS, name));
  return deadSockets(paths, contentOf('/proc/net/unix'));
}

function cniResults(): string[] {
  return entries(CNI_RESULTS)
    .filter((name) => isOwnCniResult(name, contentOf(join(CNI_RESULTS, name))))
    .map((name) => join(CNI_RESULTS, name));
}

/** Symbolic links to the logs of our pods. */
function logLinks(): string[] {
  return entries(CONTAINER_LOG_LINKS)
    .map((name) => join(CONTAINER_LOG_LINKS, name))
    .filter((path) => lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${NODE_STATE}/`));
}

/** The kubelet's socket for device plugins has a fixed place. A kubelet that is not ours would have kept us from starting. */
const devicePluginFiles = (): string[] =>
  ['kubelet.sock', 'kubelet_internal_checkpoint', 'DEPRECATION'].map((name) => join(DEVICE_PLUGINS, name));

function removeEmpty(...directories: string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch {
      return; // Not there, or used by another program.
    }
  }
}

const entries = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
