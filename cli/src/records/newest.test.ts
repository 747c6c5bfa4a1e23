import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRecords, newNewest } from './newest.ts';
import type { StoredRecord } from './stored-record.ts';

const record = (time: number, writer: string, sequence: number, original?: string): StoredRecord => ({
  writer,
  sequence,
  previousChain: '',
  chain: '',
  original,
  facts: { kind: 'GatewayEvent', type: '', time: new Date(time).toISOString(), message: '' },
});

const records = fc
  .array(fc.tuple(fc.nat(20), fc.constantFrom('a', 'b'), fc.nat(20)), { maxLength: 200 })
  .map((all) => all.map(([time, writer, sequence]) => record(time, writer, sequence)));

describe('the newest records', () => {
  test('are those at the end of all of them in order, whatever the order in which they come', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 30 }), (all, limit) => {
        const newest = newNewest(limit);
        for (const each of all) newest.add(each);
        expect(newest.found()).toEqual({
          records: all.toSorted(compareRecords).slice(-limit),
          hasMore: all.length > limit,
        });
      }),
    );
  });

  test('are bounded by their texts, too: those that fall out count no more', () => {
    const newest = newNewest(2, 1_000);
    for (let time = 0; time < 100; time++) newest.add(record(time, 'a', time, 'x'.repeat(400)));
    expect(newest.found().records).toHaveLength(2);
    newest.add(record(100, 'a', 100, 'x'.repeat(600)));
    expect(() => newest.add(record(101, 'a', 101, 'x'.repeat(600)))).toThrow(/narrow the search, lower --limit/);
  });
});
