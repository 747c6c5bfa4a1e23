import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { cutAt, newMemoryFileSystem, type Change, type MemoryFileSystem } from '@chaperone/test/wal/memory-file-system';
import { openLog, TEST_KEY } from '@chaperone/test/wal/open-log';
import type { Finding } from '../verify/finding.ts';
import { verify } from '../verify/verify.ts';
import type { LoggedEntry } from './log-reader.ts';

vi.setConfig({ testTimeout: 120_000 });

const DIRECTORY = '/state/wal';

/** What had been promised to callers when so many changes had been made. */
interface Promised {
  readonly changes: number;
  readonly what: 'Intent' | 'Record';
  readonly auditID: string;
}

interface History {
  readonly changes: readonly Change[];
  readonly promised: readonly Promised[];
  readonly records: number;
}

async function during<Value>(clock: FakeClock, work: Promise<Value>): Promise<Value> {
  const done = new AbortController();
  const watched = work.finally(() => done.abort());
  while (!done.signal.aborted) await clock.advance(50);
  return await watched;
}

const open = (writer: string, files: MemoryFileSystem, clock: FakeClock) =>
  during(
    clock,
    openLog(writer, {
      directory: DIRECTORY,
      files,
      clock,
      durability: 'Write',
      segmentBytes: 1_500,
      checkpointRecords: 3,
      isGone: () => true,
    }),
  );

/** Three processes, one after the other, of which none ends in good order; each adopts what was before it. */
async function history(): Promise<History> {
  const promised: Promised[] = [];
  let changes: readonly Change[] = [];
  let records = 0;
  for (const writer of ['first', 'second', 'third']) {
    const clock = newFakeClock();
    const files = newMemoryFileSystem(changes);
    const log = await open(writer, files, clock);
    const now = (what: Promised['what'], auditID: string): void =>
      void promised.push({ changes: files.changes.length, what, auditID });
    for (let index = 0; index < 6; index++) {
      const auditID = `${writer}-${index}`;
      await during(clock, log.appendIntent(auditID, '{"intent":"of some length"}'));
      now('Intent', auditID);
      if (index === 4) continue;
      log.appendRecord({ auditID, closes: true, original: `{"closed":"${auditID}","text":"${'ä'.repeat(40)}"}` });
      records += 1;
      await during(clock, log.flushed());
      now('Record', auditID);
    }
    await clock.advance(2_000);
    ({ changes } = files);
  }
  return { changes, promised, records };
}

interface Recovered {
  readonly entries: readonly LoggedEntry[];
  readonly findings: readonly Finding[];
  readonly damaged: number;
}

async function recover(changes: readonly Change[]): Promise<Recovered> {
  const clock = newFakeClock();
  const log = await open('last', newMemoryFileSystem(changes), clock);
  await clock.advance(2_000);
  await during(clock, log.finish());
  const entries: LoggedEntry[] = [];
  for await (const entry of log.read(new AbortController().signal)) entries.push(entry);
  await during(clock, log.close());
  const records = entries.filter((entry) => entry.kind === 'Record');
  const checkpoints = entries
    .filter((entry) => entry.kind === 'Checkpoint')
    .map(({ text }): unknown => JSON.parse(text));
  const findings: Finding[] = [];
  for await (const each of verify({ records, checkpoints, keys: [TEST_KEY] })) findings.push(each);
  const damaged = log.events.filter((event) => event.type === 'Fault' && event.fault.kind === 'Damaged').length;
  return { entries, findings, damaged };
}

/** What is not as it has to be, in sentences. */
function problemsOf({ entries, findings, damaged }: Recovered, promised: readonly Promised[]): string[] {
  const records = entries.filter((entry) => entry.kind === 'Record');
  const keys = records.map(({ writer, sequence }) => `${writer}:${sequence}`);
  const closed = Map.groupBy(records, ({ auditID }) => auditID);
  return [
    ...(new Set(keys).size === keys.length ? [] : ['a sequence number is used twice']),
    ...findings.map(({ kind, message }) => `${kind}: ${message}`),
    ...(damaged === 0 ? [] : ['a cut passes for damage']),
    ...promised.flatMap(({ what, auditID }) => {
      const of = closed.get(auditID) ?? [];
      if (of.length !== 1) return [`${auditID} is closed ${of.length} times`];
      return what === 'Record' && of[0]?.original.includes('"closed"') !== true
        ? [`${auditID} has lost its record`]
        : [];
    }),
  ];
}

const before = ({ promised }: History, count: number): Promised[] => promised.filter(({ changes }) => changes <= count);

describe('whatever the moment at which a process ends', () => {
  test('between any two changes of the disk: what was promised is there, once, in whole chains', async () => {
    const past = await history();
    expect(past.changes.length).toBeGreaterThan(60);
    for (let count = 0; count <= past.changes.length; count++)
      expect(
        problemsOf(await recover(cutAt(past.changes, count, 0)), before(past, count)),
        `after ${count} changes`,
      ).toEqual([]);
  });

  test('within a write, of which any part has reached the disk', async () => {
    const past = await history();
    await fc.assert(
      fc.asyncProperty(fc.nat(past.changes.length - 1), fc.nat(), async (count, part) => {
        const next = past.changes[count];
        const bytes = next?.type === 'Write' ? part % next.bytes.length : 0;
        expect(problemsOf(await recover(cutAt(past.changes, count, bytes)), before(past, count))).toEqual([]);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 150) },
    );
  });

  test('within a write of which the disk has written later parts and not earlier ones', async () => {
    const past = await history();
    const writes = past.changes.flatMap((change, index) =>
      change.type === 'Write' && change.path.endsWith('.wal') ? [index] : [],
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(), async (which, from, length) => {
        const count = writes[which % writes.length] ?? 0;
        const write = past.changes[count];
        if (write?.type !== 'Write') return;
        const bytes = Buffer.from(write.bytes);
        const start = from % bytes.length;
        bytes.fill(0, start, start + 1 + (length % (bytes.length - start)));
        const cut = [...past.changes.slice(0, count), { ...write, bytes }];
        expect(problemsOf(await recover(cut), before(past, count))).toEqual([]);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 150) },
    );
  });
});
