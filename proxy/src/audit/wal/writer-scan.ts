import { z } from 'zod';
import { eventHash, genesisChain } from '../chain.ts';
import { checkpointSchema, type Checkpoint } from '../checkpoint.ts';
import { newMerkleRoot, type MerkleRoot } from '../merkle.ts';
import { auditIDAt, closesAt, linkAt, seedOf, textBytes } from './entry.ts';
import type { FileSystem } from './file-system.ts';
import { newSegmentScanner, type FoundEntry } from './segment-scan.ts';
import { listSegments, segmentPath } from './segments.ts';

/** The first entry of a segment. */
export const headerSchema = z.object({
  version: z.literal(1),
  writer: z.string(),
  segment: z.int().min(1),
  firstSequence: z.int().min(1),
  previousChain: z.string(),
  /** Where the segment before ends. What it has beyond was never acknowledged, and is written again in this one. */
  previous: z.object({ segment: z.int().min(0), end: z.int().min(0) }),
  time: z.string(),
});
export type SegmentHeader = Readonly<z.output<typeof headerSchema>>;

/**
 * Bytes that are no entry. TornTail: what a crash cut short; nothing in it was acknowledged. Damaged: anything else;
 * what stood there is lost.
 */
export interface LogFault {
  readonly kind: 'TornTail' | 'Damaged';
  readonly writer: string;
  readonly segment: number;
  readonly start: number;
  readonly end: number;
}

/** What a writer has left behind. */
export interface WriterScan {
  readonly writer: string;
  /** The valid bytes of each segment, in order. */
  readonly lengths: ReadonlyMap<number, number>;
  /** Intents without a closing record, by auditID. */
  readonly openIntents: ReadonlyMap<string, string>;
  /** AuditIDs that are closed by records whose intents are not here: those of writers that this one has adopted. */
  readonly closedElsewhere: ReadonlySet<string>;
  readonly sequence: number;
  readonly chain: string;
  readonly records: number;
  readonly checkpoint: Checkpoint | undefined;
  /** Of the records since the last checkpoint. */
  readonly sinceCheckpoint: MerkleRoot;
  readonly lastBatch: number;
  readonly faults: readonly LogFault[];
}

/** Reads all of a writer's segments, in bounded memory. What is damaged is told, and all that can be read is read. */
export async function scanWriter(files: FileSystem, directory: string, writer: string): Promise<WriterScan> {
  const ends = await segmentEnds(files, directory, writer);
  const first = await scan(files, directory, writer, ends);
  if (first.torn === undefined) return first.result;
  // What follows a hole in the last write was not acknowledged either: a disk may write its parts in any order.
  const { segment, start } = first.torn;
  const again = await scan(files, directory, writer, new Map([...ends, [segment, start]]));
  return { ...again.result, faults: [...again.result.faults, { ...first.torn, kind: 'TornTail' }] };
}

/** The bytes of each segment that may hold entries. */
async function segmentEnds(files: FileSystem, directory: string, writer: string): Promise<Map<number, number>> {
  const ends = new Map<number, number>();
  for (const segment of await listSegments(files, directory)) {
    ends.set(segment, (await files.stat(segmentPath(directory, segment))).size);
    const header = await readHeader(files, directory, segment, writer);
    const before = header === undefined ? undefined : ends.get(header.previous.segment);
    if (header !== undefined && before !== undefined)
      ends.set(header.previous.segment, Math.min(before, header.previous.end));
  }
  return ends;
}

async function readHeader(
  files: FileSystem,
  directory: string,
  segment: number,
  writer: string,
): Promise<SegmentHeader | undefined> {
  const file = await files.open(segmentPath(directory, segment), 'Read');
  try {
    let header: SegmentHeader | undefined;
    const entry = (found: FoundEntry): void => {
      if (found.position === 0) header = parse(headerSchema, found);
    };
    const { size } = await files.stat(segmentPath(directory, segment));
    if (size > 0)
      await newSegmentScanner(file, seedOf(writer)).next(0, Math.min(size, 4_096), { entry, fault: () => undefined });
    return header;
  } finally {
    await file.close();
  }
}

function parse<Output>(schema: z.ZodType<Output>, { bytes, at, type, size }: FoundEntry): Output | undefined {
  try {
    const value: unknown = JSON.parse(textBytes(bytes, at, type, size).toString('utf8'));
    return schema.safeParse(value).data;
  } catch {
    return undefined;
  }
}

interface Scanned {
  readonly result: WriterScan;
  readonly torn: LogFault | undefined;
}

interface Hole {
  readonly fault: LogFault;
  readonly batchBefore: number;
  batchAfter: number | undefined;
}

async function scan(
  files: FileSystem,
  directory: string,
  writer: string,
  ends: ReadonlyMap<number, number>,
): Promise<Scanned> {
  const state = newScanState(writer);
  const lengths = new Map<number, number>();
  const holes: Hole[] = [];
  for (const [segment, end] of ends) {
    const file = await files.open(segmentPath(directory, segment), 'Read');
    let length = 0;
    try {
      const scanner = newSegmentScanner(file, seedOf(writer));
      const visitor = {
        entry(found: FoundEntry) {
          const hole = holes.at(-1);
          if (hole !== undefined) hole.batchAfter ??= found.batch;
          state.visit(found);
          length = found.position + found.size;
        },
        fault(start: number, faultEnd: number, zeros: boolean) {
          // Space that was made ready and never written.
          if (zeros && faultEnd === end) return;
          const fault = { kind: 'Damaged' as const, writer, segment, start, end: faultEnd };
          holes.push({ fault, batchBefore: state.lastBatch(), batchAfter: undefined });
        },
      };
      for (let position = 0; position < end;) position = await scanner.next(position, end, visitor);
    } finally {
      await file.close();
    }
    lengths.set(segment, length);
  }
  // One may be made ready behind the one that was written.
  const filled = [...lengths].findLast(([, length]) => length > 0)?.[0] ?? 0;
  const last = Math.max(filled, holes.at(-1)?.fault.segment ?? 0);
  const torn = holes.find((hole) => isTorn(hole, last, state.lastBatch()));
  const faults = holes.map(({ fault }) => fault);
  return { result: { ...state.result(), lengths, faults }, torn: torn?.fault };
}

/**
 * A write that was cut short is the last one: nothing of a later batch follows it. A batch is begun only when the one
 * before it is on the disk, so that a hole with later batches behind it is damage.
 */
const isTorn = (
  { fault, batchBefore, batchAfter }: Hole,
  lastSegment: number | undefined,
  lastBatch: number,
): boolean => fault.segment === lastSegment && (batchAfter ?? lastBatch) === lastBatch && batchBefore >= lastBatch - 1;

function newScanState(writer: string) {
  const openIntents = new Map<string, string>();
  const closedElsewhere = new Set<string>();
  const sinceCheckpoint = newMerkleRoot();
  let sequence = 0;
  let chain = genesisChain(writer);
  let records = 0;
  let checkpoint: Checkpoint | undefined;
  let lastBatch = 0;

  function visitRecord({ bytes, at, size }: FoundEntry): void {
    const link = linkAt(bytes, at);
    // Written twice, as it was not known whether the first write had reached the disk.
    if (link.sequence <= sequence) return;
    ({ sequence, chain } = link);
    records += 1;
    sinceCheckpoint.add(eventHash(textBytes(bytes, at, 'Record', size)));
    if (!closesAt(bytes, at)) return;
    const auditID = auditIDAt(bytes, at, 'Record');
    if (auditID !== '' && !openIntents.delete(auditID)) closedElsewhere.add(auditID);
  }

  function visitCheckpoint(found: FoundEntry): void {
    const parsed = parse(checkpointSchema, found);
    if (parsed === undefined || parsed.number <= (checkpoint?.number ?? 0)) return;
    checkpoint = parsed;
    if (sequence === 0 || parsed.lastSequence > sequence) ({ lastSequence: sequence, chain } = parsed);
    sinceCheckpoint.clear();
  }

  return {
    lastBatch: () => lastBatch,
    visit(found: FoundEntry) {
      const { bytes, at, type, size, batch } = found;
      lastBatch = Math.max(lastBatch, batch);
      switch (type) {
        case 'Header': {
          const header = parse(headerSchema, found);
          // The segments before it have been shipped and removed.
          if (header !== undefined && sequence === 0) {
            sequence = header.firstSequence - 1;
            chain = header.previousChain;
          }
          return;
        }
        case 'Intent':
          openIntents.set(auditIDAt(bytes, at, type), textBytes(bytes, at, type, size).toString('utf8'));
          return;
        case 'Revoked':
          openIntents.delete(auditIDAt(bytes, at, type));
          return;
        case 'Record':
          visitRecord(found);
          return;
        case 'Checkpoint':
          visitCheckpoint(found);
          return;
        case 'Registry':
      }
    },
    result: () => ({
      writer,
      openIntents,
      closedElsewhere,
      sequence,
      chain,
      records,
      checkpoint,
      sinceCheckpoint,
      lastBatch,
    }),
  };
}
