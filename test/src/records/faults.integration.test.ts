import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@chaperone/proxy/audit/wal/file-system';
import type { LoggedRecord } from '@chaperone/proxy/audit/wal/log-reader';
import { readDirectory } from '@chaperone/proxy/audit/wal/read-directory';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callEvents, readLog } from './gateway-records.ts';
import {
  eventually,
  expectRefusal,
  expectResumed,
  newRecordScene,
  PATIENCE_MS,
  type RecordScene,
  type ScenicGateway,
} from './record-scene.ts';

vi.setConfig({ testTimeout: 3 * PATIENCE_MS });

let scene: RecordScene;

beforeAll(async () => {
  scene = await newRecordScene('record-faults');
}, 120_000);

afterAll(() => scene?.stop(), 60_000);

const walOf = (gateway: ScenicGateway): string => join(gateway.process().context.stateDirectory, 'wal');

/** What was answered and is not on record, or more than once. */
async function unrecorded(gateway: ScenicGateway): Promise<readonly string[]> {
  const recorded = callEvents(await readLog(gateway.process().context)).map(({ auditID }) => auditID);
  const answered = gateway.answered(200);
  if (answered.length === 0) throw new Error('nothing was answered');
  return answered.filter((auditID) => recorded.filter((each) => each === auditID).length !== 1);
}

test.concurrent('a disk that is full: calls are refused and go on when there is room again', async () => {
  const gateway = await scene.start('disk-full');
  await expectResumed(gateway);
  // The soft limit of a file's size stands for a disk without room: one's own needs rights that few have.
  const limit = (bytes: string): void =>
    void execFileSync('prlimit', [`--pid=${gateway.process().pid}`, `--fsize=${bytes}:unlimited`]);
  limit('1024');
  await expectRefusal(gateway, /cannot be recorded.*the log of records has no room/);
  limit('unlimited');
  await expectResumed(gateway);
  await eventually(async () => expect(await unrecorded(gateway)).toEqual([]));
});

describe('a disk', () => {
  const FAULTS = {
    'that has become read-only': {
      fault: 'EROFS',
      message: /cannot be recorded.*the log of records cannot be written/,
    },
    'that fails': { fault: 'EIO', message: /cannot be recorded.*the log of records cannot be written/ },
    'that is slow': { fault: 'SLOW', message: /cannot be recorded.*the log of records is not written in time/ },
  } as const;

  test.concurrent.each(Object.entries(FAULTS))(
    '%s: calls are refused, and go on by themselves',
    async (_name, { fault, message }) => {
      const file = join(scene.running.directories.root, `fault-${fault}`);
      const preload = new URL(`disk-faults.ts?faults=${encodeURIComponent(file)}`, import.meta.url);
      const gateway = await scene.start(`disk-${fault.toLowerCase()}`, {
        nodeArguments: ['--import', preload.href],
        configuration: { audit: { slow: '1s' } },
      });
      await expectResumed(gateway);
      writeFileSync(file, fault);
      await expectRefusal(gateway, message);
      rmSync(file);
      await expectResumed(gateway);
      await eventually(async () => expect(await unrecorded(gateway)).toEqual([]));
    },
  );
});

test.concurrent('a directory that is removed under it: calls are refused, the process ends for another to begin, and says why', async () => {
  const gateway = await scene.start('removed', { configuration: { audit: { adoptAfter: '2s' } } });
  await expectResumed(gateway);
  rmSync(walOf(gateway), { recursive: true });
  expect(await gateway.process().exited).not.toBeNull();
  expect(gateway.process().log()).toContain('taken over by another one, or removed');
  await gateway.restart();
  await expectResumed(gateway);
});

test.concurrent('a log that was damaged in the middle between two starts: the damage is told, and of its call nobody knows what became', async () => {
  const gateway = await scene.start('damaged');
  for (let call = 0; call < 20; call++) await gateway.get();
  await eventually(async () => expect(await unrecorded(gateway)).toEqual([]));
  gateway.process().kill();
  await gateway.process().exited;
  const [writer = ''] = readdirSync(walOf(gateway));
  const segment = join(walOf(gateway), writer, '0000000001.wal');
  const bytes = readFileSync(segment);
  const answered = gateway.answered(200);
  const victim = answered[10] ?? '';
  // The record, not the intent before it.
  const at = bytes.lastIndexOf(victim);
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at + 200) ^ 1, at + 200);
  writeFileSync(segment, bytes);
  await gateway.restart();
  await eventually(async () =>
    expect(await gateway.metric('chaperone_log_events_total{type="Fault"}')).toBeGreaterThan(0),
  );
  await eventually(async () => expect(gateway.process().log()).toContain('The log of records is damaged'));
  await expectResumed(gateway);
  const left: LoggedRecord[] = [];
  for await (const entry of readDirectory(nodeFileSystem, walOf(gateway), () => undefined))
    if (entry.kind === 'Record') left.push(entry);
  const events = callEvents({ records: left }).filter(({ auditID }) => answered.includes(auditID));
  expect(events.map(({ auditID }) => auditID).toSorted()).toEqual(answered.toSorted());
  // Its intent is left, and says that there was a call.
  expect(events.flatMap(({ auditID, chaperone }) => (chaperone.outcome === 'Answered' ? [] : [auditID]))).toEqual([
    victim,
  ]);
});
