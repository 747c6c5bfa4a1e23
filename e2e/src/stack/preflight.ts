import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { findJava } from '../elasticsearch/java.ts';
import { requireMaven } from '../elasticsearch/maven.ts';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';

const OLDEST_GO = [1, 26] as const;
const GO_REMEDY = 'install Go 1.26 or newer and put its bin directory on PATH';

/**
 * Fails with one line that names every tool which is missing or too old, and what to do about each: before the long
 * build begins, not after it.
 */
export async function checkTools(): Promise<void> {
  const outcomes = await Promise.allSettled([requireGo(), findJava(), requireMaven()]);
  const failures = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const [first] = failures;
  if (first === undefined) return;
  const findings = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  throw new LaunchError('ToolMissing', findings.join('; '), { cause: first });
}

async function requireGo(): Promise<void> {
  // GOTOOLCHAIN=local: the installed Go, not one that it would download.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const output = await runCommand('go', ['env', 'GOVERSION'], { env }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
  const finding = judgeGo(output);
  if (finding !== undefined) throw new LaunchError('ToolMissing', finding);
}

/** What is wrong with a Go whose `go env GOVERSION` printed `output` (undefined: there is none), or undefined. */
export function judgeGo(output: string | undefined): string | undefined {
  if (output === undefined) return `go is not on PATH: ${GO_REMEDY}`;
  const found = /go(\d+)\.(\d+)/.exec(output)?.slice(1).map(Number);
  if (found === undefined) return `go does not tell its version: ${GO_REMEDY}`;
  const difference = OLDEST_GO.map((oldest, index) => (found[index] ?? 0) - oldest).find((value) => value !== 0) ?? 0;
  return difference < 0
    ? `go is ${found.join('.')}, ${OLDEST_GO.join('.')} or newer is needed: ${GO_REMEDY}`
    : undefined;
}

/** statfs(2): the magic number of procfs. */
const PROC_SUPER_MAGIC = 0x9fa0;

/**
 * Refuses a place below /proc: there Node's recursive mkdir never returns (seen with Node 26), as every attempt fails
 * in the way in which a missing parent does.
 */
export function checkPlace(directory: string): void {
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  if (statfsSync(existing).type === PROC_SUPER_MAGIC) {
    throw new LaunchError('BadOption', `${directory} is on procfs, which holds no files: choose another place`);
  }
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
