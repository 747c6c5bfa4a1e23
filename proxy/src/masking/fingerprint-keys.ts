import { join } from 'node:path';
import type { Clock } from '@chaperone/crds/client/clock';
import { lookRegularly } from '@chaperone/crds/process/look-regularly';
import type { Fingerprint } from './engine/mask-leaf.ts';
import { FingerprintKeysError, newFingerprints, type FingerprintKey } from './text/fingerprint.ts';

/** Fingerprints by the newest key of a directory, whichever that is when one is made. */
export interface FingerprintKeys {
  readonly fingerprint: Fingerprint;
  /** Looks at the directory until the signal aborts. Never rejects; keys that cannot be read leave the old ones in use. */
  run(signal: AbortSignal): Promise<void>;
}

export interface KeyFiles {
  readdir(directory: string): Promise<readonly string[]>;
  /** Bytes, as a key is no text. */
  readFile(path: string): Promise<Buffer>;
}

export interface FingerprintKeysOptions {
  readonly files: KeyFiles;
  /** Of files that are keys; the last by name is current. A file's name is the key's id. */
  readonly directory: string;
  readonly clock: Clock;
  /** Told once for each fault. */
  readonly failed: (error: unknown) => void;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 30_000;
const ID = /^[a-z0-9-]{1,16}$/u;

/** Reads the keys. @throws FingerprintKeysError, errors of the file system */
export async function openFingerprintKeys(options: FingerprintKeysOptions): Promise<FingerprintKeys> {
  const { clock, failed, intervalMs = INTERVAL_MS } = options;
  const read = async (): Promise<Fingerprint> => newFingerprints(await readKeys(options));
  let current = await read();
  const take = (next: Fingerprint): void => {
    current = next;
  };
  return {
    fingerprint: (name, value) => current(name, value),
    run: (signal) => lookRegularly({ clock, intervalMs, read, take, failed }, signal),
  };
}

async function readKeys({ files, directory }: FingerprintKeysOptions): Promise<FingerprintKey[]> {
  // In a projected Secret the names that begin with a dot are links of the kubelet's.
  const names = (await files.readdir(directory)).filter((name) => !name.startsWith('.')).toSorted();
  if (names.length === 0) throw new FingerprintKeysError('the directory of fingerprint keys holds none');
  const invalid = names.find((name) => !ID.test(name));
  if (invalid !== undefined) {
    throw new FingerprintKeysError('a file of fingerprint keys is named with 1 to 16 of a-z, 0-9 and -');
  }
  const newest = names.at(-1);
  return Promise.all(
    names.map(async (id) => ({ id, key: await files.readFile(join(directory, id)), current: id === newest })),
  );
}
