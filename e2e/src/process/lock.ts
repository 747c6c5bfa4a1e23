import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock held by this process; the kernel releases it when the process dies, however it dies. */
export interface Lock {
  release(): void;
}

export interface LockOptions {
  /** Milliseconds to wait for another holder; 0 tries once. */
  readonly timeout: number;
  /** Called once, when the lock is found to be held by another process. */
  readonly onWait?: () => void;
}

/**
 * Takes an exclusive lock between processes on a file, or answers undefined after `timeout`.
 *
 * Node has no flock(2) and a pid file needs a guess about who is alive; an exclusive SQLite transaction is the same
 * advisory file lock, on every system, in a library that comes with Node.
 */
export async function acquireLock(file: string, options: LockOptions): Promise<Lock | undefined> {
  mkdirSync(dirname(file), { recursive: true });
  // SQLite says only that it cannot open the file; the file system says why (no space, no permission) and which.
  closeSync(openSync(file, 'a'));
  const database = new DatabaseSync(file, { timeout: 0 });
  const deadline = Date.now() + options.timeout;
  let waited = false;
  while (!beginExclusive(database)) {
    if (Date.now() >= deadline) {
      database.close();
      return undefined;
    }
    if (!waited) options.onWait?.();
    waited = true;
    await sleep(200);
  }
  return { release: () => database.close() };
}

function beginExclusive(database: DatabaseSync): boolean {
  try {
    // Nothing is ever written, so that no journal has to lie beside the file.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    // SQLITE_BUSY (5): another process holds it. Anything else (a full disk, a directory) is not a lost race.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return false;
    throw error;
  }
}
