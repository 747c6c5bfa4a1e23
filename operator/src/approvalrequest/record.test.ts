import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RememberedDecision, RequestMemory } from './memory.ts';
import { formatRecord, parseRecord } from './record.ts';

const time = '2026-01-01T00:00:00Z';
const counted = (digest: string): RememberedDecision => ({ time, digest, standing: 'Counted' });
const memoryOf = (decisions: Record<string, RememberedDecision>): RequestMemory => ({
  decisions: new Map(Object.entries(decisions)),
  phase: 'Open',
});

describe('the record that one operator leaves to the next', () => {
  test('says the same when it is read again', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uuid(), { maxLength: 5 }),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
        (uids, reviewers) => {
          const memory: RequestMemory = {
            decisions: new Map(reviewers.toSorted().map((reviewer) => [reviewer, counted('d')])),
            phase: 'Open',
          };
          const record = { fingerprint: 'p=1:1', counted: new Map(uids.toSorted().map((uid) => [uid, memory])) };
          expect(parseRecord(formatRecord(record))).toEqual(record);
        },
      ),
    );
  });

  test('holds what counted and nothing else', () => {
    const left = formatRecord({
      fingerprint: 'f',
      counted: new Map([
        ['uid', memoryOf({ dana: counted('d'), eve: { time, digest: 'e', standing: 'Unverified' } })],
        ['other', memoryOf({ eve: { time, digest: 'e', standing: 'Late' } })],
      ]),
    });
    expect(left['counted']).toBe(JSON.stringify([['uid', [['dana', time, 'd']]]]));
  });

  test('fits into a ConfigMap, however many requests are open', () => {
    const long = 'x'.repeat(500);
    const many = new Map(
      Array.from({ length: 10_000 }, (_, index) => [`uid-${index}`, memoryOf({ [`${long}${index}`]: counted('d') })]),
    );
    const text = formatRecord({ fingerprint: 'f', counted: many })['counted'] ?? '';
    expect(Buffer.byteLength(text)).toBeLessThan(900_000);
    expect(parseRecord({ fingerprint: 'f', counted: text })?.counted.size).toBeGreaterThan(1_000);
  });

  test.each<[string, unknown]>([
    ['there is none', undefined],
    ['it has no fingerprint', { counted: '[]' }],
    ['its fingerprint is empty', { fingerprint: '', counted: '[]' }],
    ['it is not JSON', { fingerprint: 'f', counted: '[' }],
    ['it is no list', { fingerprint: 'f', counted: '{}' }],
    ['one of its requests has no uid', { fingerprint: 'f', counted: '[[1,[]]]' }],
    ['one of its decisions has no digest', { fingerprint: 'f', counted: '[["uid",[["dana","2026"]]]]' }],
  ])('says nothing where %s', (_what, data) => {
    expect(parseRecord(data)).toBeUndefined();
  });
});
