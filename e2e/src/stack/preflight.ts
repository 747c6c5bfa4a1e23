import { mkdirSync, statfsSync } from 'node:fs';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';

/** A program that the stack needs from the machine, and how its version is found. */
interface Tool {
  readonly name: string;
  readonly versionArguments: readonly string[];
  /** First capture group: the major version, or `major.minor`. */
  readonly version: RegExp;
  readonly atLeast: string;
  readonly remedy: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'go',
    versionArguments: ['env', 'GOVERSION'],
    version: /go(\d+\.\d+)/,
    atLeast: '1.26',
    remedy: 'install Go 1.26 or newer and put its bin directory on PATH',
  },
  {
    name: 'java',
    versionArguments: ['-version'],
    version: /version "(\d+)/,
    atLeast: '17',
    remedy: 'install a JDK 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)',
  },
  {
    name: 'jar',
    versionArguments: ['--version'],
    version: /jar (\d+)/,
    atLeast: '17',
    remedy: 'install a JDK, not only a JRE (Debian: apt-get install openjdk-17-jdk-headless)',
  },
  {
    name: 'mvn',
    versionArguments: ['--version'],
    version: /Apache Maven (\d+\.\d+)/,
    atLeast: '3.6',
    remedy: 'install Maven 3.6 or newer (Debian: apt-get install maven)',
  },
];

/** Fails with one line that names every tool which is missing or too old, and what to do about each. */
export async function checkTools(): Promise<void> {
  const findings = (await Promise.all(TOOLS.map(findingOf))).filter((finding) => finding !== undefined);
  if (findings.length > 0) throw new LaunchError('ToolMissing', findings.join('; '));
}

async function findingOf(tool: Tool): Promise<string | undefined> {
  // GOTOOLCHAIN=local: the installed Go, not one that it would download.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const output = await runCommand(tool.name, tool.versionArguments, { env }).then(
    (result) => result.stdout + result.stderr,
    () => undefined,
  );
  return judgeVersion(tool, output);
}

/** What is wrong with a tool that printed `output` (undefined: there is none), or undefined when nothing is. */
export function judgeVersion(tool: Tool, output: string | undefined): string | undefined {
  if (output === undefined) return `${tool.name} is not on PATH: ${tool.remedy}`;
  const found = tool.version.exec(output)?.[1];
  if (found === undefined) return `${tool.name} does not tell its version: ${tool.remedy}`;
  if (compareVersions(found, tool.atLeast) >= 0) return undefined;
  return `${tool.name} is ${found}, ${tool.atLeast} or newer is needed: ${tool.remedy}`;
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const GIB = 1024 ** 3;

/** Room that is needed below a directory, and why. */
export interface RoomNeeded {
  readonly directory: string;
  /** GiB. */
  readonly gibibytes: number;
  readonly purpose: string;
  /** How to use another directory. */
  readonly alternative: string;
}

/** Fails with one line when a file system is too full for what comes next: a full disk is told before, not halfway. */
export function checkRoom(needed: readonly RoomNeeded[], freeBytes: (directory: string) => number = freeBytesOf): void {
  for (const one of needed) {
    mkdirSync(one.directory, { recursive: true });
    const free = freeBytes(one.directory) / GIB;
    if (free >= one.gibibytes) continue;
    throw new LaunchError(
      'DiskFull',
      `${free.toFixed(1)} GiB free at ${one.directory}, ${one.purpose} needs ${one.gibibytes}: make room, or ${one.alternative}`,
    );
  }
}

function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
