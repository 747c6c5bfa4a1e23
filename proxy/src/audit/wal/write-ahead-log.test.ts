import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import {
  newSigningKey,
  openLog,
  readUntil,
  TEST_KEY,
  unknownOutcome,
  type OpenedLog,
} from '@chaperone/test/wal/open-log';
import { newMemoryFileSystem } from '@chaperone/test/wal/memory-file-system';
import { genesisChain } from '../chain.ts';
import { verify } from '../verify/verify.ts';
import type { Finding } from '../verify/finding.ts';
import { nodeFileSystem } from './file-system.ts';
import { readDirectory } from './read-directory.ts';
import type { LoggedEntry, LoggedRecord } from './log-reader.ts';

vi.setConfig({ testTimeout: 30_000 });

let directory: string;
const opened: OpenedLog[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wal-'));
});

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
  await rm(directory, { recursive: true, force: true });
});

async function openHere(writer: string, options: Partial<Parameters<typeof openLog>[1]> = {}): Promise<OpenedLog> {
  const log = await openLog(writer, { directory, ...options });
  opened.push(log);
  return log;
}

const record = (auditID: string, original = `{"auditID":"${auditID}"}`) => ({ auditID, closes: true, original });
const records = (entries: readonly LoggedEntry[]): LoggedRecord[] => entries.filter((each) => each.kind === 'Record');
const originals = (entries: readonly LoggedEntry[]): string[] => records(entries).map(({ original }) => original);

async function readAll(log: OpenedLog): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  for await (const entry of log.read(new AbortController().signal)) entries.push(entry);
  return entries;
}

async function findingsIn(entries: readonly LoggedEntry[]): Promise<Finding[]> {
  const checkpoints = entries.filter((each) => each.kind === 'Checkpoint').map(({ text }): unknown => JSON.parse(text));
  const found: Finding[] = [];
  for await (const each of verify({ records: records(entries), checkpoints, keys: [TEST_KEY] })) found.push(each);
  return found;
}

/** Runs one call after another, so that each pair of entries is a write of its own. */
async function call(log: OpenedLog, auditID: string): Promise<void> {
  await log.appendIntent(auditID, `{"intent":"${auditID}"}`);
  log.appendRecord(record(auditID));
  await log.flushed();
}

/** As a killed process leaves it: nothing is closed, nothing more is written. */
function kill(log: OpenedLog): void {
  opened.splice(opened.indexOf(log), 1);
  killed.push(log);
}
const killed: OpenedLog[] = [];
afterEach(async () => {
  for (const log of killed.splice(0)) await log.close();
});

describe('the write-ahead log', () => {
  test('gives back what was appended, chained from the genesis of its writer, with checkpoints that vouch for it', async () => {
    const log = await openHere('writer', { checkpointRecords: 10 });
    await Promise.all(Array.from({ length: 55 }, (_, index) => call(log, `call-${index}`)));
    await log.finish();
    const entries = await readAll(log);
    expect(records(entries).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 55 }, (_, index) => index + 1),
    );
    expect(records(entries)[0]?.previousChain).toBe(genesisChain('writer'));
    expect(entries.filter(({ kind }) => kind === 'Checkpoint')).toHaveLength(6);
    expect(await findingsIn(entries)).toEqual([]);
  });

  test('reads what is appended while it is read', async () => {
    const log = await openHere('writer');
    const reading = readUntil(log, (entries) => entries.length === 20);
    for (let index = 0; index < 20; index++) await call(log, `call-${index}`);
    expect(originals(await reading).at(-1)).toBe('{"auditID":"call-19"}');
  });

  test('goes on in further segments, and removes those that have been acknowledged', async () => {
    const log = await openHere('writer', { segmentBytes: 4_096 });
    for (let index = 0; index < 100; index++) await call(log, `call-${index}`);
    const segments = async (): Promise<string[]> =>
      (await readdir(join(directory, 'writer'))).filter((name) => name.endsWith('.wal'));
    expect((await segments()).length).toBeGreaterThan(4);
    const entries = await readUntil(log, (each) => each.length === 101);
    const last = entries.at(-1);
    if (last !== undefined) log.acknowledge(last.position);
    await vi.waitFor(async () => expect((await segments()).length).toBeLessThan(3), { timeout: 5_000 });
    await log.finish();
    // What has been acknowledged is not read again: the last checkpoint alone is new.
    expect((await readAll(log)).map(({ kind }) => kind)).toEqual(['Checkpoint']);
  });

  test('writes an intent that stays open again before its segment is removed', async () => {
    const log = await openHere('writer', { segmentBytes: 4_096 });
    await log.appendIntent('watch', '{"intent":"watch"}');
    for (let index = 0; index < 50; index++) await call(log, `call-${index}`);
    const entries = await readUntil(log, (each) => records(each).length === 50);
    log.acknowledge(entries.at(-1)?.position ?? { writer: '', segment: 0, offset: 0 });
    await vi.waitFor(async () => expect(await readdir(join(directory, 'writer'))).not.toContain('0000000001.wal'), {
      timeout: 5_000,
    });
    kill(log);
    const next = await openHere('next', { isGone: () => true });
    const found = await readUntil(next, (each) => originals(each).some((text) => text.includes('Unknown')));
    expect(originals(found)).toContain(unknownOutcome({ auditID: 'watch', text: '{"intent":"watch"}' }));
    expect(originals(found).filter((text) => text.includes('Unknown'))).toHaveLength(1);
  });

  test('signs with another key from when it is told to', async () => {
    const log = await openHere('writer');
    await call(log, 'a');
    log.rotateKey(newSigningKey());
    await call(log, 'b');
    await log.finish();
    const entries = await readAll(log);
    expect(
      entries.flatMap((each) => (each.kind === 'Checkpoint' ? /"kind":"(\w+)"/.exec(each.text)?.[1] : [])),
    ).toEqual(['HandOver', 'Final']);
    expect(await findingsIn(entries)).toEqual([]);
  });

  test('vouches for its silence', async () => {
    const clock = newFakeClock();
    const log = await openLog('writer', { directory: '/wal', files: newMemoryFileSystem(), clock });
    for (let minute = 0; minute < 3; minute++) await clock.advance(61_000);
    const finishing = log.finish();
    await clock.advance(1_000);
    await finishing;
    expect((await readAll(log)).map((each) => each.kind === 'Checkpoint' && each.text.includes('"count":0'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    await log.close();
  });

  test('keeps so much and for so long where it is itself the store', async () => {
    const retention = { maxAgeMs: Infinity, maxBytes: 20_000 };
    const clock = newFakeClock();
    const files = newMemoryFileSystem();
    const log = await openLog('writer', {
      directory: '/wal',
      files,
      clock,
      segmentBytes: 4_096,
      retention,
      maxBytes: 1_000_000,
    });
    for (let index = 0; index < 200; index++) {
      const appended = log.appendIntent(`call-${index}`, '{}');
      await clock.advance(50);
      await appended;
      log.appendRecord(record(`call-${index}`));
      await clock.advance(50);
    }
    await clock.advance(20_000);
    expect(log.state().bytes).toBeLessThan(24_000);
    expect(log.state().bytes).toBeGreaterThan(12_000);
    expect(log.lastError()).toBeUndefined();
    const closing = log.close();
    await clock.advance(1_000);
    await closing;
  });
});

test('a registry is read where it was kept, offline too, and is no part of the chain', async () => {
  const log = await openHere('writer');
  await call(log, 'before');
  log.appendRegistry('{"number":7}');
  await call(log, 'after');
  await log.finish();
  const entries = await readAll(log);
  expect(entries.flatMap((each) => (each.kind === 'Registry' ? [each.text] : [each.kind]))).toEqual([
    'Record',
    '{"number":7}',
    'Record',
    'Checkpoint',
  ]);
  expect(await findingsIn(entries)).toEqual([]);
  await log.close();
  const offline: LoggedEntry[] = [];
  for await (const each of readDirectory(nodeFileSystem, directory, () => undefined)) offline.push(each);
  expect(offline.filter(({ kind }) => kind === 'Registry')).toHaveLength(1);
});

test('what is durable is what the next process finds', async () => {
  const log = await openHere('writer');
  expect(log.state().durable).toEqual({ sequence: 0, chain: genesisChain('writer') });
  const appended = log.appendRecord(record('a'));
  expect(log.state()).toMatchObject({ head: { sequence: 1 }, durable: { sequence: 0 } });
  await log.flushed();
  expect(log.state().durable).toEqual({ sequence: 1, chain: appended.chain });
});

describe('after a process was killed', () => {
  test('a call of which no record is kept is no unknown outcome', async () => {
    const first = await openHere('first');
    await first.appendIntent('silent', '{"intent":"silent"}');
    await first.appendIntent('lost', '{"intent":"lost"}');
    first.closeUnrecorded('silent');
    await first.flushed();
    expect(first.state().openIntents).toBe(1);
    kill(first);
    const next = await openHere('next', { isGone: (writer) => writer === 'first' });
    await vi.waitFor(
      () => expect(next.events).toMatchObject([{ type: 'Adopted', writer: 'first', records: 0, unknownOutcomes: 1 }]),
      { timeout: 5_000 },
    );
    await next.finish();
    expect(originals(await readAll(next))).toEqual([unknownOutcome({ auditID: 'lost', text: '{"intent":"lost"}' })]);
  });

  test('its records are read, its open calls recorded as unknown, and its chain closed, by the next', async () => {
    const first = await openHere('first');
    for (let index = 0; index < 30; index++) await call(first, `call-${index}`);
    await first.appendIntent('lost', '{"intent":"lost"}');
    kill(first);
    const next = await openHere('next', { isGone: (writer) => writer === 'first' });
    await vi.waitFor(
      () => expect(next.events).toMatchObject([{ type: 'Adopted', writer: 'first', records: 30, unknownOutcomes: 1 }]),
      { timeout: 5_000 },
    );
    const [adopted] = next.events;
    // All that the registry of writers has to know of it, as it stood on the disk.
    expect(adopted).toMatchObject({
      ended: { replica: 'replica', start: '2026-01-01T00:00:00.000Z', head: { sequence: 30 } },
    });
    expect(adopted?.type === 'Adopted' && adopted.ended?.head).toEqual(first.state().durable);
    await next.finish();
    const entries = await readAll(next);
    expect(records(entries).filter(({ writer }) => writer === 'first')).toHaveLength(30);
    expect(originals(entries.filter(({ writer }) => writer === 'next'))).toEqual([
      unknownOutcome({ auditID: 'lost', text: '{"intent":"lost"}' }),
    ]);
    expect(
      entries.some(
        (each) => each.kind === 'Checkpoint' && each.writer === 'first' && each.text.includes('"adopter":"next"'),
      ),
    ).toBe(true);
    expect(await findingsIn(entries)).toEqual([]);
    for (const { position } of entries) next.acknowledge(position);
    await next.close();
    // All is shipped: nothing is left of either.
    expect(await readdir(directory)).toEqual([]);
  });

  test('its directory is left alone while its owner is heard of, and taken once it is not', async () => {
    const first = await openHere('first', { staleMs: 1_000 });
    await call(first, 'a');
    const next = await openHere('next', { staleMs: 1_000 });
    await new Promise((resolve) => void setTimeout(resolve, 2_500));
    expect(next.events).toEqual([]);
    await first.close();
    await vi.waitFor(() => expect(next.events.map(({ type }) => type)).toEqual(['Adopted']), { timeout: 5_000 });
  });

  test('only one of several takes its directory', async () => {
    const first = await openHere('first', { staleMs: 5_000 });
    await first.appendIntent('lost', '{}');
    kill(first);
    const others = await Promise.all(
      ['a', 'b', 'c'].map((writer) => openHere(writer, { isGone: (id) => id === 'first', staleMs: 5_000 })),
    );
    const adoptions = (): number =>
      others.flatMap(({ events }) => events).filter(({ type }) => type === 'Adopted').length;
    await vi.waitFor(() => expect(adoptions()).toBe(1), { timeout: 5_000 });
    await new Promise((resolve) => void setTimeout(resolve, 2_500));
    expect(adoptions()).toBe(1);
    // Who was taken for dead and is not writes no more.
    await vi.waitFor(() => expect(first.lastError()?.reason).toBe('LogFailed'), { timeout: 10_000 });
    expect(first.events).toContainEqual({ type: 'Lost' });
  });

  test('a torn tail is cut off, and told', async () => {
    const first = await openHere('first', { durability: 'Write' });
    for (let index = 0; index < 5; index++) await call(first, `call-${index}`);
    kill(first);
    const path = join(directory, 'first', '0000000001.wal');
    await truncate(path, (await stat(path)).size - 7);
    const next = await openHere('next', { isGone: () => true });
    await vi.waitFor(
      () =>
        expect(next.events.map((event) => (event.type === 'Fault' ? event.fault.kind : event.type))).toEqual([
          'TornTail',
          'Adopted',
        ]),
      { timeout: 5_000 },
    );
    await next.finish();
    const entries = await readAll(next);
    expect(originals(entries.filter(({ writer }) => writer === 'first'))).toHaveLength(4);
    expect(originals(entries)).toContainEqual(expect.stringContaining('Unknown'));
  });

  test('damage in the middle is told with its place, and what follows it is read', async () => {
    const first = await openHere('first', { durability: 'Write' });
    for (let index = 0; index < 9; index++) await call(first, `call-${index}`);
    kill(first);
    const path = join(directory, 'first', '0000000001.wal');
    const damaged = (await readFile(path)).indexOf('{"auditID":"call-4"}');
    const handle = await open(path, 'r+');
    await handle.write('#', damaged);
    await handle.close();
    const next = await openHere('next', { isGone: () => true });
    await vi.waitFor(() => expect(next.events.at(-1)?.type).toBe('Adopted'), { timeout: 5_000 });
    const fault = next.events.find((event) => event.type === 'Fault');
    expect(fault).toMatchObject({ fault: { kind: 'Damaged', writer: 'first', segment: 1 } });
    expect(fault?.type === 'Fault' && fault.fault.start <= damaged && damaged < fault.fault.end).toBe(true);
    await next.finish();
    const entries = await readAll(next);
    const survived = records(entries)
      .filter(({ writer }) => writer === 'first')
      .map(({ sequence }) => sequence);
    expect(survived).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
    expect((await findingsIn(entries)).map(({ kind }) => kind)).toContain('Missing');
  });

  test('a directory can be read by others, with nothing of it changed', async () => {
    const first = await openHere('first');
    for (let index = 0; index < 5; index++) await call(first, `call-${index}`);
    const names = await readdir(join(directory, 'first'));
    const entries: LoggedEntry[] = [];
    for await (const entry of readDirectory(nodeFileSystem, directory, () => expect.unreachable())) entries.push(entry);
    expect(originals(entries)).toEqual(Array.from({ length: 5 }, (_, index) => `{"auditID":"call-${index}"}`));
    expect(await readdir(join(directory, 'first'))).toEqual(names);
  });

  test('files that are none of the log do no harm', async () => {
    await writeFile(join(directory, 'else'), 'text');
    const log = await openHere('writer', { isGone: () => true });
    await call(log, 'a');
    await new Promise((resolve) => void setTimeout(resolve, 300));
    await settle();
    expect(log.events).toEqual([]);
  });
});
