import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { reportStep, type Report } from '../process/progress.ts';
import { runCommand } from '../process/run-command.ts';
import { SYSTEM_DIRECTORIES, systemEnvironment, systemPath } from './system-path.ts';

/** Debian's own folder first, then the one that CNI's releases use. */
const CNI_DIRECTORIES = ['/usr/lib/cni', '/opt/cni/bin'];

/** Plugins that the pods' network is made of (see cni.ts). */
const CNI_PLUGINS = ['ptp', 'host-local', 'loopback'];

/** A Debian package and the files that show it, or its like from elsewhere, to be there. */
interface Requirement {
  readonly package: string;
  readonly programs: readonly string[];
}

const CNI_PACKAGE = 'containernetworking-plugins';
const REQUIREMENTS: readonly Requirement[] = [
  { package: 'containerd', programs: ['containerd', 'containerd-shim-runc-v2', 'ctr'] },
  { package: 'runc', programs: ['runc'] },
  { package: CNI_PACKAGE, programs: [] },
  { package: 'iptables', programs: ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables'] },
  { package: 'iproute2', programs: ['ip'] },
  { package: 'busybox-static', programs: ['busybox'] },
];

/** What the judgement needs to know of a machine. */
export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  readonly hasApt: boolean;
  /** True when the absolute path is a file. */
  readonly hasFile: (path: string) => boolean;
  /** True when the program at this path needs no shared library. */
  readonly isStatic: (path: string) => boolean;
}

/** Programs of this machine that the node runs, absolute. */
export interface NodeTools {
  readonly containerd: string;
  readonly ctr: string;
  readonly busybox: string;
  readonly cniDirectory: string;
  /** PATH for what the node starts: it looks up runc, the shims and iptables by name. */
  readonly path: string;
}

/** The packages that this machine lacks. Pure; throws a LaunchError where no package would help. */
export function missingPackages(machine: Machine): string[] {
  if (machine.platform !== 'linux') {
    throw new LaunchError('NodeUnavailable', 'a node needs Linux: leave WITH_NODE unset on this system');
  }
  if (!machine.isRoot) {
    throw new LaunchError('NodeUnavailable', 'a node needs root: run this as root, or leave WITH_NODE unset');
  }
  return REQUIREMENTS.filter((requirement) => !isPresent(requirement, machine)).map((one) => one.package);
}

function isPresent(requirement: Requirement, machine: Machine): boolean {
  if (requirement.package === CNI_PACKAGE) return findCniDirectory(machine.hasFile) !== undefined;
  return requirement.programs.every((name) => {
    const path = findProgram(name, machine.hasFile);
    // The image holds this one file and no library, so Debian's `busybox` package does not do.
    return path !== undefined && (name !== 'busybox' || machine.isStatic(path));
  });
}

function findProgram(name: string, hasFile: Machine['hasFile']): string | undefined {
  return SYSTEM_DIRECTORIES.map((directory) => join(directory, name)).find(hasFile);
}

function findCniDirectory(hasFile: Machine['hasFile']): string | undefined {
  return CNI_DIRECTORIES.find((directory) => CNI_PLUGINS.every((plugin) => hasFile(join(directory, plugin))));
}

/**
 * Finds what the node runs, and installs the Debian packages that are missing, where this machine has apt-get.
 * Throws a LaunchError that names everything missing and what to do.
 */
export async function requireTools(report: Report): Promise<NodeTools> {
  const machine = thisMachine();
  const missing = missingPackages(machine);
  if (missing.length > 0) {
    if (!machine.hasApt) throw new LaunchError('ToolMissing', missingMessage(missing));
    await reportStep(report, `Installing ${missing.join(', ')} (Debian packages, once; up to 1 min)`, () =>
      installPackages(missing),
    );
    const still = missingPackages(machine);
    if (still.length > 0) throw new LaunchError('ToolMissing', missingMessage(still));
  }
  return foundTools(machine.hasFile);
}

const missingMessage = (packages: readonly string[]): string =>
  `a node needs ${packages.join(', ')} (names of Debian's packages): install what provides them, or leave WITH_NODE unset`;

function foundTools(hasFile: Machine['hasFile']): NodeTools {
  const required = (value: string | undefined, name: string): string => {
    if (value === undefined) throw new LaunchError('ToolMissing', missingMessage([name]));
    return value;
  };
  return {
    containerd: required(findProgram('containerd', hasFile), 'containerd'),
    ctr: required(findProgram('ctr', hasFile), 'containerd'),
    busybox: required(findProgram('busybox', hasFile), 'busybox-static'),
    cniDirectory: required(findCniDirectory(hasFile), CNI_PACKAGE),
    path: systemPath(),
  };
}

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY =
  '#!/bin/sh\n# Written by Chaperone while it installs packages, so that none of their services starts.\nexit 101\n';

async function installPackages(packages: readonly string[]): Promise<void> {
  await apt(['update'], packages);
  // Debian starts a package's service as it is installed. The node runs a containerd of its own, with other paths;
  // policy-rc.d is Debian's way to say no (Debian Policy 9.3.3.1). One that is there already is not ours to change.
  const isOurs = !existsSync(POLICY_FILE) || readFileSync(POLICY_FILE, 'utf8') === POLICY;
  if (isOurs) writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    await apt(['install', '--yes', '--no-install-recommends', '--no-remove', ...packages], packages);
  } finally {
    if (isOurs) rmSync(POLICY_FILE, { force: true });
  }
  if (packages.includes('containerd') && existsSync('/usr/bin/systemctl')) {
    // Else it would start with the machine next time. Works on files alone where systemd does not run.
    await runCommand('systemctl', ['--quiet', 'disable', 'containerd.service'], { env: systemEnvironment() });
  }
}

async function apt(args: readonly string[], packages: readonly string[]): Promise<void> {
  // Another apt-get (unattended-upgrades) may hold the lock for a while.
  const result = await runCommand('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...systemEnvironment(), DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.code === 0) return;
  const reason =
    result.stderr
      .trimEnd()
      .split('\n')
      .findLast((line) => line.startsWith('E:')) ?? `exit code ${result.code}`;
  throw new LaunchError(
    'DownloadFailed',
    `apt-get ${args[0]} failed (${reason}): install ${packages.join(', ')} by hand, or leave WITH_NODE unset`,
  );
}

function thisMachine(): Machine {
  const hasFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasApt: hasFile('/usr/bin/apt-get'),
    hasFile,
    isStatic: (path) => !namesInterpreter(readFileSync(path)),
  };
}

/** True for an ELF file that a dynamic loader must start (a program header of type PT_INTERP). 64-bit, little-endian. */
export function namesInterpreter(elf: Buffer): boolean {
  const PT_INTERP = 3;
  const tableOffset = Number(elf.readBigUInt64LE(0x20));
  const entrySize = elf.readUInt16LE(0x36);
  const entries = elf.readUInt16LE(0x38);
  return Array.from({ length: entries }, (_, index) => elf.readUInt32LE(tableOffset + index * entrySize)).includes(
    PT_INTERP,
  );
}
