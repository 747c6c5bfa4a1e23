import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersOk } from '@chaperone/e2e/process/answers-ok';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { STACK_VARIABLE } from '@chaperone/e2e/process/process-table';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { serviceAccountKubeconfig } from '@chaperone/e2e/stack/service-account-kubeconfig';
import type { TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { expect, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { gatewayContext, type GatewayContext } from './gateway-context.ts';

/** One more replica of a gateway, whose process a test starts and ends as it likes. */
export interface OwnGateway {
  readonly context: GatewayContext;
  readonly pid: number;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number | null>;
  /** Path of what it logs. */
  readonly logFile: string;
  log(): string;
  terminate(): void;
  /** As the kernel does it when memory runs out: nothing that it has in mind is written. */
  kill(): void;
  /** Starts it once more after its end: the same ports, the same state directory. */
  restart(): Promise<OwnGateway>;
}

export interface OwnGatewayOptions {
  /** Of its pod. */
  readonly name: string;
  /** In place of the API server's own address. */
  readonly apiServer?: string;
  /** Top-level keys of its configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Of node, before the program. */
  readonly nodeArguments?: readonly string[];
  /** What is to be answered with 200 before it counts as started. */
  readonly until: '/healthz' | '/readyz';
}

const NAMESPACE = 'chaperone-system';
const STARTUP_TIMEOUT = 30_000;

/** Starts one beside that of the stack, with the same configuration otherwise. The stack's end ends it too. */
export async function startOwnGateway(running: TestGateway, options: OwnGatewayOptions): Promise<OwnGateway> {
  const { directories, controlPlane } = running;
  const { name, apiServer, configuration, nodeArguments = [], until } = options;
  const directory = join(directories.root, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (base: string): string => join(directory, base);
  await createPod(running, name);
  const account = { directories, controlPlane, namespace: NAMESPACE, name: 'chaperone-proxy', pod: name };
  writeFileSync(file('kubeconfig'), await serviceAccountKubeconfig({ ...account, server: apiServer }), { mode: 0o600 });
  const anyPort = { variable: '' };
  const ports = await choosePorts({ gateway: anyPort, gatewayAdmin: anyPort }, {});
  const shared: unknown = parse(readFileSync(join(directories.root, 'gateway', 'proxy.yaml'), 'utf8'));
  writeFileSync(
    file('proxy.yaml'),
    stringify({
      ...(typeof shared === 'object' ? shared : {}),
      replica: name,
      kubeconfig: file('kubeconfig'),
      listen: { host: '127.0.0.1', port: ports.gateway },
      admin: { host: '127.0.0.1', port: ports.gatewayAdmin },
      stateDirectory: file('state'),
      ...configuration,
    }),
  );
  const adminUrl = `http://127.0.0.1:${ports.gatewayAdmin}`;
  return launch(running, {
    directory,
    nodeArguments,
    until,
    context: {
      ...gatewayContext(running),
      url: `https://127.0.0.1:${ports.gateway}`,
      adminUrl,
      stateDirectory: file('state'),
    },
  });
}

interface Launch {
  readonly directory: string;
  readonly nodeArguments: readonly string[];
  readonly until: string;
  readonly context: GatewayContext;
}

async function launch(running: Pick<TestGateway, 'supervisor'>, launched: Launch): Promise<OwnGateway> {
  const { directory, nodeArguments, until, context } = launched;
  const file = (base: string): string => join(directory, base);
  const log = openSync(file('log'), 'a');
  const main = join(CHECKOUT, 'proxy', 'src', 'main.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=source', ...nodeArguments, main, `--config=${file('proxy.yaml')}`],
    {
      // By this the end of the stack finds it.
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        [STACK_VARIABLE]: running.supervisor.directory,
      },
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  await vi.waitFor(async () => expect(await answersOk(`${context.adminUrl}${until}`)).toBe(true), {
    timeout: STARTUP_TIMEOUT,
    interval: 50,
  });
  return {
    context,
    pid: child.pid ?? 0,
    exited,
    logFile: file('log'),
    log: () => readFileSync(file('log'), 'utf8'),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    restart: () => launch(running, launched),
  };
}

/** Admission leaves each replica the Lease of its own pod, which no scheduler ever sees. */
async function createPod({ directories, controlPlane }: TestGateway, name: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      serviceAccountName: 'chaperone-proxy',
      schedulerName: 'none',
      containers: [{ name: 'proxy', image: 'none' }],
    },
  };
  const result = await runCommand(
    join(directories.bin, 'kubectl'),
    [`--kubeconfig=${controlPlane.adminKubeconfig}`, `--namespace=${NAMESPACE}`, 'create', '--filename=-'],
    { input: JSON.stringify(pod) },
  );
  expect(result).toMatchObject({ code: 0 });
}
