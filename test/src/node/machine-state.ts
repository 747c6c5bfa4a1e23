import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { nodeCgroups } from '@chaperone/e2e/node/cgroups';
import { parseMountInfo } from '@chaperone/e2e/node/mounts';

/** What a node changes on its machine, as far as it can be told from what other programs do meanwhile. */
export interface MachineState {
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly routes: readonly string[];
  /** Rules and chains of both backends and both families; counters and built-in chains that hold nothing left out. */
  readonly rules: readonly string[];
  readonly cgroups: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  /** Entries of the folders that the node's programs write to. */
  readonly entries: readonly string[];
  /** Command lines of programs of a node. */
  readonly processes: readonly string[];
}

const SETTINGS = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/default/forwarding',
  'net/ipv4/conf/all/route_localnet',
  'net/bridge/bridge-nf-call-iptables',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
];
const FOLDERS = [
  '/run',
  '/run/containerd',
  '/run/netns',
  '/var/lib',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log',
  '/opt',
];
const NODE_PROGRAM = /(?:containerd|kubelet|kube-proxy|^\/pause|runc)/;

export function machineState(): MachineState {
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  return {
    mounts: mounts.map(({ path, type }) => `${path} ${type}`).toSorted(),
    links: linesOf('ip', '-brief', 'link').map((line) => line.split(/\s+/)[0] ?? ''),
    routes: linesOf('ip', 'route', 'show', 'table', 'all').toSorted(),
    rules: ['iptables-nft', 'iptables-legacy', 'ip6tables-nft', 'ip6tables-legacy'].flatMap(rulesOf),
    cgroups: nodeCgroups(mounts).filter((path) => existsSync(path)),
    settings: Object.fromEntries(SETTINGS.map((name) => [name, contentOf(`/proc/sys/${name}`)])),
    entries: FOLDERS.flatMap((folder) =>
      existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [],
    ),
    processes: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => contentOf(`/proc/${pid}/cmdline`).split('\0').join(' '))
      .filter((line) => NODE_PROGRAM.test(line.split(' ')[0] ?? '')),
  };
}

function rulesOf(backend: string): string[] {
  const isRuleOrOwnChain = /^(?:-A |:\S+ -)/;
  return linesOf(`${backend}-save`)
    .filter((line) => isRuleOrOwnChain.test(line))
    .map((line) => `${backend} ${line.replace(/ \[\d+:\d+\]$/, '')}`);
}

function linesOf(command: string, ...args: string[]): string[] {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return typeof stdout === 'string' ? stdout.split('\n').filter(Boolean) : [];
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
