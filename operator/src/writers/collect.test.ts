import type { RegisteredWriter } from '@chaperone/crds/audit/registry';
import type { ReportedWriter } from '@chaperone/crds/audit/writer-report';
import { describe, expect, test } from 'vitest';
import { collect, type Collected, type LeaseReport } from './collect.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const DAY = 86_400_000;
const LIMITS = { retentionMs: 30 * DAY, maxWriters: 4 };
const ago = (days: number): string => new Date(NOW - days * DAY).toISOString();
const chain = (letter: string): string => letter.repeat(64);

const writer = (name: string, sequence: number, more: Partial<RegisteredWriter> = {}): RegisteredWriter => ({
  writer: name,
  replica: 'pod',
  start: ago(2),
  head: { sequence, chain: chain('a') },
  ...more,
});

const lease = (replica: string, writers: readonly ReportedWriter[], isHeld = true): LeaseReport => ({
  replica,
  isHeld,
  report: { writers, keys: [`key-${replica}`] },
});

interface Case {
  readonly before?: Parameters<typeof collect>[0];
  readonly leases: readonly LeaseReport[];
  readonly expected: Partial<Collected>;
}

const lost = new Date(NOW).toISOString();

const CASES: Readonly<Record<string, Case>> = {
  'the first writer is new': {
    leases: [lease('pod', [writer('a', 1)])],
    expected: { writers: [writer('a', 1)], keys: ['key-pod'], change: 'Writers' },
  },
  'no writer at all makes a registry, too': {
    leases: [],
    expected: { writers: [], keys: [], change: 'Writers' },
  },
  'a chain that has grown is no more than that': {
    before: { writers: [writer('a', 1)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 9)])],
    expected: { writers: [writer('a', 9)], change: 'Heads' },
  },
  'the first record of a writer is more than growth': {
    before: { writers: [writer('a', 0)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 1)])],
    expected: { writers: [writer('a', 1)], change: 'Writers' },
  },
  'what was told before is nothing new': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 9)])],
    expected: { writers: [writer('a', 9)], change: 'None' },
  },
  'a head never goes back': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 3)])],
    expected: { writers: [writer('a', 9)], change: 'None' },
  },
  'a chain of the same length that is another is not taken over, and told': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 9, { head: { sequence: 9, chain: chain('b') } })])],
    expected: {
      writers: [writer('a', 9)],
      change: 'None',
      contradictions: [{ replica: 'pod', writer: 'a', kind: 'Chain' }],
    },
  },
  'a writer that vouched for its end has ended': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 12, { end: ago(1) })], false)],
    expected: { writers: [writer('a', 12, { end: ago(1) })], change: 'Writers' },
  },
  'one that was killed has ended when the next has closed its chain': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('b', 1), writer('a', 11, { end: ago(1) })])],
    expected: { writers: [writer('a', 11, { end: ago(1) }), writer('b', 1)], change: 'Writers' },
  },
  'of one whose last records are gone the longer chain stays on record': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('b', 1), writer('a', 7, { end: ago(1) })])],
    expected: { writers: [writer('a', 9, { end: ago(1) }), writer('b', 1)] },
  },
  'one whose Lease has gone is lost, at its last known head': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [],
    expected: { writers: [writer('a', 9, { lost })], change: 'Writers' },
  },
  'one whose Lease names another is lost': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('b', 1)])],
    expected: { writers: [writer('a', 9, { lost }), writer('b', 1)], change: 'Writers' },
  },
  'one whose Lease has only run out is not: its replica may come back': {
    before: { writers: [writer('a', 9)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 9)], false)],
    expected: { writers: [writer('a', 9)], change: 'None' },
  },
  'the moment at which one was lost stays': {
    before: { writers: [writer('a', 9, { lost: ago(3) })], keys: [] },
    leases: [],
    expected: { writers: [writer('a', 9, { lost: ago(3) })], change: 'None' },
  },
  'one that was lost is found again': {
    before: { writers: [writer('a', 9, { lost: ago(1) })], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 10)])],
    expected: { writers: [writer('a', 10)], change: 'Writers' },
  },
  'one that was lost has ended when that is told at last': {
    before: { writers: [writer('a', 9, { lost: ago(2) })], keys: ['key-other'] },
    leases: [lease('other', [writer('b', 1), writer('a', 10, { end: ago(1) })])],
    expected: { writers: [writer('a', 10, { end: ago(1) }), writer('b', 1)] },
  },
  'an end is never undone': {
    before: { writers: [writer('a', 9, { end: ago(1) })], keys: ['key-pod'] },
    leases: [lease('pod', [writer('a', 20)])],
    expected: { writers: [writer('a', 9, { end: ago(1) })], change: 'None' },
  },
  'no replica ends the writer of another that is there': {
    before: { writers: [writer('a', 9)], keys: ['key-pod', 'key-other'] },
    leases: [lease('pod', [writer('a', 9)]), lease('other', [writer('b', 1), writer('a', 9, { end: ago(0) })])],
    expected: {
      writers: [writer('a', 9), writer('b', 1)],
      contradictions: [{ replica: 'other', writer: 'a', kind: 'Ended' }],
    },
  },
  'one that ended longer ago than the retention is forgotten, and counted': {
    before: { writers: [writer('a', 9, { end: ago(31) }), writer('b', 1)], keys: ['key-pod'] },
    leases: [lease('pod', [writer('b', 1)])],
    expected: { writers: [writer('b', 1)], forgotten: { count: 1, until: ago(31) }, change: 'Writers' },
  },
  'one that was lost longer ago than the retention is forgotten': {
    before: { writers: [writer('a', 9, { lost: ago(31) })], keys: [], forgotten: { count: 2, until: ago(40) } },
    leases: [],
    expected: { writers: [], forgotten: { count: 3, until: ago(31) } },
  },
  'one that was forgotten does not come back, whoever still tells of it': {
    before: { writers: [writer('b', 1)], keys: ['key-pod'], forgotten: { count: 1, until: ago(5) } },
    leases: [lease('pod', [writer('b', 1), writer('a', 9, { end: ago(6) })])],
    expected: { writers: [writer('b', 1)], forgotten: { count: 1, until: ago(5) }, change: 'None' },
  },
  'of too many, those that ended first are forgotten, and none that writes': {
    before: {
      writers: [writer('live', 1), writer('c', 1, { end: ago(3) }), writer('d', 1, { end: ago(9) })],
      keys: ['key-pod'],
    },
    leases: [lease('pod', [writer('live', 1), writer('e', 1, { end: ago(2) }), writer('f', 1, { end: ago(1) })])],
    expected: {
      writers: [
        writer('live', 1),
        writer('c', 1, { end: ago(3) }),
        writer('e', 1, { end: ago(2) }),
        writer('f', 1, { end: ago(1) }),
      ],
      forgotten: { count: 1, until: ago(9) },
    },
  },
  'keys stay when those who signed with them have gone': {
    before: { writers: [], keys: ['key-old'] },
    leases: [lease('pod', [writer('a', 1)])],
    expected: { keys: ['key-old', 'key-pod'] },
  },
};

describe('the next registry', () => {
  test.each(Object.entries(CASES))('%s', (_name, { before, leases, expected }) => {
    expect(collect(before, leases, NOW, LIMITS)).toMatchObject(expected);
  });
});
