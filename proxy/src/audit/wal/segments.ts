import { sleep, type Clock } from '@chaperone/crds/client/clock';
import { codeOf } from './log-error.ts';
import type { FileSystem, LogFile, WriteDone } from './file-system.ts';

/** Fsync: what has been appended survives the loss of power. Write: it survives the process, not the machine. */
export type Durability = 'Fsync' | 'Write';

export interface SegmentsOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly directory: string;
  readonly durability: Durability;
  /** A segment is left for the next one when it has so many bytes. */
  readonly segmentBytes: number;
}

/** The segments that one writer writes: one at a time, the next one made ready before it is needed. */
export interface Segments {
  /** Of the segment that is written; 0 before the first. */
  readonly number: number;
  /** Where the next write goes. */
  readonly offset: number;
  hasRoom(bytes: number): boolean;
  /** Ends the segment where it stands and begins the next. */
  rotate(): Promise<void>;
  /** Writes at `offset`, which does not move before {@link advance}: what failed is done again in the same place. */
  write(bytes: Buffer, length: number, done: (error: Error | null) => void): void;
  advance(bytes: number): void;
  /** Of all segments that are there. */
  readonly bytes: number;
  /** Lengths of the segments that are there, the one that is written among them. */
  lengths(): ReadonlyMap<number, number>;
  forget(number: number): void;
  close(): Promise<void>;
}

const NAME = /^(\d{10})\.wal$/;
const FILL_BYTES = 256 * 1024;
const SPARE_RETRY_MS = 1_000;

export const segmentPath = (directory: string, number: number): string =>
  `${directory}/${String(number).padStart(10, '0')}.wal`;

/** The numbers of the segments in a directory, ascending. */
export async function listSegments(files: FileSystem, directory: string): Promise<readonly number[]> {
  const names = await files.readdir(directory);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((left, right) => left - right);
}

interface Prepared {
  readonly number: number;
  readonly file: LogFile;
}

export function newSegments({ files, clock, directory, durability, segmentBytes }: SegmentsOptions): Segments {
  const ends = new Map<number, number>();
  const background = new Set<Promise<void>>();
  let current: Prepared | undefined;
  let offset = 0;
  let total = 0;
  let spare: Promise<Prepared> | undefined;
  let spareFailedAt = -Infinity;
  const closing = new AbortController();

  /**
   * A segment is written full of zeros before it is used: a write into space that is there changes nothing but data, so
   * that O_DSYNC has no journal to wait for. It is also space that a full disk cannot take away.
   */
  async function fill(path: string): Promise<void> {
    const file = await files.open(path, 'Create');
    try {
      if (durability === 'Fsync') {
        const zeros = Buffer.alloc(Math.min(FILL_BYTES, segmentBytes));
        for (let at = 0; at < segmentBytes; at += zeros.length) {
          if (closing.signal.aborted) break;
          await writeAll(file, zeros, at);
          // A little at a time: one large flush would hold up the writes that calls wait for.
          await file.sync();
          await sleep(clock, 1, closing.signal);
        }
      }
    } finally {
      await file.close();
    }
  }

  async function prepare(number: number): Promise<Prepared> {
    const path = segmentPath(directory, number);
    try {
      await fill(path);
      await files.syncDirectory(directory);
      return { number, file: await files.open(path, durability === 'Fsync' ? 'Durable' : 'Write') };
    } catch (error) {
      // What is left of it would fail the next attempt, and on a full disk take the space that it needs.
      await files.remove(path).catch(() => undefined);
      throw error;
    }
  }

  function prepareSpare(number: number): Promise<Prepared> {
    const preparing = prepare(number);
    preparing.catch(() => {
      spare = undefined;
      spareFailedAt = clock.monotonic();
    });
    return preparing;
  }

  function run(work: Promise<void>): void {
    const tracked = work.catch(() => undefined).finally(() => background.delete(tracked));
    background.add(tracked);
  }

  /** Cutting off the zeros is a courtesy to readers: they know the end from the next segment. */
  async function seal(old: Prepared, length: number): Promise<void> {
    await old.file.close();
    await files.truncate(segmentPath(directory, old.number), length);
  }

  return {
    get number() {
      return current?.number ?? 0;
    },
    get offset() {
      return offset;
    },
    get bytes() {
      return total;
    },
    hasRoom: (bytes) => current !== undefined && (offset === 0 || offset + bytes <= segmentBytes),
    async rotate() {
      const next = await (spare ?? prepareSpare((current?.number ?? 0) + 1));
      spare = undefined;
      if (current !== undefined) {
        ends.set(current.number, offset);
        run(seal(current, offset));
      }
      current = next;
      offset = 0;
      ends.set(next.number, 0);
    },
    write(bytes, length, done) {
      if (current === undefined) done(new Error('no segment is open'));
      else writeFrom(current.file, { bytes, length, position: offset }, 0, done);
    },
    advance(bytes) {
      offset += bytes;
      total += bytes;
      if (current === undefined) return;
      ends.set(current.number, offset);
      if (spare === undefined && offset > segmentBytes / 2 && clock.monotonic() - spareFailedAt > SPARE_RETRY_MS)
        spare = prepareSpare(current.number + 1);
    },
    lengths: () => ends,
    forget(number) {
      total -= ends.get(number) ?? 0;
      ends.delete(number);
    },
    async close() {
      closing.abort();
      const unused = await spare?.catch(() => undefined);
      if (unused !== undefined) {
        await unused.file.close();
        await files.remove(segmentPath(directory, unused.number));
      }
      if (current !== undefined) run(seal(current, offset));
      current = undefined;
      await Promise.all(background);
    },
  };
}

interface Write {
  readonly bytes: Buffer;
  readonly length: number;
  readonly position: number;
}

/** A write may take less than it was given: the rest is written after it. */
function writeFrom(file: LogFile, write: Write, start: number, done: (error: Error | null) => void): void {
  const finished: WriteDone = (error, written) => {
    if (error !== null) done(error);
    else if (start + written >= write.length) done(null);
    else if (written === 0) done(new Error('the file takes no more bytes'));
    else writeFrom(file, write, start + written, done);
  };
  file.write(write.bytes, start, write.length, write.position + start, finished);
}

/** Writes the whole buffer at a place. */
export const writeAll = (file: LogFile, bytes: Buffer, position: number): Promise<void> =>
  new Promise((resolve, reject) => {
    writeFrom(file, { bytes, length: bytes.length, position }, 0, (error) =>
      error === null ? resolve() : reject(error),
    );
  });

/** Whether a failure has to do with space alone: the same write may succeed in the same place. */
export const isSpaceFailure = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
