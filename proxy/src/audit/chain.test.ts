import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eventHash, genesisChain, nextChain } from './chain.ts';

describe('the chain of records', () => {
  test('is SHA-256 over the chain before, the hash of the record and its number as eight bytes', () => {
    const previous = genesisChain('writer');
    const record = eventHash('{"text":"ä"}');
    const sequence = 2 ** 40 + 7;
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(sequence));
    const expected = createHash('sha256')
      .update(Buffer.from(previous, 'hex'))
      .update(Buffer.from(record, 'hex'))
      .update(number);
    expect(nextChain(previous, record, sequence)).toBe(expected.digest('hex'));
  });

  test('begins elsewhere for each writer', () => {
    expect(genesisChain('a')).not.toBe(genesisChain('b'));
  });

  test('hashes a text as its UTF-8', () => {
    expect(eventHash('ä€😀')).toBe(eventHash(Buffer.from('ä€😀', 'utf8')));
  });
});
