import { join } from 'node:path';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
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

/** A projected Secret changes by a renamed link, which file system events miss in some kernels: so it is looked at. */
const INTERVAL_MS = 30_000;
const ID = /^[a-z0-9-]{1,16}$/u;

/** Reads the keys. @throws FingerprintKeysError, errors of the file system */
export async function openFingerprintKeys(options: FingerprintKeysOptions): Promise<FingerprintKeys> {
  const { clock, failed, intervalMs = INTERVAL_MS } = options;
  let current = newFingerprints(await readKeys(options));
  let failing = false;
  return {
    fingerprint: (name, value) => current(name, value),
    async run(signal) {
      while (!signal.aborted) {
        await sleep(clock, intervalMs, signal);
        if (signal.aborted) return;
        try {
          current = newFingerprints(await readKeys(options));
          failing = false;
        } catch (error) {
          if (!failing) failed(error);
          failing = true;
        }
      }
    },
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
