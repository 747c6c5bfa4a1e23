import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { checkRoom } from '../stack/preflight.ts';
import { acquireLock } from '../process/lock.ts';
import { reportStep, type Report } from '../process/progress.ts';
import { runCommand } from '../process/run-command.ts';
import { CLUSTER_MODULE, pinnedKubernetes, previousMinor, requiredVersion } from './kubernetes-version.ts';

/** The programs of a control plane and its clients: enough without a node. */
export const CONTROL_PLANE_PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'helm'] as const;
/** What a node needs beside them. */
export const NODE_PROGRAMS = ['kube-scheduler', 'kubelet', 'kube-proxy'] as const;
export type Program = (typeof CONTROL_PLANE_PROGRAMS)[number] | (typeof NODE_PROGRAMS)[number];

export interface BuildOptions {
  readonly programs: readonly Program[];
  /** KUBERNETES_VERSION, where set. */
  readonly kubernetesVersion: string | undefined;
  readonly cacheDirectory: string;
  readonly report: Report;
}

/** Where each program is, absolute. */
export type Programs = ReadonlyMap<Program, string>;

/** One call of `go build`: programs that share a module and its linker flags. */
interface BuildGroup {
  readonly title: string;
  readonly programs: readonly Program[];
  readonly packages: readonly string[];
  readonly directory: string;
  readonly moduleDirectory: string;
  readonly moduleFile: string;
  readonly linkerFlags: string;
  /** Told to the person who waits, for 2 cores and cold caches. */
  readonly expected: string;
}

/** `$XDG_CACHE_HOME/chaperone`, shared by all checkouts of a user. */
export function defaultCacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  // XDG Base Directory Specification: an empty or relative value counts as unset.
  const configured = environment['XDG_CACHE_HOME'];
  const cache = configured?.startsWith('/') === true ? configured : join(environment['HOME'] ?? homedir(), '.cache');
  return join(cache, 'chaperone');
}

/**
 * Builds the programs that are not in the cache yet, each from the modules pinned by go.mod and go.sum.
 *
 * A program is put in place whole (built beside, then renamed), and its recipe (module files, flags) is kept with it:
 * a changed recipe builds anew, an interrupted build leaves nothing that looks finished.
 */
export async function buildPrograms(options: BuildOptions): Promise<Programs> {
  const groups = await buildGroups(options);
  for (const group of groups) await buildGroup(group, options);
  return new Map(groups.flatMap((group) => group.programs.map((program) => [program, join(group.directory, program)])));
}

/** Builds the kubectl of the minor before, which tests put before the gateway beside the current one. Returns its path. */
export async function buildPreviousKubectl(options: Pick<BuildOptions, 'cacheDirectory' | 'report'>): Promise<string> {
  const programs = await buildPrograms({ ...options, programs: ['kubectl'], kubernetesVersion: previousMinor() });
  const path = programs.get('kubectl');
  if (path === undefined) throw new LaunchError('BuildFailed', 'kubectl has not been built');
  return path;
}

async function buildGroup(group: BuildGroup, options: BuildOptions): Promise<void> {
  if (missing(group).length === 0) return;
  const lock = await acquireLock(join(options.cacheDirectory, `${basename(group.directory)}.lock`), {
    timeout: 30 * 60_000,
    onWait: () => options.report(`${group.title} is being built by another process: waiting for it`),
  });
  if (lock === undefined)
    throw new LaunchError(
      'Locked',
      `${group.title} has been under construction elsewhere for 30 minutes: end that build and try again`,
    );
  try {
    if (missing(group).length > 0) await compile(group, options);
  } finally {
    lock.release();
  }
}

/** GiB that a build may take: the programs, and with cold caches Go's modules and objects. */
const PROGRAMS_ROOM = 1;
const GO_CACHES_ROOM = 7;

async function compile(group: BuildGroup, options: BuildOptions): Promise<void> {
  const wanted = missing(group);
  const alternative = 'set XDG_CACHE_HOME to a directory on another disk';
  checkRoom([
    { directory: options.cacheDirectory, gibibytes: PROGRAMS_ROOM, purpose: 'building Kubernetes', alternative },
  ]);
  const goCache = (await runCommand('go', ['env', 'GOCACHE'], { env: goEnvironment() })).stdout.trim();
  if (goCache.startsWith('/') && !existsSync(goCache)) {
    const purpose = 'building Kubernetes with an empty Go cache';
    checkRoom([
      {
        directory: goCache,
        gibibytes: GO_CACHES_ROOM,
        purpose,
        alternative: 'set GOCACHE and GOMODCACHE to another disk',
      },
    ]);
  }
  mkdirSync(group.directory, { recursive: true });
  const scratch = mkdtempSync(join(group.directory, '.build-'));
  let compiled = 0;
  try {
    await reportStep(
      options.report,
      `Building ${group.title} (${wanted.join(', ')}; ${group.expected})`,
      async () => {
        for (const batch of batches(group, wanted)) {
          const output = batch.length === 1 ? join(scratch, batch[0]?.program ?? '') : `${scratch}/`;
          const args = ['build', '-v', '-mod=readonly', '-trimpath', '-buildvcs=false', `-modfile=${group.moduleFile}`];
          const packages = batch.map((one) => one.package);
          const result = await runCommand('go', [...args, '-ldflags', group.linkerFlags, '-o', output, ...packages], {
            cwd: group.moduleDirectory,
            env: goEnvironment(),
            onErrorLine: () => (compiled += 1),
          });
          if (result.code !== 0)
            throw new LaunchError('BuildFailed', `go build of ${group.title} failed: ${reason(result.stderr)}`);
        }
      },
      { detail: () => `${compiled} packages compiled` },
    );
    for (const program of wanted) {
      renameSync(join(scratch, program), join(group.directory, program));
      writeFileSync(join(group.directory, `${program}.recipe`), recipe(group));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** etcd's main package is called `server`: it needs an output name of its own, so a call of its own. */
function batches(group: BuildGroup, wanted: readonly Program[]): { program: Program; package: string }[][] {
  const pairs = wanted.map((program) => ({ program, package: group.packages[group.programs.indexOf(program)] ?? '' }));
  const named = pairs.filter((pair) => basename(pair.package) === pair.program);
  return [named, ...pairs.filter((pair) => !named.includes(pair)).map((pair) => [pair])].filter(
    (batch) => batch.length > 0,
  );
}

const missing = (group: BuildGroup): Program[] =>
  group.programs.filter((program) => {
    const file = join(group.directory, `${program}.recipe`);
    return (
      !existsSync(join(group.directory, program)) || !existsSync(file) || readFileSync(file, 'utf8') !== recipe(group)
    );
  });

function recipe(group: BuildGroup): string {
  const hash = createHash('sha256');
  for (const file of [group.moduleFile, group.moduleFile.replace(/\.mod$/, '.sum')]) hash.update(readFileSync(file));
  return hash.update(group.linkerFlags).digest('hex');
}

async function buildGroups(options: BuildOptions): Promise<BuildGroup[]> {
  const kubernetes = pinnedKubernetes(options.kubernetesVersion);
  const helmDirectory = join(CLUSTER_MODULE, 'helm');
  const helmFile = join(helmDirectory, 'go.mod');
  const helmVersion = requiredVersion(readFileSync(helmFile, 'utf8'), 'helm.sh/helm/v4');
  const ofKubernetes = options.programs.filter((program) => program !== 'helm');
  const groups: BuildGroup[] = [];
  if (ofKubernetes.length > 0) {
    groups.push({
      title: `Kubernetes ${kubernetes.version}`,
      programs: ofKubernetes,
      packages: ofKubernetes.map((program) =>
        program === 'etcd' ? 'go.etcd.io/etcd/server/v3' : `k8s.io/kubernetes/cmd/${program}`,
      ),
      directory: join(options.cacheDirectory, `kubernetes-${kubernetes.version}`),
      moduleDirectory: CLUSTER_MODULE,
      moduleFile: kubernetes.moduleFile,
      linkerFlags: kubernetesLinkerFlags(kubernetes.version, kubernetes.moduleFile),
      expected: `about ${ofKubernetes.length === 1 ? 2 : 6} minutes the first time`,
    });
  }
  if (options.programs.includes('helm')) {
    groups.push({
      title: `Helm ${helmVersion}`,
      programs: ['helm'],
      packages: ['helm.sh/helm/v4/cmd/helm'],
      directory: join(options.cacheDirectory, `helm-${helmVersion}`),
      moduleDirectory: helmDirectory,
      moduleFile: helmFile,
      linkerFlags: `-s -w -X helm.sh/helm/v4/internal/version.version=${helmVersion} -X helm.sh/helm/v4/internal/version.gitTreeState=clean`,
      expected: 'about 2 minutes the first time',
    });
  }
  return groups;
}

/**
 * Clients refuse a server of version `v0.0.0-master`, and Elastic's rules leave out user agents that end in
 * `kubernetes/$Format`: both version packages must be stamped. A module has no commit to name; the first 40 hexadecimal
 * digits of its checksum in go.sum name the source just as well.
 */
function kubernetesLinkerFlags(version: string, moduleFile: string): string {
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
  const sums = readFileSync(moduleFile.replace(/\.mod$/, '.sum'), 'utf8');
  const sum = /^k8s\.io\/kubernetes \S+ h1:(\S+)$/m.exec(sums)?.[1] ?? '';
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: Buffer.from(sum, 'base64').toString('hex').slice(0, 40),
    buildDate: '1970-01-01T00:00:00Z',
  };
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((target) =>
    Object.entries(values).map(([name, value]) => `-X ${target}.${name}=${value}`),
  );
  return ['-s', '-w', ...stamps].join(' ');
}

/** CGO off: static binaries, and no C compiler to ask for. The toolchain is the installed one, never a downloaded one. */
function goEnvironment(): Record<string, string | undefined> {
  return { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' };
}

/** The line of the compiler's output that says most: package lists and progress come before it. */
function reason(stderr: string): string {
  const lines = stderr.trimEnd().split('\n');
  return (
    lines.findLast((line) => /error|no space|cannot|failed|undefined|refused/i.test(line)) ??
    lines.at(-1) ??
    ''
  ).slice(0, 500);
}
