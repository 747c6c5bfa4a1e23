import { describe, expect, test } from 'vitest';
import { parseWriterReport, REPORTED_KEYS, REPORTED_WRITERS } from './writer-report.ts';

const WRITER = {
  writer: 'pod-1-a',
  replica: 'pod-1',
  start: '2026-01-01T00:00:00.000Z',
  head: { sequence: 1, chain: 'a'.repeat(64) },
};
const REPORT = { writers: [WRITER], keys: ['key'] };

test('a report is read', () => {
  expect(parseWriterReport(JSON.stringify(REPORT))).toEqual(REPORT);
});

describe('an annotation is no report', () => {
  const NONE: Readonly<Record<string, unknown>> = {
    'that is no object': [],
    'that has something else in it': { ...REPORT, more: 1 },
    'with too many writers': { ...REPORT, writers: Array.from({ length: REPORTED_WRITERS + 1 }, () => WRITER) },
    'with too many keys': { ...REPORT, keys: Array.from({ length: REPORTED_KEYS + 1 }, () => 'key') },
    'with a name that would be two lines': { ...REPORT, writers: [{ ...WRITER, writer: 'a\nb' }] },
    'with a name that is too long': { ...REPORT, writers: [{ ...WRITER, writer: 'a'.repeat(201) }] },
    'with a number before the first': { ...REPORT, writers: [{ ...WRITER, head: { ...WRITER.head, sequence: -1 } }] },
    'with a hash that is none': { ...REPORT, writers: [{ ...WRITER, head: { sequence: 1, chain: 'A'.repeat(64) } }] },
    'with a time that is none': { ...REPORT, writers: [{ ...WRITER, start: 'yesterday' }] },
  };
  test.each(Object.entries(NONE))('%s', (_name, value) => {
    expect(parseWriterReport(JSON.stringify(value))).toBeUndefined();
  });
  test.each([undefined, '', '{'])('%j', (text) => {
    expect(parseWriterReport(text)).toBeUndefined();
  });
});
