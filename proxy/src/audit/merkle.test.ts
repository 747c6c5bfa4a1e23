import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventHash } from './chain.ts';
import { EMPTY_ROOT, inclusionProof, merkleRoot, verifyInclusion } from './merkle.ts';

/** MTH of RFC 6962, section 2.1, as it is written there. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return createHash('sha256').update(Buffer.of(0)).update(first).digest();
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(treeHash(leaves.slice(0, split)))
    .update(treeHash(leaves.slice(split)))
    .digest();
}

const hashes = fc
  .integer({ min: 1, max: 70 })
  .map((count) => Array.from({ length: count }, (_, index) => eventHash(`record ${index}`)));

describe('the Merkle root of a batch', () => {
  test('of nothing is the hash of nothing', () => {
    expect(merkleRoot([])).toBe(EMPTY_ROOT);
    expect(EMPTY_ROOT).toBe(treeHash([]).toString('hex'));
  });

  test('is that of RFC 6962 for every number of records', () => {
    fc.assert(
      fc.property(hashes, (each) => {
        expect(merkleRoot(each)).toBe(treeHash(each.map((hash) => Buffer.from(hash, 'hex'))).toString('hex'));
      }),
    );
  });

  test('is reached from each record by its proof, and from no other record, place or proof', () => {
    fc.assert(
      fc.property(hashes, fc.nat(), fc.nat(), (each, number, other) => {
        const index = number % each.length;
        const recordHash = each[index] ?? '';
        const inclusion = {
          recordHash,
          index,
          size: each.length,
          proof: inclusionProof(each, index),
          root: merkleRoot(each),
        };
        expect(verifyInclusion(inclusion)).toBe(true);
        expect(verifyInclusion({ ...inclusion, recordHash: eventHash('another') })).toBe(false);
        expect(verifyInclusion({ ...inclusion, index: each.length })).toBe(false);
        expect(verifyInclusion({ ...inclusion, proof: [...inclusion.proof, eventHash('more')] })).toBe(false);
        const place = other % each.length;
        expect(verifyInclusion({ ...inclusion, index: place })).toBe(place === index);
      }),
    );
  });

  test('proves no record that is not in it', () => {
    expect(() => inclusionProof([eventHash('a')], 1)).toThrow(RangeError);
  });
});
