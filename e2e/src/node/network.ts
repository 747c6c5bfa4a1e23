import { BlockList } from 'node:net';
import { NODE_ADDRESS } from '../cluster/credentials.ts';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import { NODE_BRIDGE, POD_SUBNET } from './layout.ts';
import { systemEnvironment } from './system-path.ts';

/** A route as `ip -json route` shows it: `dst` is `default`, an address or a prefix. */
export interface Route {
  readonly dst: string;
  readonly dev: string;
}

/** The first route by which addresses of the subnet are reached already, other than through our own bridge. Pure. */
export function overlappingRoute(subnet: string, routes: readonly Route[]): Route | undefined {
  return routes.find(({ dst, dev }) => dst !== 'default' && dev !== NODE_BRIDGE && overlaps(subnet, dst));
}

/** Two prefixes overlap exactly when one holds the first address of the other. */
function overlaps(left: string, right: string): boolean {
  return holds(left, right) || holds(right, left);
}

function holds(prefix: string, other: string): boolean {
  const [network = '', length = '32'] = prefix.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(length));
  return list.check(other.split('/')[0] ?? '');
}

/**
 * Makes the bridge that carries the node's address. Must run before kube-apiserver, which advertises it. Harmless when
 * it is there already. Throws a LaunchError when the pods' addresses are in use on this machine.
 */
export async function ensureBridge(): Promise<void> {
  if (!(await hasBridge())) {
    const taken = overlappingRoute(POD_SUBNET, await currentRoutes());
    if (taken !== undefined) {
      throw new LaunchError(
        'NodeUnavailable',
        `the node's network ${POD_SUBNET} overlaps the route to ${taken.dst} through ${taken.dev}: remove that route, or leave WITH_NODE unset`,
      );
    }
    await ip('link', 'add', NODE_BRIDGE, 'type', 'bridge');
  }
  await ip('address', 'replace', `${NODE_ADDRESS}/24`, 'dev', NODE_BRIDGE);
  await ip('link', 'set', NODE_BRIDGE, 'up');
}

export async function hasBridge(): Promise<boolean> {
  return (await runIp('link', 'show', NODE_BRIDGE)).code === 0;
}

/** Removes the bridge and the host's ends of pods' links; answers the names of those that are left. */
export async function removeLinks(): Promise<string[]> {
  for (const name of await nodeLinks()) await runIp('link', 'delete', name);
  return nodeLinks();
}

/** The bridge, and the links that carry the node's address: one per pod, each with its peer in the pod. */
async function nodeLinks(): Promise<string[]> {
  const listed = await runIp('-json', 'address', 'show', 'to', `${NODE_ADDRESS}/32`);
  const links = listed.code === 0 ? namesIn(listed.stdout, 'ifname') : [];
  return [...new Set([...links, ...((await hasBridge()) ? [NODE_BRIDGE] : [])])];
}

async function currentRoutes(): Promise<Route[]> {
  const listed = await runIp('-json', '-4', 'route', 'show', 'table', 'all', 'type', 'unicast');
  if (listed.code !== 0) return [];
  return objectsIn(listed.stdout).flatMap(({ dst, dev }) =>
    typeof dst === 'string' && typeof dev === 'string' ? [{ dst, dev }] : [],
  );
}

const namesIn = (json: string, key: string): string[] =>
  objectsIn(json).flatMap((entry) => (typeof entry[key] === 'string' ? [entry[key]] : []));

/** `ip -json` answers an array of objects, or nothing at all. */
function objectsIn(json: string): Record<string, unknown>[] {
  if (json.trim() === '') return [];
  const value: unknown = JSON.parse(json);
  return Array.isArray(value)
    ? value.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null)
    : [];
}

const runIp = (...args: string[]): ReturnType<typeof runCommand> =>
  runCommand('ip', args, { env: systemEnvironment() });

async function ip(...args: string[]): Promise<void> {
  const result = await runIp(...args);
  if (result.code === 0) return;
  throw new LaunchError('NodeUnavailable', `ip ${args.join(' ')} failed: ${result.stderr.trim()}`);
}
