import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, processesOfStack, STACK_VARIABLE, startTimeOf } from './process-table.ts';
import { newSupervisor, type Supervisor } from './supervisor.ts';

let directory: string;
let supervisor: Supervisor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'supervisor-'));
  supervisor = newSupervisor(directory);
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(directory, { recursive: true, force: true });
});

const sleeper = (name: string, seconds = 60): { name: string; command: string; args: string[] } => ({
  name,
  command: 'sleep',
  args: [String(seconds)],
});

describe('a supervised process', () => {
  test('outlives its supervisor object and is found again by the next one', async () => {
    const started = await supervisor.start(sleeper('one'));
    const found = newSupervisor(directory).running();
    expect(found.map((record) => record.pid)).toEqual([started.pid]);
  });

  test('is left alone when started again with the same command line', async () => {
    const first = await supervisor.start(sleeper('one'));
    const second = await supervisor.start(sleeper('one'));
    expect(second.pid).toBe(first.pid);
  });

  test('is replaced when started with another command line', async () => {
    const first = await supervisor.start(sleeper('one', 60));
    const second = await supervisor.start(sleeper('one', 61));
    expect(second.pid).not.toBe(first.pid);
    expect(isAlive(first)).toBe(false);
    expect(isAlive(second)).toBe(true);
  });

  test('is started anew when it has died', async () => {
    const first = await supervisor.start(sleeper('one'));
    process.kill(first.pid, 'SIGKILL');
    while (isAlive(first)) await sleep(10);
    const second = await supervisor.start(sleeper('one'));
    expect(isAlive(second)).toBe(true);
  });

  test('that cannot be started is told in one line', async () => {
    await expect(supervisor.start({ name: 'none', command: '/no/such/program', args: [] })).rejects.toMatchObject({
      code: 'ToolMissing',
    });
  });

  test('that ends while it is waited for is told with its last line', async () => {
    const record = await supervisor.start({
      name: 'broken',
      command: 'sh',
      args: ['-c', 'echo first; echo "cannot open the door"; exit 3'],
    });
    const waiting = supervisor.waitUntilReady(record, () => Promise.resolve(false), 10_000);
    await expect(waiting).rejects.toThrow('broken ended while starting: cannot open the door');
  });

  test('that does not become ready in time is told with its log', async () => {
    const record = await supervisor.start(sleeper('slow'));
    const waiting = supervisor.waitUntilReady(record, () => Promise.reject(new Error('refused')), 300);
    await expect(waiting).rejects.toMatchObject({ code: 'NotReady' });
  });

  test('gets none of the launcher’s own environment but what it needs', async () => {
    process.env['LAUNCHER_SECRET'] = 'hunter2';
    const record = await supervisor.start({ name: 'printer', command: 'sh', args: ['-c', 'env; sleep 60'] });
    await expect.poll(() => readFileSync(supervisor.logFile('printer'), 'utf8')).toContain(`${STACK_VARIABLE}=`);
    expect(readFileSync(supervisor.logFile('printer'), 'utf8')).not.toContain('hunter2');
    expect(isAlive(record)).toBe(true);
    delete process.env['LAUNCHER_SECRET'];
  });
});

describe('ending a stack', () => {
  test('ends the processes in reverse order of starting', async () => {
    for (const name of ['first', 'second', 'third']) await supervisor.start(sleeper(name));
    const ended: string[] = [];
    await supervisor.stopAll((name) => ended.push(name));
    expect(ended).toEqual(['third', 'second', 'first']);
    expect(supervisor.running()).toEqual([]);
  });

  test('kills a process that ignores SIGTERM, after its time is up', async () => {
    const record = await supervisor.start({
      name: 'stubborn',
      command: 'sh',
      args: ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'],
      stopTimeout: 200,
    });
    await expect.poll(() => readFileSync(supervisor.logFile('stubborn'), 'utf8')).toContain('ready');
    await supervisor.stopAll();
    expect(isAlive(record)).toBe(false);
  });

  test('ends the children of a process too', async () => {
    const record = await supervisor.start({ name: 'parent', command: 'sh', args: ['-c', 'sleep 61 & sleep 62'] });
    await expect.poll(() => processesOfStack(directory).length).toBe(3);
    await supervisor.stopAll();
    expect(processesOfStack(directory)).toEqual([]);
    expect(isAlive(record)).toBe(false);
  });

  test('ends a process that a killed launcher never put on file', async () => {
    const child = spawn('sleep', ['63'], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [STACK_VARIABLE]: directory },
    });
    child.unref();
    await expect.poll(() => processesOfStack(directory).length).toBe(1);
    await supervisor.stopAll();
    expect(processesOfStack(directory)).toEqual([]);
  });

  test('spares a process of another stack whose directory only begins with the same words', async () => {
    const child = spawn('sleep', ['64'], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [STACK_VARIABLE]: `${directory}-other` },
    });
    try {
      await expect.poll(() => processesOfStack(`${directory}-other`).length).toBe(1);
      await supervisor.stopAll();
      expect(child.pid === undefined ? undefined : startTimeOf(child.pid)).toBeDefined();
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('spares a process that has got the pid of one of ours', async () => {
    const record = await supervisor.start(sleeper('one'));
    // Start times are told in ticks of 10 ms; a pid is not given out again within one.
    await sleep(50);
    const other = spawn('sleep', ['65'], { detached: true, stdio: 'ignore' });
    try {
      const file = join(directory, 'processes', 'one.json');
      writeFileSync(file, JSON.stringify({ ...record, pid: other.pid }));
      await newSupervisor(directory).stop('one');
      expect(other.pid === undefined ? undefined : startTimeOf(other.pid)).toBeDefined();
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('is harmless where a record is torn or missing', async () => {
    await supervisor.start(sleeper('one'));
    writeFileSync(join(directory, 'processes', 'one.json'), '{"name":"on');
    await supervisor.stopAll();
    expect(processesOfStack(directory)).toEqual([]);
  });
});
