import { callEvent } from '@chaperone/test/elasticsearch/call-records';
import { expect, test } from 'vitest';
import { newVouching } from './vouching.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const record = (writer: string, sequence: number, time: string) => ({
  writer,
  sequence,
  previousChain: '',
  chain: '',
  original: JSON.stringify(callEvent({ requestReceivedTimestamp: time })),
});

test('what was recorded an hour ago and has no checkpoint is told, what has just been recorded is counted', () => {
  const vouching = newVouching(
    [{ writer: 'a', lastSequence: 2 }, 'no checkpoint', { writer: 'a', lastSequence: 1 }],
    NOW,
  );
  for (const each of [
    record('a', 1, '2026-03-01T01:00:00.000000Z'),
    record('a', 2, '2026-03-01T02:00:00.000000Z'),
    record('a', 3, '2026-03-01T03:00:00.000000Z'),
    record('a', 4, '2026-03-01T10:59:59.999000Z'),
    record('a', 5, '2026-03-01T11:00:00.000000Z'),
    record('b', 1, '2026-03-01T11:59:00.000000Z'),
    { ...record('c', 7, ''), original: 'no record' },
  ])
    vouching.record(each);
  expect(vouching.unsigned).toBe(5);
  expect(vouching.findings().map(({ kind, writer, sequences }) => [kind, writer, sequences])).toEqual([
    ['Missing', 'a', [3, 4]],
    ['Missing', 'c', [7, 7]],
  ]);
});
