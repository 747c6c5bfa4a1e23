import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_RUN } from './layout.ts';

/** Kernel settings that the node changes: we the first, CNI plugins, kubelet and kube-proxy the others. */
const CHANGED_BY_NODE = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.route_localnet',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_tcp_be_liberal',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
  'kernel.panic',
  'kernel.panic_on_oops',
  'kernel.keys.root_maxkeys',
  'kernel.keys.root_maxbytes',
];

/** Values by name, as they were at one boot of this machine. */
export interface SysctlRecord {
  readonly boot: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What must be written to have the recorded values back. A record of an earlier boot says nothing any more. Pure. */
export function sysctlsToRestore(record: SysctlRecord, current: SysctlRecord): [name: string, value: string][] {
  if (record.boot !== current.boot) return [];
  return Object.entries(record.values).filter(([name, value]) => {
    const now = current.values[name];
    return now !== undefined && now !== value;
  });
}

const RECORD_FILE = join(NODE_RUN, 'sysctls.json');

/** Notes the settings before the node changes them. The first record stays: a later one would note our own changes. */
export function recordSysctls(): void {
  const current = currentSysctls();
  if (readSysctlRecord()?.boot !== current.boot) writeFileSync(RECORD_FILE, JSON.stringify(current));
}

/** Puts back what was noted. */
export function restoreSysctls(): void {
  const record = readSysctlRecord();
  if (record === undefined) return;
  for (const [name, value] of sysctlsToRestore(record, currentSysctls())) writeFileSync(sysctlFile(name), value);
}

export function enableForwarding(): void {
  writeFileSync(sysctlFile('net.ipv4.ip_forward'), '1');
}

const sysctlFile = (name: string): string => join('/proc/sys', ...name.split('.'));

function currentSysctls(): SysctlRecord {
  const present = CHANGED_BY_NODE.filter((name) => existsSync(sysctlFile(name)));
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    values: Object.fromEntries(present.map((name) => [name, readFileSync(sysctlFile(name), 'utf8').trim()])),
  };
}

function readSysctlRecord(): SysctlRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(RECORD_FILE, 'utf8'));
    return isSysctlRecord(value) ? value : undefined;
  } catch {
    return undefined; // Never written, or cut short: then nothing had been changed yet.
  }
}

function isSysctlRecord(value: unknown): value is SysctlRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { boot, values }: Partial<Record<keyof SysctlRecord, unknown>> = value;
  return (
    typeof boot === 'string' &&
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((entry) => typeof entry === 'string')
  );
}
