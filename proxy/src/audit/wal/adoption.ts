import type { Clock } from '@chaperone/crds/client/clock';
import { checkpointHash, NO_CHECKPOINT, signCheckpoint } from '../checkpoint.ts';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { encodeEntry, seedOf, sizeOf, type Entry } from './entry.ts';
import type { FileSystem } from './file-system.ts';
import { segmentPath, writeAll } from './segments.ts';
import type { SegmentHeader, WriterScan } from './writer-scan.ts';

export interface ClosingOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly directory: string;
  readonly adopter: string;
  readonly key: SigningKey;
}

/**
 * Closes the chain of a writer that has died by a last checkpoint, in a segment of its own. Returns that segment's
 * number and length, and when it was. Where this is cut short, the next adopter does it again.
 */
export async function closeChain(
  scan: WriterScan,
  { files, clock, directory, adopter, key }: ClosingOptions,
): Promise<{ readonly segment: number; readonly length: number; readonly time: string }> {
  const { writer, checkpoint, sequence, chain, sinceCheckpoint } = scan;
  const [lastSegment, end] = [...scan.lengths].at(-1) ?? [0, 0];
  const segment = lastSegment + 1;
  const time = new Date(clock.now()).toISOString();
  const final = signCheckpoint(
    {
      writer,
      number: (checkpoint?.number ?? 0) + 1,
      kind: 'Final',
      firstSequence: (checkpoint?.lastSequence ?? 0) + 1,
      lastSequence: sequence,
      count: sinceCheckpoint.size,
      chain,
      merkleRoot: sinceCheckpoint.root(),
      previousCheckpoint: checkpoint === undefined ? NO_CHECKPOINT : checkpointHash(checkpoint),
      time,
      adopter,
    },
    key,
  );
  const header: SegmentHeader = {
    version: 1,
    writer,
    segment,
    firstSequence: sequence + 1,
    previousChain: chain,
    previous: { segment: lastSegment, end },
    time,
  };
  const entries: readonly Entry[] = [
    { type: 'Header', text: JSON.stringify(header) },
    { type: 'Checkpoint', text: JSON.stringify(final) },
  ];
  const sizes = entries.map(sizeOf);
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (const [index, entry] of entries.entries())
    at = encodeEntry(bytes, at, entry, sizes[index] ?? 0, { seed: seedOf(writer), batch: scan.lastBatch + 1 });
  const file = await files.open(segmentPath(directory, segment), 'Create');
  try {
    await writeAll(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.syncDirectory(directory);
  return { segment, length, time };
}
