import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import { isAlive, processesOfStack, STACK_VARIABLE, startTimeOf, type ProcessIdentity } from './process-table.ts';

/** How a process of the stack is started. */
export interface ProcessSpec {
  /** Names the log file and the record; unique in the stack. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to a minimal environment; nothing else of the launcher's own environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** How long the process may take to end after SIGTERM before it is killed. Milliseconds. */
  readonly stopTimeout?: number;
}

/** What is on file of a started process. */
export interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
  /** Place in the order of starting; the stack is ended in reverse. */
  readonly order: number;
  /** The command line, so that a changed one is noticed and restarted. */
  readonly commandLine: readonly string[];
  readonly stopTimeout: number;
}

const DEFAULT_STOP_TIMEOUT = 15_000;

/** Starts, finds and ends the processes of one stack, whose directory holds their records and logs. */
export interface Supervisor {
  readonly directory: string;
  /** Starts the process, unless it already runs with the same command line; a different one is ended first. */
  start(spec: ProcessSpec): Promise<ProcessRecord>;
  /** Waits until `probe` answers true; fails when the process ends, or after `timeout` milliseconds. */
  waitUntilReady(record: ProcessRecord, probe: () => Promise<boolean>, timeout: number): Promise<void>;
  stop(name: string): Promise<void>;
  /** The living processes on file, in the order of starting. */
  running(): ProcessRecord[];
  /** False when a process that is on file is dead. */
  isWhole(): boolean;
  /** Ends everything of the stack in reverse order, also what is on no list. */
  stopAll(report?: (name: string) => void): Promise<void>;
  logFile(name: string): string;
}

export function newSupervisor(directory: string): Supervisor {
  const records = join(directory, 'processes');
  const logs = join(directory, 'logs');

  const recordFile = (name: string): string => join(records, `${name}.json`);
  const logFile = (name: string): string => join(logs, `${name}.log`);

  function allRecords(): ProcessRecord[] {
    let names: string[];
    try {
      names = readdirSync(records).filter((file) => file.endsWith('.json'));
    } catch {
      return [];
    }
    return names.flatMap((file) => readRecord(join(records, file))).toSorted((left, right) => left.order - right.order);
  }

  const running = (): ProcessRecord[] => allRecords().filter(isAlive);

  async function start(spec: ProcessSpec): Promise<ProcessRecord> {
    const commandLine = [spec.command, ...spec.args];
    const existing = running().find((record) => record.name === spec.name);
    if (existing !== undefined) {
      if (JSON.stringify(existing.commandLine) === JSON.stringify(commandLine)) return existing;
      await stop(spec.name);
    }
    mkdirSync(records, { recursive: true });
    mkdirSync(logs, { recursive: true });
    const log = openSync(logFile(spec.name), 'a');
    try {
      const child = spawn(spec.command, spec.args, {
        // A session of its own: Ctrl-C in the terminal and the end of the launcher do not reach it.
        detached: true,
        stdio: ['ignore', log, log],
        cwd: spec.cwd ?? directory,
        env: { ...minimalEnvironment(), ...spec.env, [STACK_VARIABLE]: directory },
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.gid === undefined ? {} : { gid: spec.gid }),
      });
      const pid = await pidOf(child, spec);
      child.unref();
      const order = Math.max(0, ...allRecords().map((record) => record.order)) + 1;
      const record: ProcessRecord = {
        name: spec.name,
        pid,
        startTime: startTimeOf(pid) ?? '',
        order,
        commandLine,
        stopTimeout: spec.stopTimeout ?? DEFAULT_STOP_TIMEOUT,
      };
      const file = recordFile(spec.name);
      writeFileSync(`${file}.new`, JSON.stringify(record));
      renameSync(`${file}.new`, file);
      return record;
    } finally {
      closeSync(log);
    }
  }

  async function waitUntilReady(record: ProcessRecord, probe: () => Promise<boolean>, timeout: number): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      if (await probe().catch(() => false)) return;
      if (!isAlive(record)) {
        throw new LaunchError('ProcessEnded', `${record.name} ended while starting: ${lastLine(logFile(record.name))}`);
      }
      if (Date.now() > deadline) {
        const seconds = Math.round(timeout / 1000);
        throw new LaunchError(
          'NotReady',
          `${record.name} is not ready after ${seconds} s: see ${logFile(record.name)}`,
        );
      }
      await sleep(100);
    }
  }

  async function stop(name: string): Promise<void> {
    const record = allRecords().find((candidate) => candidate.name === name);
    if (record !== undefined) await endRecord(record);
  }

  async function endRecord(record: ProcessRecord): Promise<void> {
    await endProcess(record, record.stopTimeout);
    rmSync(recordFile(record.name), { force: true });
  }

  async function stopAll(report?: (name: string) => void): Promise<void> {
    for (const record of allRecords().toReversed()) {
      if (isAlive(record)) report?.(record.name);
      await endRecord(record);
    }
    await endUnlisted(directory);
  }

  return {
    directory,
    start,
    waitUntilReady,
    stop,
    running,
    isWhole: () => allRecords().every(isAlive),
    stopAll,
    logFile,
  };
}

/** Ends processes of the stack that are on no list. More than one round, as a dying parent may still start children. */
async function endUnlisted(directory: string): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const left = processesOfStack(directory);
    if (left.length === 0) return;
    await Promise.all(left.map((identity) => endProcess(identity, round === 0 ? 5_000 : 0)));
  }
}

/** SIGTERM to the process and its group, then SIGKILL after `timeout` milliseconds; returns when it is gone. */
async function endProcess(identity: ProcessIdentity, timeout: number): Promise<void> {
  if (!isAlive(identity)) return;
  signal(identity, timeout === 0 ? 'SIGKILL' : 'SIGTERM');
  const deadline = Date.now() + timeout;
  while (isAlive(identity)) {
    if (Date.now() > deadline) signal(identity, 'SIGKILL');
    await sleep(50);
  }
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  // Every process of ours leads a group of its own; one that does not (a child found by its environment) is met alone.
  for (const target of [-identity.pid, identity.pid]) {
    try {
      process.kill(target, name);
    } catch {
      // ESRCH: gone, or not the leader of a group.
    }
  }
}

function pidOf(child: ReturnType<typeof spawn>, spec: ProcessSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new LaunchError('ToolMissing', `${spec.name} cannot be started: ${cause.message}`, { cause }));
    });
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });
}

function minimalEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SSL_CERT_FILE', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function readRecord(file: string): ProcessRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  return isRecord(value) ? [value] : [];
}

function isRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== 'object' || value === null) return false;
  const candidate: Partial<Record<keyof ProcessRecord, unknown>> = value;
  return (
    typeof candidate.name === 'string' &&
    typeof candidate.pid === 'number' &&
    typeof candidate.startTime === 'string' &&
    typeof candidate.order === 'number' &&
    typeof candidate.stopTimeout === 'number' &&
    Array.isArray(candidate.commandLine)
  );
}

/** The last line that a process wrote: mostly the reason for its end. */
function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.slice(0, 500) ?? file;
  } catch {
    return file;
  }
}
