import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import { z } from 'zod';
import { momentOf, readOriginal } from './stored-record.ts';

/** Writers make a checkpoint once a minute. What is older, and has none, has lost it. */
const GRACE_MS = 3_600_000;

/** The records that come after the last checkpoint of their writer: their hashes may agree, and nobody has signed for them. */
export interface Vouching {
  record(record: FoundRecord): void;
  /** How many there are. */
  readonly unsigned: number;
  /** Those of which a checkpoint must have been made since. */
  findings(): readonly Finding[];
}

const checkpointSchema = z.object({ writer: z.string(), lastSequence: z.number() });

/** @param checkpoints whether they are signed, and fit, is judged elsewhere: one that is not is a finding of its own */
export function newVouching(checkpoints: readonly unknown[], now: number): Vouching {
  const vouchedTo = new Map<string, number>();
  for (const checkpoint of checkpoints) {
    const { writer = '', lastSequence = 0 } = checkpointSchema.safeParse(checkpoint).data ?? {};
    vouchedTo.set(writer, Math.max(lastSequence, vouchedTo.get(writer) ?? 0));
  }
  const late = new Map<string, [first: number, last: number]>();
  let unsigned = 0;
  return {
    record({ writer, sequence, original }) {
      if (sequence <= (vouchedTo.get(writer) ?? 0)) return;
      unsigned += 1;
      const facts = readOriginal(original);
      if (facts !== undefined && momentOf(facts) >= now - GRACE_MS) return;
      const known = late.get(writer);
      if (known === undefined) late.set(writer, [sequence, sequence]);
      else known[1] = sequence;
    },
    get unsigned() {
      return unsigned;
    },
    findings: () =>
      [...late].map(([writer, sequences]) => ({
        kind: 'Missing',
        writer,
        sequences,
        message: 'no checkpoint vouches for these records, though one must have been made',
      })),
  };
}
