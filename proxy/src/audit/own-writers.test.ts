import {
  parseWriterReport,
  REPORTED_KEYS,
  REPORTED_WRITERS,
  type ReportedWriter,
} from '@chaperone/crds/audit/writer-report';
import { expect, test } from 'vitest';
import { newOwnWriters, type OwnWriters } from './own-writers.ts';

const HEAD = { sequence: 5, chain: 'a'.repeat(64) };
const OWN = { writer: 'pod-1-b', replica: 'pod-1', start: '2026-01-02T00:00:00.000Z' };
const other = (name: string, more: Partial<ReportedWriter> = {}): ReportedWriter => ({
  writer: name,
  replica: 'pod-1',
  start: '2026-01-01T00:00:00.000Z',
  head: HEAD,
  ...more,
});
const day = (number: number): string => `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`;

const open = (): OwnWriters => newOwnWriters({ writer: OWN, head: () => HEAD, key: 'first' });

test('its own writer comes first, with its end once it has one', () => {
  const writers = open();
  writers.add(other('before'));
  expect(writers.report()).toEqual({ writers: [{ ...OWN, head: HEAD }, other('before')], keys: ['first'] });
  writers.ended(day(3));
  writers.ended(day(4));
  expect(writers.report().writers[0]).toEqual({ ...OWN, head: HEAD, end: day(3) });
});

test('what the process before told gives way to what became of its log', () => {
  const writers = open();
  writers.add(other('before'));
  writers.add(other('before', { end: day(2), head: { ...HEAD, sequence: 9 } }));
  writers.add(other('before'));
  expect(writers.report().writers[1]).toEqual(other('before', { end: day(2), head: { ...HEAD, sequence: 9 } }));
});

test('nobody else tells it of its own writer', () => {
  const writers = open();
  writers.add(other(OWN.writer, { end: day(2) }));
  expect(writers.report().writers).toEqual([{ ...OWN, head: HEAD }]);
});

test('of many the last few are told, and the report can be read', () => {
  const writers = open();
  for (let number = 28; number > 0; number -= 1) writers.add(other(`writer-${number}`, { end: day(number) }));
  for (let number = 0; number < 20; number += 1) writers.signsWith(`key-${number}`);
  const report = writers.report();
  expect(report.writers).toHaveLength(REPORTED_WRITERS);
  expect(report.writers.at(-1)?.writer).toBe(`writer-${28 - REPORTED_WRITERS + 2}`);
  expect(report.keys).toHaveLength(REPORTED_KEYS);
  expect(report.keys.at(-1)).toBe('key-19');
  expect(parseWriterReport(JSON.stringify(report))).toEqual(report);
});
