import { crc32 } from 'node:zlib';

/**
 * One entry of a segment:
 *
 *     magic (2) type (1) flags (1) batch (4) length (4) CRC-32 (4) payload
 *
 * Integers are big-endian. The CRC is over all that stands before and after it, and begins with the writer's seed. The
 * magic is no UTF-8, so that no text of a record can pass for an entry when a damaged segment is searched for the next
 * one. `batch` counts writes: one is begun only when the one before it is on the disk, so that a broken entry which a
 * later batch follows is damage, and one in the last batch is a write that a crash cut short.
 */

const MAGIC = 0xc857;
export const MAGIC_BYTES: Buffer = Buffer.from([MAGIC >> 8, MAGIC & 0xff]);
export const HEADER_BYTES = 16;
const HASH_BYTES = 32;

/** An entry that is larger is never written; a length beyond it is damage. */
export const LONGEST_PAYLOAD = 256 * 1024 * 1024;

export const ENTRY_TYPES = { Header: 1, Intent: 2, Record: 3, Checkpoint: 4, Revoked: 5, Registry: 6 } as const;
export type EntryType = keyof typeof ENTRY_TYPES;
const TYPES = new Map<number, EntryType>(Object.entries(ENTRY_TYPES).map(([type, number]) => [number, asType(type)]));

function asType(text: string): EntryType {
  switch (text) {
    case 'Header':
    case 'Intent':
    case 'Record':
    case 'Checkpoint':
    case 'Revoked':
    case 'Registry':
      return text;
    default:
      throw new TypeError('no type of entry');
  }
}

/** First of a segment: JSON. */
export interface HeaderEntry {
  readonly type: 'Header';
  readonly text: string;
}

/** Who is about to do what. The text is the caller's. */
export interface IntentEntry {
  readonly type: 'Intent';
  readonly auditID: string;
  readonly text: string;
}

export interface RecordEntry {
  readonly type: 'Record';
  /** Of the intent that it belongs to; '' where there is none. */
  readonly auditID: string;
  /** Whether nothing more is to come for this auditID. */
  readonly closes: boolean;
  readonly sequence: number;
  readonly previousChain: string;
  readonly chain: string;
  /** `event.original`. */
  readonly text: string;
}

/** A signed checkpoint as JSON. */
export interface CheckpointEntry {
  readonly type: 'Checkpoint';
  readonly text: string;
}

/**
 * Nothing more is to come for an intent: its caller was told that it was not written, so that nothing has been done under
 * it, or its call is one of those that no record is kept of.
 */
export interface RevokedEntry {
  readonly type: 'Revoked';
  readonly auditID: string;
  readonly text: '';
}

/** A signed registry of writers as JSON: kept with the records, so that it is there where they are read. */
export interface RegistryEntry {
  readonly type: 'Registry';
  readonly text: string;
}

export type Entry = HeaderEntry | IntentEntry | RecordEntry | CheckpointEntry | RevokedEntry | RegistryEntry;

const RECORD_FIXED = 8 + HASH_BYTES + HASH_BYTES + 1;
const LONGEST_AUDIT_ID = 255;

/** What the CRCs of a writer's entries begin with: an entry of another log is none of this one. */
export const seedOf = (writer: string): number => crc32(writer);

/** The entry's bytes on disk. @throws RangeError for what could not be read again. */
export function sizeOf(entry: Entry): number {
  let size = HEADER_BYTES + Buffer.byteLength(entry.text);
  if (entry.type === 'Record') size += RECORD_FIXED;
  if (entry.type === 'Record' || entry.type === 'Intent' || entry.type === 'Revoked') {
    const idBytes = Buffer.byteLength(entry.auditID);
    if (idBytes > LONGEST_AUDIT_ID) throw new RangeError('an auditID may have 255 bytes');
    size += 1 + idBytes;
  }
  if (size - HEADER_BYTES > LONGEST_PAYLOAD) throw new RangeError('the entry is larger than one may be');
  return size;
}

export interface Placement {
  readonly seed: number;
  readonly batch: number;
}

/** Writes the entry, which takes `size` bytes, and returns where the next one begins. */
export function encodeEntry(target: Buffer, start: number, entry: Entry, size: number, placement: Placement): number {
  let at = start + HEADER_BYTES;
  if (entry.type === 'Record') {
    target.writeUInt32BE(Math.floor(entry.sequence / 2 ** 32), at);
    target.writeUInt32BE(entry.sequence >>> 0, at + 4);
    target.write(entry.previousChain, at + 8, HASH_BYTES, 'hex');
    target.write(entry.chain, at + 8 + HASH_BYTES, HASH_BYTES, 'hex');
    target[at + 8 + 2 * HASH_BYTES] = entry.closes ? 1 : 0;
    at += RECORD_FIXED;
  }
  if (entry.type === 'Record' || entry.type === 'Intent' || entry.type === 'Revoked') {
    const idBytes = target.write(entry.auditID, at + 1, 'utf8');
    target[at] = idBytes;
    at += 1 + idBytes;
  }
  target.write(entry.text, at, 'utf8');
  const end = start + size;
  target.writeUInt16BE(MAGIC, start);
  target[start + 2] = ENTRY_TYPES[entry.type];
  target[start + 3] = 0;
  target.writeUInt32BE(placement.batch, start + 4);
  target.writeUInt32BE(size - HEADER_BYTES, start + 8);
  target.writeUInt32BE(checksum(target, start, end, placement.seed), start + 12);
  return end;
}

const checksum = (bytes: Buffer, start: number, end: number, seed: number): number =>
  crc32(bytes.subarray(start + HEADER_BYTES, end), crc32(bytes.subarray(start, start + 12), seed));

/** What stands at a place: an entry of so many bytes; nothing that could be one; or too little to tell. */
export type Peeked =
  | { readonly kind: 'Entry'; readonly type: EntryType; readonly batch: number; readonly size: number }
  | { readonly kind: 'Invalid' }
  | { readonly kind: 'NeedsMore'; readonly size: number };

/** Looks at `bytes` from `start` on, of which `end` is the first that is not there. */
export function peekEntry(bytes: Buffer, start: number, end: number, seed: number): Peeked {
  if (end - start < HEADER_BYTES) return { kind: 'NeedsMore', size: HEADER_BYTES };
  if (bytes.readUInt16BE(start) !== MAGIC || bytes[start + 3] !== 0) return { kind: 'Invalid' };
  const type = TYPES.get(bytes[start + 2] ?? 0);
  const length = bytes.readUInt32BE(start + 8);
  if (type === undefined || length > LONGEST_PAYLOAD) return { kind: 'Invalid' };
  const size = HEADER_BYTES + length;
  if (end - start < size) return { kind: 'NeedsMore', size };
  if (checksum(bytes, start, start + size, seed) !== bytes.readUInt32BE(start + 12)) return { kind: 'Invalid' };
  return { kind: 'Entry', type, batch: bytes.readUInt32BE(start + 4), size };
}

/** The auditID of an intent, a revocation or a record, without decoding the rest. */
export function auditIDAt(bytes: Buffer, start: number, type: EntryType): string {
  const at = start + HEADER_BYTES + (type === 'Record' ? RECORD_FIXED : 0);
  return bytes.toString('utf8', at + 1, at + 1 + (bytes[at] ?? 0));
}

export const closesAt = (bytes: Buffer, start: number): boolean => bytes[start + HEADER_BYTES + RECORD_FIXED - 1] === 1;

/** The bytes of the entry's text: of a record, those that are hashed. */
export function textBytes(bytes: Buffer, start: number, type: EntryType, size: number): Buffer {
  let at = start + HEADER_BYTES;
  if (type === 'Record') at += RECORD_FIXED;
  if (type === 'Record' || type === 'Intent' || type === 'Revoked') at += 1 + (bytes[at] ?? 0);
  return bytes.subarray(at, start + size);
}

/** Where a record stands in its writer's chain, without decoding the rest. */
export function linkAt(bytes: Buffer, start: number): Pick<RecordEntry, 'sequence' | 'previousChain' | 'chain'> {
  const at = start + HEADER_BYTES;
  return {
    sequence: bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4),
    previousChain: bytes.toString('hex', at + 8, at + 8 + HASH_BYTES),
    chain: bytes.toString('hex', at + 8 + HASH_BYTES, at + 8 + 2 * HASH_BYTES),
  };
}

/** Decodes an entry that {@link peekEntry} has found whole. */
export function decodeEntry(bytes: Buffer, start: number, type: EntryType, size: number): Entry {
  const text = textBytes(bytes, start, type, size).toString('utf8');
  if (type === 'Header' || type === 'Checkpoint' || type === 'Registry') return { type, text };
  const auditID = auditIDAt(bytes, start, type);
  if (type === 'Intent') return { type, auditID, text };
  if (type === 'Revoked') return { type, auditID, text: '' };
  return { type, auditID, closes: closesAt(bytes, start), ...linkAt(bytes, start), text };
}
