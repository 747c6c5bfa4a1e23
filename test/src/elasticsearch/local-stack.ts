import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeStateDirectory } from '@chaperone/e2e/elasticsearch/state-directory';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { acquireLock } from '@chaperone/e2e/process/lock';
import { newSupervisor, type Supervisor } from '@chaperone/e2e/process/supervisor';
import { CHECKOUT, stackDirectories } from '@chaperone/e2e/stack/directories';

/** A stack of a test file's own, for a server with settings that no other test wants. */
export interface LocalStack {
  readonly supervisor: Supervisor;
  readonly httpPort: number;
  /** Ends every process and removes all that the stack has written. May be called again. */
  readonly stop: () => Promise<void>;
}

/**
 * Lies beside the stacks of test runs and holds a lock as they do: when this process is killed, the next run finds the
 * lock free, ends what still runs and removes it.
 */
export async function newLocalStack(): Promise<LocalStack> {
  const directories = stackDirectories(join(CHECKOUT, '.run-test', `elasticsearch-${randomUUID()}`));
  const lock = await acquireLock(directories.lock, { timeout: 0 });
  const supervisor = newSupervisor(directories.root);
  const { http } = await choosePorts({ http: { variable: '' } }, {});
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await supervisor.stopAll();
    removeStateDirectory(directories.root);
    rmSync(directories.root, { recursive: true, force: true });
    lock?.release();
    rmSync(directories.lock, { force: true });
  };
  return { supervisor, httpPort: http, stop };
}
