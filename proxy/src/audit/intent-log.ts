import { constants } from 'node:fs';
import { open, readdir, rm, mkdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Who is about to do what; one line of JSON. Holds no query and no body: either may hold what is secret. */
export interface Intent {
  readonly auditID: string;
  /** RFC 3339, microseconds are not known. */
  readonly time: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly clientAddress: string;
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a request that addresses no resource; else ''. */
  readonly path: string;
  readonly revision: string;
  /** What the policies said of the request line. */
  readonly verdict: string;
}

export interface IntentLog {
  /** Resolves once the line is on stable storage. @throws Error of the file system. */
  append(intent: Intent): Promise<void>;
  /** The failure of the last write; undefined while all is well. */
  lastError(): unknown;
  close(): Promise<void>;
}

export interface IntentLogOptions {
  readonly directory: string;
  /** Size from which on the next file is begun. */
  readonly fileBytes?: number;
  /** So many files are kept, the one that is written among them. */
  readonly files?: number;
}

const FILE_BYTES = 64 * 1024 * 1024;
const FILES = 4;
const NAME = /^intents-(\d{10})\.jsonl$/;

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends intents, many at a time: what arrives while a write is under way goes into the next one, so that one
 * synchronous write (O_DSYNC: data, and the size to find it by, are on the disk when it returns) serves all who wait.
 * A file is begun anew by every process, as the last line of one that was killed may be torn.
 */
export async function openIntentLog({
  directory,
  fileBytes = FILE_BYTES,
  files = FILES,
}: IntentLogOptions): Promise<IntentLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let number = (await existing(directory)).at(-1) ?? 0;
  let file: FileHandle | undefined;
  let written = 0;
  let waiting: Waiting[] = [];
  let busy: Promise<void> | undefined;
  let failure: unknown;

  async function rotate(): Promise<FileHandle> {
    await file?.close();
    file = undefined;
    number += 1;
    const name = `intents-${String(number).padStart(10, '0')}.jsonl`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_DSYNC;
    file = await open(join(directory, name), flags, 0o600);
    await syncDirectory(directory);
    written = 0;
    const numbers = await existing(directory);
    await Promise.all(
      numbers
        .slice(0, Math.max(0, numbers.length - files))
        .map((old) => rm(join(directory, `intents-${String(old).padStart(10, '0')}.jsonl`), { force: true })),
    );
    return file;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.from(batch.map(({ line }) => line).join(''), 'utf8');
    // After a failure the file may end in half a line: what comes next goes into another.
    const target = file === undefined || written >= fileBytes || failure !== undefined ? await rotate() : file;
    let at = 0;
    while (at < bytes.length) {
      const { bytesWritten } = await target.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    written += bytes.length;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await writeBatch(batch);
        failure = undefined;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        failure = error;
        for (const { reject } of batch) reject(error);
      }
    }
    busy = undefined;
  }

  return {
    append: (intent) =>
      new Promise((resolve, reject) => {
        waiting.push({ line: `${JSON.stringify(intent)}\n`, resolve, reject });
        busy ??= drain();
      }),
    lastError: () => failure,
    async close() {
      await busy;
      await file?.close();
      file = undefined;
    },
  };
}

async function existing(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((left, right) => left - right);
}

/** A new file is found after a crash only if its directory entry is on the disk, too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
