import { seedOf, decodeEntry } from './entry.ts';
import type { FileSystem, LogFile } from './file-system.ts';
import { codeOf } from './log-error.ts';
import { newSegmentScanner, type FoundEntry, type SegmentScanner } from './segment-scan.ts';
import { segmentPath } from './segments.ts';
import type { LogFault } from './writer-scan.ts';

/** A place in a writer's log: all up to it, and with it. */
export interface LogPosition {
  readonly writer: string;
  readonly segment: number;
  /** Where the next entry begins. */
  readonly offset: number;
}

/** What goes to the store of records, in the order in which it was written. */
export type LoggedEntry = LoggedRecord | LoggedCheckpoint | LoggedRegistry;

export interface LoggedRecord {
  readonly kind: 'Record';
  readonly writer: string;
  readonly sequence: number;
  readonly previousChain: string;
  readonly chain: string;
  readonly auditID: string;
  /** `event.original`. */
  readonly original: string;
  readonly position: LogPosition;
}

export interface LoggedCheckpoint {
  readonly kind: 'Checkpoint';
  readonly writer: string;
  /** A signed checkpoint as JSON. */
  readonly text: string;
  readonly position: LogPosition;
}

export interface LoggedRegistry {
  readonly kind: 'Registry';
  /** In whose log it is; it is about all writers. */
  readonly writer: string;
  /** A signed registry as JSON. */
  readonly text: string;
  readonly position: LogPosition;
}

export interface LogReaderOptions {
  readonly files: FileSystem;
  readonly directory: string;
  readonly writer: string;
  /** The valid bytes of each segment, now. */
  readonly lengths: () => ReadonlyMap<number, number>;
  readonly from: Omit<LogPosition, 'writer'>;
  readonly fault: (fault: LogFault) => void;
}

/** Reads one writer's log from a place on. */
export interface LogReader {
  /** Some more entries; none where there are no more now. */
  next(): Promise<readonly LoggedEntry[]>;
  close(): Promise<void>;
}

interface Opened {
  readonly file: LogFile;
  readonly scanner: SegmentScanner;
}

export function newLogReader({ files, directory, writer, lengths, from, fault }: LogReaderOptions): LogReader {
  let { segment, offset } = from;
  let opened: Opened | undefined;
  let sequence = 0;

  async function close(): Promise<void> {
    await opened?.file.close();
    opened = undefined;
  }

  async function moveTo(next: number): Promise<void> {
    await close();
    segment = next;
    offset = 0;
  }

  /** The first segment from the present one on that is there. */
  function following(after: number): number | undefined {
    let found: number | undefined;
    for (const number of lengths().keys())
      if (number > after && (found === undefined || number < found)) found = number;
    return found;
  }

  async function open(): Promise<Opened | undefined> {
    try {
      const file = await files.open(segmentPath(directory, segment), 'Read');
      return { file, scanner: newSegmentScanner(file, seedOf(writer)) };
    } catch (error) {
      // Retention has removed it meanwhile.
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async function readSome(): Promise<LoggedEntry[]> {
    const end = lengths().get(segment) ?? 0;
    opened ??= await open();
    if (opened === undefined) return [];
    const found: LoggedEntry[] = [];
    const entry = (each: FoundEntry): void => {
      const logged = loggedEntry(each, writer, segment);
      if (logged === undefined) return;
      // Written twice, as it was not known whether the first write had reached the disk.
      if (logged.kind === 'Record' && logged.sequence <= sequence) return;
      if (logged.kind === 'Record') ({ sequence } = logged);
      found.push(logged);
    };
    offset = await opened.scanner.next(offset, end, {
      entry,
      fault: (start, faultEnd) => fault({ kind: 'Damaged', writer, segment, start, end: faultEnd }),
    });
    return found;
  }

  return {
    async next() {
      for (;;) {
        const end = lengths().get(segment);
        if (end !== undefined && offset < end) {
          const found = await readSome();
          if (found.length > 0) return found;
          if (opened !== undefined) continue;
        }
        const next = following(segment);
        if (next === undefined) return [];
        // What was written to the present segment before the next was begun is read first.
        if (opened !== undefined && offset < (lengths().get(segment) ?? 0)) continue;
        await moveTo(next);
      }
    },
    close,
  };
}

function loggedEntry(
  { bytes, at, type, size, position }: FoundEntry,
  writer: string,
  segment: number,
): LoggedEntry | undefined {
  if (type !== 'Record' && type !== 'Checkpoint' && type !== 'Registry') return undefined;
  const entry = decodeEntry(bytes, at, type, size);
  const place = { writer, segment, offset: position + size };
  if (entry.type === 'Checkpoint' || entry.type === 'Registry')
    return { kind: entry.type, writer, text: entry.text, position: place };
  if (entry.type !== 'Record') return undefined;
  const { sequence, previousChain, chain, auditID, text } = entry;
  return { kind: 'Record', writer, sequence, previousChain, chain, auditID, original: text, position: place };
}
