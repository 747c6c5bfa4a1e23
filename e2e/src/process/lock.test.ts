import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from './lock.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  file = join(directory, 'deep', 'stack.lock');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Another process that holds the lock until it is killed. */
async function holder(): Promise<ReturnType<typeof spawn>> {
  const script = `
    import { acquireLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const lock = await acquireLock(${JSON.stringify(file)}, { timeout: 0 });
    process.stdout.write(lock === undefined ? 'refused' : 'held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a lock that nobody holds is taken, and can be taken again after its release', async () => {
  const first = await acquireLock(file, { timeout: 0 });
  expect(first).toBeDefined();
  expect(readdirSync(dirname(file))).toEqual([basename(file)]);
  first?.release();
  const second = await acquireLock(file, { timeout: 0 });
  expect(second).toBeDefined();
  second?.release();
});

test('a lock that another process holds is refused, and waiting is told once', async () => {
  const child = await holder();
  let told = 0;
  const lock = await acquireLock(file, { timeout: 500, onWait: () => (told += 1) });
  child.kill('SIGKILL');
  expect(lock).toBeUndefined();
  expect(told).toBe(1);
});

test('a lock whose holder is killed with SIGKILL becomes free at once', async () => {
  const child = await holder();
  const waiting = acquireLock(file, { timeout: 5_000 });
  child.kill('SIGKILL');
  const lock = await waiting;
  expect(lock).toBeDefined();
  lock?.release();
});
