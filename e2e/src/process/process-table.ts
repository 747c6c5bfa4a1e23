import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/**
 * A process as the kernel knows it. A pid alone says nothing once it has been reused, so every comparison goes by pid
 * and start time.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, `ps`'s `lstart` elsewhere. */
  readonly startTime: string;
}

/** Environment variable that every process of a stack carries; its value is the stack's directory. */
export const STACK_VARIABLE = 'CHAPERONE_STACK';

const hasProc = existsSync('/proc/self/stat');

/** Start time of a living process, or undefined when there is none (a zombie counts as none). */
export function startTimeOf(pid: number): string | undefined {
  return hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // proc(5): the command name may itself hold blanks and parentheses, so fields are counted after the last ')'.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

export function isAlive(process: ProcessIdentity): boolean {
  return startTimeOf(process.pid) === process.startTime;
}

/**
 * Living processes whose environment names this stack, whoever started them: the launcher may have been killed between
 * starting a process and noting its pid, and children (container shims, a JVM behind its launcher) are on no list.
 * Without /proc there is no such view and the answer is empty.
 */
export function processesOfStack(stackDirectory: string): ProcessIdentity[] {
  if (!hasProc) return [];
  const marker = Buffer.from(`${STACK_VARIABLE}=${stackDirectory}\0`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentHolds(pid, marker))
    .flatMap((pid) => {
      const startTime = startTimeOf(pid);
      return startTime === undefined ? [] : [{ pid, startTime }];
    });
}

function environmentHolds(pid: number, marker: Buffer): boolean {
  try {
    return Buffer.concat([readFileSync(`/proc/${pid}/environ`), Buffer.of(0)]).includes(marker);
  } catch {
    // Gone meanwhile, or another user's: not ours either way.
    return false;
  }
}
