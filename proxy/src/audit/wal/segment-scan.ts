import type { LogFile } from './file-system.ts';
import { HEADER_BYTES, MAGIC_BYTES, peekEntry, type EntryType } from './entry.ts';

/** An entry that has been found whole: `bytes` from `at` on, valid until the visitor returns. */
export interface FoundEntry {
  readonly bytes: Buffer;
  readonly at: number;
  readonly type: EntryType;
  readonly batch: number;
  readonly size: number;
  /** Where in the segment it begins. */
  readonly position: number;
}

export interface SegmentVisitor {
  entry(found: FoundEntry): void;
  /** Bytes that are no entry, up to the next one or to the end. `zeros`: never written. */
  fault(start: number, end: number, zeros: boolean): void;
}

export interface SegmentScanner {
  /** Visits the entries from `from` on, about a quarter of a MiB of them, and returns where the next one begins. */
  next(from: number, to: number, visit: SegmentVisitor): Promise<number>;
}

const CHUNK_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Reads a segment in pieces, with one buffer of bounded size for all but the largest entries. */
export function newSegmentScanner(file: LogFile, seed: number): SegmentScanner {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  async function load(from: number, length: number): Promise<Buffer> {
    const target = length <= buffer.length ? buffer : Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const count = await file.read(target, filled, length - filled, from + filled);
      if (count === 0) break;
      filled += count;
    }
    return target.subarray(0, filled);
  }

  async function isEntry(position: number, to: number): Promise<boolean> {
    const head = await load(position, Math.min(HEADER_BYTES, to - position));
    const peeked = peekEntry(head, 0, head.length, seed);
    if (peeked.kind !== 'NeedsMore') return peeked.kind === 'Entry';
    if (position + peeked.size > to || head.length < HEADER_BYTES) return false;
    const whole = await load(position, peeked.size);
    return peekEntry(whole, 0, whole.length, seed).kind === 'Entry';
  }

  /** The first place from `from` on where an entry stands whole; `to` where there is none. */
  async function findEntry(from: number, to: number): Promise<number> {
    let position = from;
    while (position + HEADER_BYTES <= to) {
      const bytes = await load(position, Math.min(CHUNK_BYTES, to - position));
      if (bytes.length < HEADER_BYTES) break;
      const found = bytes.indexOf(MAGIC_BYTES);
      // The magic may lie across the end of what was read: its first byte is looked at again.
      if (found === -1) position += bytes.length - 1;
      else if (await isEntry(position + found, to)) return position + found;
      else position += found + 1;
    }
    return to;
  }

  async function isZero(from: number, to: number): Promise<boolean> {
    for (let position = from; position < to; position += CHUNK_BYTES) {
      const bytes = await load(position, Math.min(CHUNK_BYTES, to - position));
      if (bytes.compare(ZEROS, 0, bytes.length) !== 0) return false;
    }
    return true;
  }

  async function skip(start: number, to: number, visit: SegmentVisitor): Promise<number> {
    const end = await findEntry(start + 1, to);
    visit.fault(start, end, end === to && (await isZero(start, to)));
    return end;
  }

  return {
    async next(from, to, visit) {
      let bytes = await load(from, Math.min(CHUNK_BYTES, to - from));
      // The file is shorter than it was said to be.
      const end = bytes.length < Math.min(CHUNK_BYTES, to - from) ? from + bytes.length : to;
      if (bytes.length === 0) return to;
      let at = 0;
      while (at < bytes.length) {
        const peeked = peekEntry(bytes, at, bytes.length, seed);
        if (peeked.kind === 'Entry') {
          const { type, batch, size } = peeked;
          visit.entry({ bytes, at, type, batch, size, position: from + at });
          at += size;
        } else if (peeked.kind === 'Invalid' || from + at + peeked.size > end) {
          const next = await skip(from + at, end, visit);
          return next === end ? to : next;
        } else if (at > 0) break;
        else bytes = await load(from, peeked.size);
      }
      return from + at;
    },
  };
}
