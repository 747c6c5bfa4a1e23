import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processesOfStack } from '@chaperone/e2e/process/process-table';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
let disk: string;

beforeEach(async () => {
  disk = mkdtempSync(join(tmpdir(), 'full-disk-'));
});

afterEach(async () => {
  await run('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

async function up(environment: Record<string, string> = {}): Promise<{ code: number; errors: string[] }> {
  const args = ['--conditions=source', join(CHECKOUT, 'e2e/src/up.ts'), `--directory=${join(disk, 'stack')}`];
  const { code, stderr } = await runCommand(process.execPath, args, { env: { ...process.env, ...environment } });
  expect(stderr).not.toContain('    at ');
  return { code, errors: stderr.split('\n').filter((line) => line.startsWith('error: ')) };
}

test('a disk with too little room is told in one line before anything is started', async () => {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
  const { code, errors } = await up();
  expect(code).toBe(1);
  expect(errors).toEqual([
    `error: 0.1 GiB free at ${join(disk, 'stack')}, the stack needs 2: make room, or use a checkout on another disk`,
  ]);
  expect(processesOfStack(join(disk, 'stack'))).toEqual([]);
});

test('a disk that is full to the last byte is told in one line', async () => {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=3', 'tmpfs', disk]);
  writeFileSync(join(disk, 'a'), '');
  writeFileSync(join(disk, 'b'), '');
  const { code, errors } = await up();
  expect(code).toBe(1);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^error: no space left on the device of .*: make room and run it again$/);
  expect(existsSync(join(disk, 'stack'))).toBe(false);
});

test('a cache disk with too little room for the build is told before the build begins', async () => {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
  const cache = join(disk, 'cache');
  const args = [
    '--conditions=source',
    join(CHECKOUT, 'e2e/src/up.ts'),
    `--directory=${mkdtempSync(join(tmpdir(), 'stack-'))}`,
  ];
  const { code, stderr } = await runCommand(process.execPath, args, { env: { ...process.env, XDG_CACHE_HOME: cache } });
  rmSync(args.at(-1)?.replace('--directory=', '') ?? '', { recursive: true, force: true });
  expect(code).toBe(1);
  expect(stderr).toContain(`GiB free at ${join(cache, 'chaperone')}, building Kubernetes needs`);
});
