import { readFileSync, writeFileSync } from 'node:fs';
import { residentMemory } from './memory.ts';

/** What a process took while something ran. */
export interface Usage {
  readonly cpuSeconds: number;
  /** How far its resident memory rose above what it was in the beginning. */
  readonly growthMiB: number;
}

/** Of Linux, on all platforms that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Runs `work`, and tells what the process took meanwhile (Linux; the caller must own the process, or be root). */
export async function usageDuring<Result>(
  pid: number,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly usage: Usage }> {
  // The peak counts from here on: proc(5), clear_refs.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = { cpu: cpuSeconds(pid), memory: residentMemory(pid).now };
  const result = await work();
  return {
    result,
    usage: { cpuSeconds: cpuSeconds(pid) - before.cpu, growthMiB: residentMemory(pid).peak - before.memory },
  };
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may hold anything; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
