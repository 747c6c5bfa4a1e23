import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { kubeconfig } from '../cluster/kubeconfig.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { mintToken } from '../issuer/issue-token.ts';
import { LaunchError } from '../process/launch-error.ts';
import { replaceFile } from '../process/replace-file.ts';
import { runCommand } from '../process/run-command.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { answersOk } from '../process/answers-ok.ts';
import { CHECKOUT, type StackDirectories } from './directories.ts';
import { serviceAccountKubeconfig } from './service-account-kubeconfig.ts';
import { makeSigningKeys } from './signing-keys.ts';

export interface GatewayOptions {
  readonly directories: StackDirectories;
  readonly controlPlane: ControlPlane;
  readonly issuer: Issuer;
  /** Namespace of the release. */
  readonly namespace: string;
  readonly ports: { readonly gateway: number; readonly gatewayAdmin: number };
  /** Where records go; without it the log is the store. */
  readonly elasticsearchUrl?: string | undefined;
  readonly overrides?: GatewayOverrides;
}

/** What a test wants otherwise. */
export interface GatewayOverrides {
  /** Top-level keys of the proxy's configuration; `listen` and `admin` are added to, so that ports stay as they are. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Where the proxy finds the API server, in place of its own address: a faulty connection to it. */
  readonly apiServer?: string;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  /** Path of the certificate authority to trust, PEM. */
  readonly caFile: string;
  readonly adminUrl: string;
  /** Through the gateway, as agent@example.com of group agents. */
  readonly agentKubeconfig: string;
  /** Directory of the keys that sign its records, and of their public halves. */
  readonly signingKeys: string;
}

/** The pod that the process stands in for: its Lease has this name, and its token is bound to it. */
export const REPLICA = 'chaperone-proxy-local';
const READY_TIMEOUT = 60_000;
const OWNER_ONLY = 0o600;
const AGENT_TOKEN_SECONDS = 12 * 3_600;

/**
 * Starts the proxy as a process with the rights of its ServiceAccount, or finds it running, and waits until it is ready:
 * until it has policies.
 */
export async function startGateway(supervisor: Supervisor, options: GatewayOptions): Promise<Gateway> {
  const { directories, controlPlane, issuer, namespace, ports, elasticsearchUrl } = options;
  const directory = join(directories.root, 'gateway');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mkdirSync(directories.state, { recursive: true, mode: 0o700 });
  const running = supervisor.running().some(({ name }) => name === 'gateway');
  const file = (name: string): string => join(directory, name);
  if (!running) {
    replaceFile(file('kubeconfig'), await replicaKubeconfig(options), OWNER_ONLY);
    await writeCertificate(file, controlPlane);
  }
  const signingKeys = file('signing-keys');
  makeSigningKeys(signingKeys);
  const { listen, admin, audit, ...others } = options.overrides?.configuration ?? {};
  replaceFile(
    file('proxy.yaml'),
    stringify({
      namespace,
      replica: REPLICA,
      kubeconfig: file('kubeconfig'),
      listen: { host: '127.0.0.1', port: ports.gateway, ...objectOf(listen) },
      admin: { host: '127.0.0.1', port: ports.gatewayAdmin, ...objectOf(admin) },
      tls: { certificate: file('tls.crt'), key: file('tls.key') },
      stateDirectory: directories.state,
      audit: { signingKeys, ...objectOf(audit) },
      authentication: { inline: authenticationConfiguration(issuer), serviceAccounts: { audience: issuer.audience } },
      drain: { delay: '100ms', timeout: '5s' },
      ...(elasticsearchUrl === undefined
        ? {}
        : {
            elasticsearch: {
              nodes: [elasticsearchUrl],
              cluster: { name: 'local' },
              installTemplates: { retentionDays: 30 },
            },
          }),
      ...others,
    }),
    OWNER_ONLY,
  );
  const record = await supervisor.start({
    name: 'gateway',
    command: process.execPath,
    args: [
      '--conditions=source',
      join(CHECKOUT, 'proxy', 'src', `main${extname(import.meta.filename)}`),
      `--config=${file('proxy.yaml')}`,
    ],
  });
  const url = `https://127.0.0.1:${ports.gateway}`;
  const adminUrl = `http://127.0.0.1:${ports.gatewayAdmin}`;
  await supervisor.waitUntilReady(record, () => answersOk(`${adminUrl}/readyz`), READY_TIMEOUT);
  const agentKubeconfig = file('agent.kubeconfig');
  replaceFile(
    agentKubeconfig,
    kubeconfig({
      server: url,
      certificateAuthority: controlPlane.credentials.authority.keyPair.certificate,
      user: 'agent@example.com',
      credential: {
        kind: 'token',
        token: await mintToken(issuer.directory, {
          user: 'agent@example.com',
          groups: ['agents'],
          expiresIn: AGENT_TOKEN_SECONDS,
        }),
      },
    }),
    OWNER_ONLY,
  );
  return { url, caFile: controlPlane.caFile, adminUrl, agentKubeconfig, signingKeys };
}

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** Claims that the local issuer puts into tokens when asked to, under the names that records give them. */
const FACTS = { run: 'run', model: 'model', 'ci-job': 'ci_job', owner: 'owner', ref: 'ref' } as const;

function authenticationConfiguration(issuer: Issuer): unknown {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: {
          url: issuer.url,
          audiences: [issuer.audience],
          certificateAuthority: readFileSync(issuer.caFile, 'utf8'),
        },
        claimMappings: {
          username: { claim: 'email', prefix: '' },
          groups: { claim: 'groups', prefix: '' },
          uid: { claim: 'sub' },
          extra: Object.entries(FACTS).map(([key, claim]) => ({
            key: `chaperone.dev/${key}`,
            valueExpression: `has(claims.${claim}) ? string(claims.${claim}) : ''`,
          })),
        },
      },
    ],
  };
}

/** A token for a pod that no scheduler ever sees: admission tells replicas apart by the pod that theirs is bound to. */
async function replicaKubeconfig({ directories, controlPlane, namespace, overrides }: GatewayOptions): Promise<string> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: REPLICA, annotations: { 'chaperone.dev/stands-for': 'a proxy that runs as a local process' } },
    spec: {
      serviceAccountName: 'chaperone-proxy',
      // A scheduler of the node's stack must leave it alone.
      schedulerName: 'none',
      containers: [{ name: 'proxy', image: 'none' }],
    },
  };
  const applied = await runCommand(
    join(directories.bin, 'kubectl'),
    [
      `--kubeconfig=${controlPlane.adminKubeconfig}`,
      `--namespace=${namespace}`,
      'apply',
      '--server-side',
      '--filename=-',
    ],
    { input: JSON.stringify(pod) },
  );
  if (applied.code !== 0) throw new LaunchError('NotReady', `the gateway has no pod: ${applied.stderr.trim()}`);
  return serviceAccountKubeconfig({
    directories,
    controlPlane,
    namespace,
    name: 'chaperone-proxy',
    pod: REPLICA,
    server: overrides?.apiServer,
  });
}

async function writeCertificate(file: (name: string) => string, controlPlane: ControlPlane): Promise<void> {
  if (existsSync(file('tls.crt')) && existsSync(file('tls.key'))) return;
  const issued = await controlPlane.credentials.authority.issue({
    commonName: 'chaperone',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  replaceFile(file('tls.key'), issued.key, OWNER_ONLY);
  replaceFile(file('tls.crt'), issued.certificate, OWNER_ONLY);
}
