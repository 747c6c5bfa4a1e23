import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHARED_STATE } from '@chaperone/e2e/elasticsearch/state-directory';
import { processesOfStack } from '@chaperone/e2e/process/process-table';
import { newSupervisor } from '@chaperone/e2e/process/supervisor';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { claimTestPlace, type TestPlace } from '@chaperone/e2e/stack/test-stack';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Starting all servers takes some 15 s on an idle machine with two cores, and this one is busy with other tests. */
const SLOW = 180_000;

/** etcd, kube-apiserver, kube-controller-manager, Elasticsearch, the issuer, the operator. */
const PROCESSES = 7;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Where the stacks are; the next test run clears what a killed one leaves there. */
let place: TestPlace;
let parent: string;

beforeEach(async () => {
  place = await claimTestPlace('lifecycle');
  parent = place.directories.root;
  mkdirSync(parent, { recursive: true });
});

afterEach(async () => {
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    if (entry.isDirectory()) await command('down', join(parent, entry.name)).finished;
  }
  await place.stop();
});

/** Runs `up` or `down` as `make` does, in a process of its own. */
function command(
  name: 'up' | 'down',
  directory: string,
  environment: Record<string, string> = {},
): { child: ChildProcess; finished: Promise<Outcome> } {
  const child = spawn(
    process.execPath,
    ['--conditions=source', join(CHECKOUT, 'e2e', 'src', `${name}.ts`), `--directory=${directory}`],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, finished: once(child, 'close').then(() => ({ code: child.exitCode, output })) };
}

async function succeed(name: 'up' | 'down', directory: string): Promise<void> {
  const outcome = await command(name, directory).finished;
  expect(outcome, outcome.output).toMatchObject({ code: 0 });
}

const pids = (directory: string): number[] =>
  newSupervisor(directory)
    .running()
    .map((record) => record.pid);
const environmentFile = (directory: string): string => readFileSync(join(directory, 'env'), 'utf8');

/** Directories of Elasticsearch's own user that belong to the stack; there are none unless root started it. */
function sharedState(directory: string): string[] {
  if (!existsSync(SHARED_STATE)) return [];
  return readdirSync(SHARED_STATE).filter((name) => {
    const owner = join(SHARED_STATE, name, 'owner');
    return existsSync(owner) && readFileSync(owner, 'utf8') === directory;
  });
}

function expectNothingLeft(directory: string): void {
  expect(processesOfStack(directory)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
  expect(sharedState(directory)).toEqual([]);
}

describe('a stack', () => {
  test(
    'comes up, stays as it is when brought up again, and leaves nothing when brought down',
    async () => {
      const directory = join(parent, 'stack');
      await succeed('up', directory);
      const [running, environment] = [pids(directory), environmentFile(directory)];
      expect(running).toHaveLength(PROCESSES);
      await succeed('up', directory);
      expect(pids(directory)).toEqual(running);
      expect(environmentFile(directory)).toBe(environment);
      await succeed('down', directory);
      expectNothingLeft(directory);
      await succeed('down', directory);
    },
    SLOW,
  );

  test(
    'is made whole again when one of its processes has died',
    async () => {
      const directory = join(parent, 'stack');
      await succeed('up', directory);
      const [first, ...others] = newSupervisor(directory).running();
      process.kill(first?.pid ?? 0, 'SIGKILL');
      const repair = command('up', directory);
      await expect.poll(() => existsSync(join(directory, 'env'))).toBe(false);
      expect(await repair.finished).toMatchObject({ code: 0 });
      expect(pids(directory)).toEqual(expect.arrayContaining(others.map((record) => record.pid)));
      expect(pids(directory)).toHaveLength(PROCESSES);
    },
    SLOW,
  );

  test(
    'begins anew when all of its processes have died',
    async () => {
      const directory = join(parent, 'stack');
      await succeed('up', directory);
      const before = environmentFile(directory);
      for (const { pid } of processesOfStack(directory)) process.kill(pid, 'SIGKILL');
      await expect.poll(() => processesOfStack(directory)).toEqual([]);
      await succeed('up', directory);
      expect(pids(directory)).toHaveLength(PROCESSES);
      expect(environmentFile(directory)).not.toBe(before);
    },
    SLOW,
  );

  test(
    'runs beside another one',
    async () => {
      const directories = [join(parent, 'left'), join(parent, 'right')];
      await Promise.all(directories.map((directory) => succeed('up', directory)));
      const urls = directories.map((directory) => /KUBE_API_URL='([^']+)'/.exec(environmentFile(directory))?.[1]);
      expect(new Set(urls).size).toBe(2);
      const [left = '', right = ''] = directories;
      await succeed('down', left);
      expectNothingLeft(left);
      expect(pids(right)).toHaveLength(PROCESSES);
    },
    SLOW,
  );
});

describe('a launcher that is killed', () => {
  test.each([300, 1_200, 2_500, 5_000])(
    'with SIGKILL after %d ms leaves nothing that `down` does not find',
    async (milliseconds) => {
      const directory = join(parent, 'stack');
      const { child, finished } = command('up', directory);
      await sleep(milliseconds);
      child.kill('SIGKILL');
      await finished;
      expect(existsSync(join(directory, 'env'))).toBe(false);
      await succeed('down', directory);
      expectNothingLeft(directory);
    },
    SLOW,
  );

  test(
    'does not keep the next one from bringing the stack up',
    async () => {
      const directory = join(parent, 'stack');
      const { child, finished } = command('up', directory);
      await sleep(2_000);
      child.kill('SIGKILL');
      await finished;
      await succeed('up', directory);
      expect(pids(directory)).toHaveLength(PROCESSES);
    },
    SLOW,
  );
});

describe('what keeps a stack from starting is told in one line, with what to do', () => {
  async function refusal(environment: Record<string, string>): Promise<string> {
    const { code, output } = await command('up', join(parent, 'stack'), environment).finished;
    expect(code).toBe(1);
    const lines = output.split('\n').filter((line) => line.startsWith('error: '));
    expect(lines, output).toHaveLength(1);
    expect(output).not.toContain('    at ');
    return lines[0] ?? '';
  }

  test('a taken port', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await refusal({ KUBE_API_PORT: String(port) })).toContain(
      `port ${port} on 127.0.0.1 is taken: set KUBE_API_PORT`,
    );
    server.close();
  });

  test('missing tools, all at once', async () => {
    const line = await refusal({ PATH: '/nonexistent' });
    expect(line).toContain('go is not on PATH: install Go 1.26');
    expect(line).toContain('java is not on PATH: install a JDK 17');
    expect(line).toContain('mvn is not on PATH: install Maven');
  });

  test('a Kubernetes that is not pinned', async () => {
    expect(await refusal({ KUBERNETES_VERSION: '1.1.1' })).toContain("pin it with 'npm run pin-kubernetes -- v1.1.1'");
  });

  test('a directory that cannot be made', async () => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    const { code, output } = await command('up', join(file, 'stack')).finished;
    rmSync(file);
    expect(code).toBe(1);
    expect(output).toMatch(/^error: .* cannot be written \((?:ENOTDIR|EEXIST)\): .*choose another place$/m);
  });
});

test('a place on procfs is refused, as making a directory there would never end', async () => {
  const { code, output } = await command('up', '/proc/stack').finished;
  expect(code).toBe(1);
  expect(output).toContain('error: /proc/stack is on procfs, which holds no files: choose another place');
});

test('make up takes WITH_NODE, and is not misled by the NODE that npm exports', async () => {
  const dryRun = async (...variables: string[]): Promise<string> => {
    const child = spawn('make', ['--dry-run', '--always-make', 'up', ...variables], {
      cwd: CHECKOUT,
      env: { ...process.env, NODE: process.execPath },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    return output;
  };
  expect(await dryRun()).not.toContain('--with-node');
  expect(await dryRun('WITH_NODE=0')).not.toContain('--with-node');
  expect(await dryRun('WITH_NODE=1')).toContain('--with-node');
});
