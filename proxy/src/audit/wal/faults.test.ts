import { afterEach, describe, expect, test } from 'vitest';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newMemoryFileSystem, type Change, type MemoryFileSystem } from '@chaperone/test/wal/memory-file-system';
import { openLog, type OpenedLog } from '@chaperone/test/wal/open-log';
import { LogError } from './log-error.ts';
import type { LoggedEntry } from './log-reader.ts';

const DIRECTORY = '/state/wal';

interface Scene {
  readonly clock: FakeClock;
  readonly files: MemoryFileSystem;
  readonly log: OpenedLog;
}

let scene: Scene | undefined;

async function open(
  options: Partial<Parameters<typeof openLog>[1]> = {},
  wrap = (files: MemoryFileSystem) => files,
): Promise<Scene> {
  const clock = newFakeClock();
  const files = newMemoryFileSystem();
  const opening = openLog('writer', {
    directory: DIRECTORY,
    files: wrap(files),
    clock,
    durability: 'Write',
    ...options,
  });
  await clock.advance(10);
  scene = { clock, files, log: await opening };
  return scene;
}

afterEach(async () => {
  if (scene === undefined) return;
  scene.files.before = () => undefined;
  const closing = scene.log.close();
  await scene.clock.advance(60_000);
  await closing;
  scene = undefined;
});

/** What became of an append: 'ok', or why it was refused. */
const outcome = (appended: Promise<void>): Promise<string> =>
  appended.then(
    () => 'ok',
    (error: unknown) => (error instanceof LogError ? error.reason : String(error)),
  );

async function append({ log, clock }: Scene, auditID: string): Promise<string> {
  const result = outcome(log.appendIntent(auditID, `{"intent":"${auditID}"}`));
  await clock.advance(20);
  return await result;
}

const failing =
  (code: string) =>
  (change: Change): void => {
    if (change.path.endsWith('.wal')) throw Object.assign(new Error(`${code}: as on a disk`), { code });
  };

async function finishAndRead({ log, clock }: Scene): Promise<LoggedEntry[]> {
  const finishing = log.finish();
  await clock.advance(1_000);
  await finishing;
  const entries: LoggedEntry[] = [];
  for await (const entry of log.read(new AbortController().signal)) entries.push(entry);
  return entries;
}

const texts = (entries: readonly LoggedEntry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === 'Record' ? entry.original : []));

describe('a disk that fails', () => {
  test.each([
    ['is full', 'ENOSPC', 'LogFull'],
    ['is read-only', 'EROFS', 'LogFailed'],
    ['has errors', 'EIO', 'LogFailed'],
  ])('and %s: intents are refused, records wait, and all goes on by itself', async (_, code, reason) => {
    const here = await open();
    expect(await append(here, 'before')).toBe('ok');
    here.files.before = failing(code);
    here.log.appendRecord({ auditID: 'before', closes: true, original: 'before' });
    expect(await append(here, 'during')).toBe(reason);
    expect(here.log.lastError()?.reason).toBe(reason);
    expect(await append(here, 'at once')).toBe(reason);
    here.log.appendRecord({ auditID: 'during', closes: true, original: 'refused' });
    await here.clock.advance(5_000);
    here.files.before = () => undefined;
    await here.clock.advance(500);
    expect(here.log.lastError()).toBeUndefined();
    expect(await append(here, 'after')).toBe('ok');
    here.log.appendRecord({ auditID: 'after', closes: true, original: 'after' });
    expect(texts(await finishAndRead(here))).toEqual(['before', 'refused', 'after']);
  });

  test('and takes half of each write: the rest is written after it', async () => {
    const here = await open({}, (files) => ({
      ...files,
      get changes() {
        return files.changes;
      },
      async open(path, mode) {
        const file = await files.open(path, mode);
        const half = (start: number, end: number): number => start + Math.max(1, Math.floor((end - start) / 2));
        return {
          ...file,
          write: (bytes, start, end, position, done) => file.write(bytes, start, half(start, end), position, done),
        };
      },
    }));
    expect(await append(here, 'a')).toBe('ok');
    here.log.appendRecord({ auditID: 'a', closes: true, original: 'a'.repeat(10_000) });
    expect(texts(await finishAndRead(here))).toEqual(['a'.repeat(10_000)]);
  });

  test('and stands still: intents are refused in time, those that come after at once, and what was refused is taken back', async () => {
    let stalled: (() => void)[] | undefined;
    const here = await open({ slowMs: 1_000 }, (files) => ({
      ...files,
      async open(path, mode) {
        const file = await files.open(path, mode);
        return {
          ...file,
          write(bytes, start, end, position, done) {
            const write = (): void => file.write(bytes, start, end, position, done);
            if (stalled === undefined || !path.endsWith('.wal')) write();
            else stalled.push(write);
          },
        };
      },
    }));
    expect(await append(here, 'before')).toBe('ok');
    stalled = [];
    const waiting = outcome(here.log.appendIntent('waiting', '{}'));
    await here.clock.advance(0);
    const queued = outcome(here.log.appendIntent('queued', '{}'));
    await here.clock.advance(1_500);
    expect(await Promise.all([waiting, queued])).toEqual(['LogSlow', 'LogSlow']);
    const started = here.clock.monotonic();
    expect(await append(here, 'late')).toBe('LogSlow');
    expect(here.clock.monotonic() - started).toBeLessThan(50);
    here.log.appendRecord({ auditID: 'before', closes: true, original: 'before' });
    await here.clock.advance(3_500);
    const held = stalled;
    stalled = undefined;
    for (const write of held) write();
    await here.clock.advance(500);
    expect(await append(here, 'after')).toBe('ok');
    // Of those that were refused none is open: nobody will ask what became of them.
    expect(here.log.state().openIntents).toBe(1);
  });

  test('and stays so for long: memory is bounded, and what found no place is recorded as unknown when there is some', async () => {
    const here = await open({ queueBytes: 64 * 1024, slowMs: 1_000 });
    const admitted = Array.from({ length: 30 }, (_, index) => `call-${index}`);
    for (const auditID of admitted) expect(await append(here, auditID)).toBe('ok');
    here.files.before = failing('EIO');
    const taken = admitted.map((auditID) => {
      try {
        here.log.appendRecord({ auditID, closes: true, original: `${auditID}${'x'.repeat(4_000)}` });
        return 'ok';
      } catch (error) {
        return error instanceof LogError ? error.reason : 'else';
      }
    });
    await here.clock.advance(500);
    expect(taken.filter((each) => each === 'ok').length).toBe(15);
    expect(here.log.state().queueBytes).toBeLessThanOrEqual(64 * 1024);
    here.files.before = () => undefined;
    await here.clock.advance(2_000);
    expect(here.log.state().openIntents).toBe(0);
    const read = texts(await finishAndRead(here));
    expect(read).toHaveLength(30);
    expect(read.filter((text) => text.includes('"outcome":"Unknown"'))).toHaveLength(15);
  });
});

describe('a log that is full', () => {
  test('refuses intents and finds room for the records of calls under way; it goes on once what it holds is acknowledged', async () => {
    const here = await open({ maxBytes: 20_000, segmentBytes: 4_096 });
    const admitted: string[] = [];
    let result = 'ok';
    for (let index = 0; index < 1_000; index++) {
      const auditID = `call-${index}`;
      result = await append(here, auditID);
      if (result !== 'ok') break;
      admitted.push(auditID);
      if (index > 0) here.log.appendRecord({ auditID, closes: true, original: auditID });
    }
    expect(result).toBe('LogFull');
    expect(admitted.length).toBeGreaterThan(20);
    expect(admitted.length).toBeLessThan(200);
    expect(() => here.log.appendRecord({ auditID: 'call-0', closes: false, original: 'a part of it' })).toThrow(
      LogError,
    );
    here.log.appendRecord({ auditID: 'call-0', closes: true, original: 'call-0' });
    await here.clock.advance(100);
    for await (const entry of here.log.read(AbortSignal.abort())) here.log.acknowledge(entry.position);
    expect(await append(here, 'still')).toBe('LogFull');
    const reading = new AbortController();
    const read = (async () => {
      for await (const entry of here.log.read(reading.signal)) here.log.acknowledge(entry.position);
    })();
    await here.clock.advance(5_000);
    expect(await append(here, 'again')).toBe('ok');
    reading.abort();
    await here.clock.advance(100);
    await read;
  });

  test('is so, too, when the volume has too little free space', async () => {
    let free = 1_000_000;
    const here = await open({ minFreeBytes: 100_000 }, (files) => ({ ...files, freeBytes: async () => free }));
    expect(await append(here, 'a')).toBe('ok');
    free = 50_000;
    await here.clock.advance(6_000);
    expect(await append(here, 'b')).toBe('LogFull');
    here.log.appendRecord({ auditID: 'a', closes: true, original: 'a' });
    free = 1_000_000;
    await here.clock.advance(6_000);
    expect(await append(here, 'c')).toBe('ok');
  });
});

test('a log whose directory was removed refuses intents and tells that it is lost, though its open file takes writes', async () => {
  let isGone = false;
  const here = await open({ staleMs: 5_000 }, (files) => ({
    ...files,
    async readdir(path) {
      if (isGone && path !== DIRECTORY) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      return await files.readdir(path);
    },
  }));
  expect(await append(here, 'before')).toBe('ok');
  isGone = true;
  await here.clock.advance(2_000);
  expect(await append(here, 'after')).toBe('LogFailed');
  expect(here.log.events.map(({ type }) => type)).toContain('Lost');
  expect(here.log.lastError()?.reason).toBe('LogFailed');
});
