import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { containerProcesses } from '@chaperone/e2e/node/cgroups';
import { BUSYBOX_IMAGE } from '@chaperone/e2e/node/images';
import { cleanNode, prepareNode, stopNode } from '@chaperone/e2e/node/node';
import { commandLineOf, endProcesses, nodeProcesses } from '@chaperone/e2e/node/node-processes';
import { processesOfStack } from '@chaperone/e2e/process/process-table';
import { newSupervisor } from '@chaperone/e2e/process/supervisor';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newKubectl } from './kubectl.ts';
import { machineState, type MachineState } from './machine-state.ts';
import { startNodeStack, type NodeStack } from './node-stack.ts';
import { succeed } from './test-namespace.ts';

/** These tests start and kill the machine's one node, so they run while no stack has it. */
const directories: string[] = [];
let before: MachineState;

const newDirectory = (): string => {
  const directory = mkdtempSync('/tmp/chaperone-clearing-');
  directories.push(directory);
  return directory;
};

beforeAll(async () => {
  // Installs packages, clears what earlier runs left, and so on: not what is measured here.
  const directory = newDirectory();
  await prepareNode(directory, () => {});
  await cleanNode(directory);
  before = machineState();
});

afterEach(async () => {
  for (const directory of directories) {
    await cleanNode(directory);
    await newSupervisor(directory).stopAll();
  }
});

afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

/** Pods with all that leaves traces on a machine: volumes of several kinds, a mounted folder, a Service, restarts. */
async function runPods(stack: NodeStack, mounted: string): Promise<void> {
  const kubectl = newKubectl({
    binDirectory: stack.binDirectory,
    kubeconfig: stack.adminKubeconfig,
    namespace: 'default',
  });
  await succeed(kubectl, ['wait', '--for=create', 'serviceaccount/default', '--timeout=20s']);
  const container = { image: BUSYBOX_IMAGE, imagePullPolicy: 'Never' };
  const pod = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec,
  });
  const volumes = [
    { name: 'memory', emptyDir: { medium: 'Memory' } },
    { name: 'host', hostPath: { path: mounted } },
  ];
  const volumeMounts = [
    { name: 'memory', mountPath: '/memory' },
    // A part of a volume is mounted under the kubelet's root as well: removing files there would reach the volume.
    { name: 'host', mountPath: '/host', subPath: 'part' },
  ];
  const items = [
    pod('mounts', {
      volumes,
      containers: [{ ...container, name: 'main', command: ['sleep', '100000'], volumeMounts }],
    }),
    pod('web', { containers: [{ ...container, name: 'main', command: ['httpd', '-f', '-p', '8080'] }] }),
    pod('ending', { containers: [{ ...container, name: 'main', command: ['sleep', '1'] }] }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
  await succeed(kubectl, ['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await succeed(kubectl, ['wait', '--for=condition=Ready', 'pod/mounts', 'pod/web', '--timeout=60s']);
}

describe('clearing the node', () => {
  test('after a good stop leaves the machine as it was', async () => {
    const directory = newDirectory();
    const mounted = mountedFolder(directory);
    await runPods(await startNodeStack(directory), mounted);
    expect(machineState()).not.toEqual(before);
    const supervisor = newSupervisor(directory);
    await stopNode(supervisor);
    await supervisor.stopAll();
    expect(machineState()).toEqual(before);
    expect(readFileSync(join(mounted, 'part', 'kept'), 'utf8')).toBe('kept');
  });

  test('after every process of the stack was killed leaves the machine as it was', async () => {
    const directory = newDirectory();
    const mounted = mountedFolder(directory);
    await runPods(await startNodeStack(directory), mounted);
    await killStack(directory);
    expect(containerProcesses()).not.toEqual([]);
    await cleanNode(directory);
    expect(machineState()).toEqual(before);
    expect(readFileSync(join(mounted, 'part', 'kept'), 'utf8')).toBe('kept');
  });

  test.each(['containerd', 'kubelet', 'kube-proxy', 'shim'] as const)(
    'does so after %s alone was killed',
    async (role) => {
      const directory = newDirectory();
      await runPods(await startNodeStack(directory), mountedFolder(directory));
      for (const { pid } of nodeProcesses().filter((one) => one.role === role)) process.kill(pid, 'SIGKILL');
      const supervisor = newSupervisor(directory);
      await stopNode(supervisor);
      await supervisor.stopAll();
      expect(machineState()).toEqual(before);
    },
  );

  test.each([300, 800, 1_500, 2_500, 4_000])(
    'does so after the launcher was killed %i ms into a start',
    async (delay) => {
      const directory = newDirectory();
      const launcher = spawn(process.execPath, launcherArguments(directory), { stdio: 'ignore' });
      const ended = new Promise((resolve) => launcher.once('close', resolve));
      await Promise.race([sleep(delay), ended]);
      launcher.kill('SIGKILL');
      await ended;
      const supervisor = newSupervisor(directory);
      await stopNode(supervisor);
      await supervisor.stopAll();
      expect(machineState()).toEqual(before);
    },
  );

  test('is done by the start of another stack, once the first is dead', async () => {
    const [first, second] = [newDirectory(), newDirectory()];
    // By a launcher that has ended, as `make up` has: a living one holds the node.
    await runPods(await startByLauncher(first), mountedFolder(first));
    await expect(prepareNode(second, () => {})).rejects.toMatchObject({ code: 'NodeUnavailable' });
    await killStack(first);
    await prepareNode(second, () => {});
    expect(containerProcesses()).toEqual([]);
    await cleanNode(second);
    expect(machineState()).toEqual(before);
  });

  test('is harmless where there is nothing to clear, and when repeated', async () => {
    const directory = newDirectory();
    await cleanNode(directory);
    await stopNode(newSupervisor(directory));
    await cleanNode(directory);
    expect(machineState()).toEqual(before);
  });
});

describe('starting the node again', () => {
  test('changes nothing when it runs, and brings back a program that is gone', async () => {
    const directory = newDirectory();
    const supervisor = newSupervisor(directory);
    const pids = (): Record<string, number> =>
      Object.fromEntries(supervisor.running().map(({ name, pid }) => [name, pid]));
    await runPods(await startNodeStack(directory), mountedFolder(directory));
    const first = pids();
    // All but the one that ends each second.
    const containers = containerProcesses().filter((pid) => commandLineOf(pid).join(' ') !== 'sleep 1');
    await startNodeStack(directory);
    expect(pids()).toEqual(first);
    process.kill(first['containerd'] ?? 0, 'SIGKILL');
    await startNodeStack(directory);
    expect(pids()).toEqual({ ...first, containerd: expect.any(Number) as unknown });
    expect(pids()['containerd']).not.toBe(first['containerd']);
    // Containers outlive their containerd, and the new one knows them.
    expect(containerProcesses()).toEqual(expect.arrayContaining(containers));
  });
});

const launcherArguments = (directory: string): string[] => [
  '--conditions=source',
  join(import.meta.dirname, 'node-stack.ts'),
  directory,
];

async function startByLauncher(directory: string): Promise<NodeStack> {
  const { stdout } = await promisify(execFile)(process.execPath, launcherArguments(directory));
  const stack: unknown = JSON.parse(stdout);
  return stack as NodeStack; // oxlint-disable-line typescript/no-unsafe-type-assertion -- node-stack.ts writes just that
}

function mountedFolder(directory: string): string {
  const mounted = join(directory, 'mounted');
  mkdirSync(join(mounted, 'part'), { recursive: true });
  writeFileSync(join(mounted, 'part', 'kept'), 'kept');
  return mounted;
}

/** `kill -9` of all that carries the stack's mark, container shims included; the containers themselves live on. */
async function killStack(directory: string): Promise<void> {
  await endProcesses(() => processesOfStack(directory), 0);
}
