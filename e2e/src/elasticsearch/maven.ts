import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';

/** A file in Maven Central, pinned by its digest. */
export interface MavenArtifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  readonly type: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/** Pinned like the artifact itself: without a version Maven takes the newest. Needs Maven 3.6.3. */
const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const OLDEST = [3, 6, 3] as const;
const REMEDY = 'install Maven 3.6.3 or newer (Debian: apt-get install maven)';

/**
 * Copies an artifact into `directory` through Maven, which knows the user's mirrors, proxies and credentials, and keeps
 * the file in its own repository. Answers the path of the copy.
 *
 * Throws a LaunchError: `ToolMissing`, `DiskFull`, or `DownloadFailed` with Maven's own reason.
 */
export async function fetchArtifact(artifact: MavenArtifact, directory: string): Promise<string> {
  await requireMaven();
  const coordinates = [artifact.group, artifact.name, artifact.version, artifact.type].join(':');
  const args = [
    '-B',
    '-q',
    '-Dstyle.color=never',
    COPY_GOAL,
    `-Dartifact=${coordinates}`,
    `-DoutputDirectory=${directory}`,
  ];
  // Not in the caller's directory: a pom.xml there would be read.
  const { code, stdout, stderr } = await runCommand('mvn', args, { cwd: directory });
  if (code !== 0) throw fetchError(coordinates, stdout + stderr);
  const file = join(directory, `${artifact.name}-${artifact.version}.${artifact.type}`);
  const found = await sha256Of(file);
  if (found !== artifact.sha256) {
    const kept = ['repository', ...artifact.group.split('.'), artifact.name, artifact.version].join('/');
    const message = `${coordinates} from Maven is not the pinned file (SHA-256 ${found}, not ${artifact.sha256}): remove ~/.m2/${kept}, check the mirror, and run it again`;
    throw new LaunchError('DownloadFailed', message);
  }
  return file;
}

/** Throws a LaunchError `ToolMissing` of one line when Maven is missing or too old. */
export async function requireMaven(): Promise<void> {
  const output = await runCommand('mvn', ['-B', '--version']).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
  const finding = judgeMaven(output);
  if (finding !== undefined) throw new LaunchError('ToolMissing', finding);
}

/** What is wrong with a Maven whose `--version` printed `output` (undefined: there is none), or undefined. */
export function judgeMaven(output: string | undefined): string | undefined {
  if (output === undefined) return `mvn is not on PATH: ${REMEDY}`;
  const found = /Apache Maven (\d+)\.(\d+)(?:\.(\d+))?/.exec(output);
  if (found === null) return `mvn does not tell its version: ${REMEDY}`;
  const parts = found.slice(1).map((part) => Number(part ?? 0));
  const difference = OLDEST.map((oldest, index) => (parts[index] ?? 0) - oldest).find((value) => value !== 0) ?? 0;
  return difference < 0 ? `mvn is ${parts.join('.')}, ${OLDEST.join('.')} or newer is needed: ${REMEDY}` : undefined;
}

/** Maven's failure as one line. Its reason is the first `[ERROR]` line; what follows is general advice. */
export function fetchError(coordinates: string, output: string): LaunchError {
  const line = /^\[ERROR\] (.+)$/m.exec(output)?.[1] ?? output.trimEnd().split('\n').at(-1)?.trim() ?? '';
  const reason = line
    .replace(/ -> \[Help \d+\]$/, '')
    .replace(/^Failed to execute goal \S+ \(default-cli\) on project \S+: /, '')
    .slice(0, 500);
  if (reason.includes('No space left on device')) {
    return new LaunchError(
      'DiskFull',
      `no space left while fetching ${coordinates}: make room and run it again (${reason})`,
    );
  }
  return new LaunchError('DownloadFailed', `Maven cannot fetch ${coordinates}: ${reason}`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
