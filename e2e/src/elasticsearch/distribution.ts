import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { acquireLock } from '../process/lock.ts';
import { reportStep, type Report } from '../process/progress.ts';
import { runCommand } from '../process/run-command.ts';
import { fetchArtifact, type MavenArtifact } from './maven.ts';

export const ELASTICSEARCH_VERSION = '8.19.21';

/**
 * The server that Elastic publishes for integration tests: the real one, without the modules and the JDK that come with
 * the full download. The newest 9.x is not on Maven Central.
 */
const ARTIFACT: MavenArtifact = {
  group: 'org.elasticsearch.distribution.integ-test-zip',
  name: 'elasticsearch',
  version: ELASTICSEARCH_VERSION,
  type: 'zip',
  sha256: '215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a',
};

/** Lists every unpacked file with its size, written last: a copy without it, or that differs from it, is not whole. */
const MANIFEST = '.chaperone-manifest.json';
const LOCK_TIMEOUT = 10 * 60_000;

export interface DistributionOptions {
  /** Becomes Elasticsearch's home. Shared between checkouts; the account that runs the server must be able to read it. */
  readonly cacheDirectory: string;
  readonly report: Report;
}

/**
 * Answers the home of an unpacked Elasticsearch: the one in the cache, or one fetched from Maven Central and put there
 * whole (unpacked beside, then renamed). A copy that is not whole is replaced. Two callers at once do it once.
 *
 * Throws a LaunchError: `ToolMissing`, `DownloadFailed`, `DiskFull`, `Locked`.
 */
export async function provideDistribution({ cacheDirectory, report }: DistributionOptions): Promise<string> {
  if (isWhole(cacheDirectory)) return cacheDirectory;
  const lock = await acquireLock(`${cacheDirectory}.lock`, {
    timeout: LOCK_TIMEOUT,
    onWait: () => report(`Waiting for another process that fetches Elasticsearch ${ELASTICSEARCH_VERSION}`),
  });
  if (lock === undefined) {
    const message = `another process has held ${cacheDirectory}.lock for ${LOCK_TIMEOUT / 60_000} min: end it and run it again`;
    throw new LaunchError('Locked', message);
  }
  try {
    if (!isWhole(cacheDirectory)) await install(cacheDirectory, report);
    return cacheDirectory;
  } finally {
    lock.release();
  }
}

async function install(home: string, report: Report): Promise<void> {
  const parent = dirname(home);
  const prefix = `.elasticsearch-${ELASTICSEARCH_VERSION}-`;
  // Under the lock nobody else is at work: what is there was left by a process that was killed.
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(parent, prefix));
  try {
    const archive = await reportStep(
      report,
      `Fetching Elasticsearch ${ELASTICSEARCH_VERSION} through Maven (107 MB, once)`,
      () => fetchArtifact(ARTIFACT, work),
    );
    await reportStep(report, 'Unpacking Elasticsearch', () => unpack(archive, work));
    const unpacked = join(work, `elasticsearch-${ELASTICSEARCH_VERSION}`);
    makeReadable(unpacked);
    writeFileSync(join(unpacked, MANIFEST), JSON.stringify({ sha256: ARTIFACT.sha256, files: sizes(unpacked) }), {
      mode: 0o644,
    });
    rmSync(home, { recursive: true, force: true });
    renameSync(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** By the JDK's own tool, as a machine may lack unzip. */
async function unpack(archive: string, directory: string): Promise<void> {
  const { code, stdout, stderr } = await runCommand('jar', ['--extract', '--file', archive], { cwd: directory }).catch(
    (cause: unknown) => {
      const remedy = 'install a JDK, not only a JRE (Debian: apt-get install openjdk-17-jdk-headless)';
      throw new LaunchError('ToolMissing', `jar is not on PATH: ${remedy}`, { cause });
    },
  );
  if (code === 0) return;
  const output = stderr + stdout;
  if (output.includes('No space left on device')) {
    throw new LaunchError(
      'DiskFull',
      `no space left while unpacking Elasticsearch in ${directory}: make room and run it again`,
    );
  }
  throw new LaunchError('DownloadFailed', `jar cannot unpack ${archive}: ${output.trimStart().split('\n')[0] ?? ''}`);
}

/**
 * Sets the modes that `jar` does not restore: programs executable, and everything readable by the account that runs the
 * server, whatever this process's umask is.
 */
function makeReadable(home: string): void {
  chmodSync(home, 0o755);
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    const isProgram = entry.parentPath === join(home, 'bin');
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() || isProgram ? 0o755 : 0o644);
  }
}

function sizes(home: string): Record<string, number> {
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    files.flatMap((file) => {
      const status = statSync(join(home, file));
      return status.isFile() ? [[file, status.size]] : [];
    }),
  );
}

/** True when the copy is of the pinned archive and has every file in its full size. */
function isWhole(home: string): boolean {
  const file = join(home, MANIFEST);
  if (!existsSync(file)) return false;
  const manifest = parseManifest(readFileSync(file, 'utf8'));
  return (
    manifest?.sha256 === ARTIFACT.sha256 &&
    Object.entries(manifest.files).every(
      ([path, size]) => statSync(join(home, path), { throwIfNoEntry: false })?.size === size,
    )
  );
}

function parseManifest(text: string): { sha256: string; files: Record<string, unknown> } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('sha256' in value) || !('files' in value)) return undefined;
  const { sha256, files } = value;
  if (typeof sha256 !== 'string' || typeof files !== 'object' || files === null) return undefined;
  return { sha256, files: { ...files } };
}
