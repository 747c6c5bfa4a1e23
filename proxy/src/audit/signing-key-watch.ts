import { readSigningKeys, type KeyDirectory, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import type { Clock } from '@chaperone/crds/client/clock';
import { lookRegularly } from '@chaperone/crds/process/look-regularly';

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

const INTERVAL_MS = 10_000;

/** The newest key of the directory. @throws SigningKeyError, errors of the file system */
export async function newestSigningKey(files: KeyDirectory, directory: string): Promise<SigningKey> {
  const newest = (await readSigningKeys(files, directory)).at(-1);
  if (newest === undefined) throw new TypeError('a directory of keys without a key was read');
  return newest;
}

/** Looks for another key until the signal aborts. Never rejects. */
export function watchSigningKeys(options: SigningKeyWatchOptions, signal: AbortSignal): Promise<void> {
  const { files, directory, clock, changed, failed, intervalMs = INTERVAL_MS } = options;
  let { current } = options;
  const read = (): Promise<SigningKey> => newestSigningKey(files, directory);
  const take = (newest: SigningKey): void => {
    if (newest.id === current.id) return;
    changed(newest);
    current = newest;
  };
  return lookRegularly({ clock, intervalMs, read, take, failed }, signal);
}
