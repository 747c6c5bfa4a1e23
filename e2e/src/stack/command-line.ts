import { LaunchError } from '../process/launch-error.ts';
import type { Report } from '../process/progress.ts';

/** Prints progress on standard error, each line with the seconds since the start; standard output stays for results. */
export function newReport(start: number = Date.now()): Report {
  return (line) => void process.stderr.write(`[${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s] ${line}\n`);
}

/**
 * Runs a command to its end and sets the exit code. A failure that a person can mend is one line; anything else is a
 * fault of ours and keeps its stack trace.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${failureText(error)}\n`);
  }
}

/** The one line, or the stack trace, that a failed command leaves behind. */
export function failureText(error: unknown): string {
  if (error instanceof LaunchError) return `error: ${error.message}`;
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const { code, path } = systemErrorFields(error);
  // parseArgs: a wrong option of the command line, whose message says which ones there are.
  if (code.startsWith('ERR_PARSE_ARGS')) return `error: ${error.message}`;
  if (code === 'ENOSPC')
    return `error: no space left on the device${path === '' ? '' : ` of ${path}`}: make room and run it again`;
  if (['EACCES', 'EROFS', 'ENOTDIR', 'EEXIST', 'EPERM'].includes(code))
    return `error: ${path} cannot be written (${code}): make it writable for this user, or choose another place`;
  return error.stack ?? error.message;
}

function systemErrorFields(error: Error): { code: string; path: string } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const path = 'path' in error && typeof error.path === 'string' ? error.path : '';
  return { code, path };
}
