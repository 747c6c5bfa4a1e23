import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, mkdtempSync, constants, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newLogStream } from './log-stream.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-stream-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

test('every line is written, in order', async () => {
  const file = join(directory, 'log');
  const fd = openSync(file, 'a');
  const log = newLogStream({ fd });
  const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index}\n`);
  for (const line of lines) log.stream.write(line);
  await log.flush();
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
  expect(log.dropped()).toBe(0);
});

test('a reader who does not read stops nobody: lines are left out and counted, and the rest comes when it reads', async () => {
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Holds the reading end open and reads nothing.
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const log = newLogStream({ fd, maxWaitingBytes: 100_000 });
  const line = `${'x'.repeat(999)}\n`;
  for (let index = 0; index < 500; index++) {
    log.stream.write(line);
    if (index % 50 === 0) await turn();
  }
  expect(log.dropped()).toBeGreaterThan(200);
  const expected = (500 - log.dropped()) * 1_000;
  const buffer = Buffer.alloc(65_536);
  let read = 0;
  await vi.waitFor(
    () => {
      read += readAvailable(reader, buffer);
      expect(read).toBe(expected);
    },
    { interval: 5, timeout: 5_000 },
  );
  await log.flush();
  closeSync(fd);
  closeSync(reader);
});

function readAvailable(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch {
    return 0;
  }
}

test('a reader who has gone ends nothing', async () => {
  const file = join(directory, 'closed');
  const fd = openSync(file, 'w');
  const log = newLogStream({ fd });
  closeSync(fd);
  log.stream.write('lost\n');
  await log.flush();
  log.flushSync();
  expect(readFileSync(file, 'utf8')).toBe('');
});
