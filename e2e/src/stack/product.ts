import { mkdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { NODE_ENVIRONMENT, NODE_FLAGS } from '@chaperone/operator/node-flags';
import { stringify } from 'yaml';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { LaunchError } from '../process/launch-error.ts';
import { reportStep, type Report } from '../process/progress.ts';
import { runCommand } from '../process/run-command.ts';
import type { Supervisor } from '../process/supervisor.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { answersOk } from '../process/answers-ok.ts';
import { CHECKOUT, type StackDirectories } from './directories.ts';
import { serviceAccountKubeconfig } from './service-account-kubeconfig.ts';
import { startGateway, type Gateway, type GatewayOverrides } from './gateway.ts';

/** Namespace of the release. */
export const CHAPERONE_NAMESPACE = 'chaperone-system';

export interface ProductOptions {
  readonly directories: StackDirectories;
  readonly controlPlane: ControlPlane;
  readonly issuer: Issuer;
  readonly ports: { readonly operatorAdmin: number; readonly gateway: number; readonly gatewayAdmin: number };
  readonly report: Report;
  readonly elasticsearchUrl?: string | undefined;
  readonly overrides?: GatewayOverrides;
}

/** What of the product runs. */
export interface Product {
  readonly operatorAdminUrl: string;
  readonly gateway: Gateway;
}

const READY_TIMEOUT = 60_000;

/** Installs the chart without workloads and starts operator and proxy as processes, with the rights of their ServiceAccounts. */
export async function startProduct(supervisor: Supervisor, options: ProductOptions): Promise<Product> {
  return reportStep(options.report, 'Starting Chaperone', async () => {
    await installChart(options);
    // The gateway is ready once the operator has written policies for it; both start side by side.
    const starting = [
      startOperator(supervisor, options),
      startGateway(supervisor, { ...options, namespace: CHAPERONE_NAMESPACE }),
    ] as const;
    await Promise.allSettled(starting);
    const [operatorAdminUrl, gateway] = await Promise.all(starting);
    await waitForPolicies(options);
    return { operatorAdminUrl, gateway };
  });
}

/**
 * Until what policies there are is enforced: on a new cluster the policy of the installation, without which no client
 * gets to know what there is. One that cannot be enforced is its author's affair and holds nothing up for long.
 */
async function waitForPolicies({ directories, controlPlane }: ProductOptions): Promise<void> {
  await runCommand(join(directories.bin, 'kubectl'), [
    `--kubeconfig=${controlPlane.adminKubeconfig}`,
    'wait',
    'agentpolicies',
    '--all',
    '--for=condition=Enforced',
    '--timeout=10s',
  ]);
}

/** `helm upgrade --install`: harmless when repeated, and takes up a chart that has changed. */
async function installChart({ directories, controlPlane }: ProductOptions): Promise<void> {
  const helm = join(directories.bin, 'helm');
  const args = [
    'upgrade',
    '--install',
    'chaperone',
    join(CHECKOUT, 'charts', 'chaperone'),
    `--kubeconfig=${controlPlane.adminKubeconfig}`,
    `--namespace=${CHAPERONE_NAMESPACE}`,
    '--create-namespace',
    '--set=operator.enabled=false',
    '--set=gateway.managed=false',
    '--wait',
  ];
  // Of its own: a developer's helm configuration and plugins must not matter.
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HELM_'))),
    HELM_CONFIG_HOME: join(directories.root, 'helm'),
    HELM_DATA_HOME: join(directories.root, 'helm'),
  };
  const result = await runCommand(helm, args, { env });
  if (result.code !== 0) {
    throw new LaunchError(
      'NotReady',
      `the chart cannot be installed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  }
}

async function startOperator(
  supervisor: Supervisor,
  { directories, controlPlane, ports }: ProductOptions,
): Promise<string> {
  const directory = join(directories.root, 'operator');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const config = join(directory, 'operator.yaml');
  const credentials = join(directory, 'kubeconfig');
  const running = supervisor.running().some(({ name }) => name === 'operator');
  // A running operator has read its token; a new one for every start is the simplest that never expires.
  if (!running)
    writeFileSync(
      credentials,
      await serviceAccountKubeconfig({
        directories,
        controlPlane,
        namespace: CHAPERONE_NAMESPACE,
        name: 'chaperone-operator',
      }),
      {
        mode: 0o600,
      },
    );
  writeFileSync(
    config,
    stringify({
      namespace: CHAPERONE_NAMESPACE,
      kubeconfig: credentials,
      admin: { host: '127.0.0.1', port: ports.operatorAdmin },
      gateway: { managed: false },
    }),
  );
  const record = await supervisor.start({
    name: 'operator',
    command: process.execPath,
    env: NODE_ENVIRONMENT,
    args: [
      ...NODE_FLAGS,
      '--conditions=source',
      join(CHECKOUT, 'operator', 'src', `main${extname(import.meta.filename)}`),
      `--config=${config}`,
    ],
  });
  const url = `http://127.0.0.1:${ports.operatorAdmin}`;
  await supervisor.waitUntilReady(record, () => answersOk(`${url}/readyz`), READY_TIMEOUT);
  return url;
}
