import { readSigningKeys, type KeyDirectory, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import { sleep, type Clock } from '@chaperone/crds/client/clock';

export interface SigningKeyWatchOptions {
  readonly files: KeyDirectory;
  readonly directory: string;
  /** The key that signs now. */
  readonly current: SigningKey;
  readonly clock: Clock;
  /** A key of a later name is there, or the last one is gone. */
  readonly changed: (key: SigningKey) => void;
  /** Told once for each fault; the key that signs goes on signing. */
  readonly failed: (error: unknown) => void;
  readonly intervalMs?: number;
}

/** A projected Secret changes by a renamed link, which file system events miss in some kernels: so it is looked at. */
const INTERVAL_MS = 10_000;

/** The newest key of the directory. @throws SigningKeyError, errors of the file system */
export async function newestSigningKey(files: KeyDirectory, directory: string): Promise<SigningKey> {
  const newest = (await readSigningKeys(files, directory)).at(-1);
  if (newest === undefined) throw new TypeError('a directory of keys without a key was read');
  return newest;
}

/** Looks for another key until the signal aborts. Never rejects. */
export async function watchSigningKeys(options: SigningKeyWatchOptions, signal: AbortSignal): Promise<void> {
  const { files, directory, clock, changed, failed, intervalMs = INTERVAL_MS } = options;
  let { current } = options;
  let failing = false;
  while (!signal.aborted) {
    await sleep(clock, intervalMs, signal);
    if (signal.aborted) return;
    try {
      const newest = await newestSigningKey(files, directory);
      failing = false;
      if (newest.id === current.id) continue;
      changed(newest);
      current = newest;
    } catch (error) {
      if (!failing) failed(error);
      failing = true;
    }
  }
}
