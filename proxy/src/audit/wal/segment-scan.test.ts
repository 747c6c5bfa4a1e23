import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry, seedOf, sizeOf, type Entry } from './entry.ts';
import type { LogFile } from './file-system.ts';
import { newSegmentScanner } from './segment-scan.ts';

const seed = seedOf('writer');

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: 0, max: 600_000 }).map((length) => 'x'.repeat(length)),
);
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const auditID = fc.string({ maxLength: 60 });
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('Intent' as const), auditID, text }),
  fc.record({ type: fc.constant('Checkpoint' as const), text }),
  fc.record({ type: fc.constant('Revoked' as const), auditID, text: fc.constant('' as const) }),
  fc.record({
    type: fc.constant('Record' as const),
    auditID,
    closes: fc.boolean(),
    sequence: fc.maxSafeNat(),
    previousChain: digest,
    chain: digest,
    text,
  }),
);

function segmentOf(entries: readonly Entry[]): Buffer {
  const sizes = entries.map(sizeOf);
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [index, each] of entries.entries())
    at = encodeEntry(bytes, at, each, sizes[index] ?? 0, { seed, batch: index });
  return bytes;
}

const fileOf = (bytes: Buffer): LogFile => ({
  write: () => undefined,
  read: async (target, start, length, position) => bytes.copy(target, start, position, position + length),
  sync: async () => undefined,
  close: async () => undefined,
});

async function scan(bytes: Buffer, as = seed) {
  const found: Entry[] = [];
  const faults: { start: number; end: number; zeros: boolean }[] = [];
  const scanner = newSegmentScanner(fileOf(bytes), as);
  for (let position = 0; position < bytes.length;)
    position = await scanner.next(position, bytes.length, {
      entry: ({ bytes: chunk, at, type, size }) => void found.push(decodeEntry(chunk, at, type, size)),
      fault: (start, end, zeros) => void faults.push({ start, end, zeros }),
    });
  return { found, faults };
}

describe('a segment', () => {
  test('gives back what was written to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
        expect(await scan(segmentOf(entries))).toEqual({ found: entries, faults: [] });
      }),
    );
  });

  test('loses one entry to one broken byte, and tells its place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (entries, where, by) => {
          const bytes = segmentOf(entries);
          const at = where % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ by;
          const { found, faults } = await scan(bytes);
          expect(found).toHaveLength(entries.length - 1);
          expect(faults).toHaveLength(1);
          expect((faults[0]?.start ?? Infinity) <= at && at < (faults[0]?.end ?? 0)).toBe(true);
        },
      ),
    );
  });

  test('ends where it was never written', async () => {
    const bytes = segmentOf([{ type: 'Checkpoint', text: 'a' }]);
    const { faults } = await scan(Buffer.concat([bytes, Buffer.alloc(300_000)]));
    expect(faults).toEqual([{ start: bytes.length, end: bytes.length + 300_000, zeros: true }]);
  });

  test('holds no entry of another writer', async () => {
    const bytes = segmentOf([{ type: 'Intent', auditID: 'a', text: 'b' }]);
    expect((await scan(bytes, seedOf('another'))).found).toEqual([]);
  });

  test('holds no entry that a text pretends to be', async () => {
    const inner = segmentOf([{ type: 'Intent', auditID: 'forged', text: '{}' }]);
    const bytes = segmentOf([{ type: 'Checkpoint', text: inner.toString('utf8') }]);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    expect((await scan(bytes)).found).toEqual([]);
  });
});
