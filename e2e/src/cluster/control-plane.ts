import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersOk } from '../process/answers-ok.ts';
import { LaunchError } from '../process/launch-error.ts';
import type { ProcessRecord, Supervisor } from '../process/supervisor.ts';
import type { Program, Programs } from './build.ts';
import { clusterCredentials, NODE_ADDRESS, type ClusterCredentials } from './credentials.ts';

export interface ControlPlanePorts {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly controllerManager: number;
  readonly scheduler: number;
}

export interface ControlPlaneOptions {
  /** Certificates, kubeconfigs and logs; etcd's data is apart, in `etcdDirectory`. */
  readonly directory: string;
  readonly etcdDirectory: string;
  readonly programs: Programs;
  readonly ports: ControlPlanePorts;
  /** With a node the API server also listens on the node's bridge, and a scheduler runs. */
  readonly withNode: boolean;
  /** Added to kube-apiserver's own, for tests of odd servers (`--goaway-chance=0.5`). */
  readonly apiserverArguments?: readonly string[];
}

/** A running control plane. All paths are absolute. */
export interface ControlPlane {
  readonly url: string;
  readonly caFile: string;
  /** User `admin`, group `system:masters`, by client certificate. */
  readonly adminKubeconfig: string;
  readonly credentials: ClusterCredentials;
}

const STARTUP_TIMEOUT = 60_000;

/** Starts etcd, kube-apiserver, kube-controller-manager (and kube-scheduler for a node), and waits until all are ready. */
export async function startControlPlane(supervisor: Supervisor, options: ControlPlaneOptions): Promise<ControlPlane> {
  const credentials = await clusterCredentials(options.directory);
  const { file } = credentials;
  const url = `https://127.0.0.1:${options.ports.apiserver}`;
  const adminKubeconfig = await credentials.clientKubeconfig({
    file: 'admin',
    server: url,
    user: 'admin',
    groups: ['system:masters'],
  });
  await startEtcd(supervisor, options, credentials);
  await startApiserver(supervisor, options, credentials);

  const certificateAuthority = readFileSync(file('ca.crt'));
  const components = [
    {
      name: 'kube-controller-manager' as const,
      port: options.ports.controllerManager,
      args: [
        `--service-account-private-key-file=${file('service-account.key')}`,
        `--root-ca-file=${file('ca.crt')}`,
        `--cluster-signing-cert-file=${file('ca.crt')}`,
        `--cluster-signing-key-file=${file('ca.key')}`,
        '--use-service-account-credentials=true',
      ],
    },
    ...(options.withNode ? [{ name: 'kube-scheduler' as const, port: options.ports.scheduler, args: [] }] : []),
  ];
  await Promise.all(
    components.map(async ({ name, port, args }) => {
      const config = await credentials.clientKubeconfig({ file: name, server: url, user: `system:${name}` });
      const record = await supervisor.start({
        name,
        command: program(options.programs, name),
        args: [
          `--kubeconfig=${config}`,
          `--authentication-kubeconfig=${config}`,
          `--authorization-kubeconfig=${config}`,
          '--bind-address=127.0.0.1',
          `--secure-port=${port}`,
          `--tls-cert-file=${file(`${name}.crt`)}`,
          `--tls-private-key-file=${file(`${name}.key`)}`,
          '--leader-elect=false',
          ...args,
        ],
      });
      await supervisor.waitUntilReady(
        record,
        () => answersOk(`https://127.0.0.1:${port}/healthz`, { ca: certificateAuthority }),
        STARTUP_TIMEOUT,
      );
    }),
  );
  if (!(await answersOk(`${url}/readyz`, { ca: certificateAuthority }))) {
    throw new LaunchError(
      'NotReady',
      `kube-apiserver is not ready any more: see ${supervisor.logFile('kube-apiserver')}`,
    );
  }
  return { url, caFile: file('ca.crt'), adminKubeconfig, credentials };
}

async function startEtcd(
  supervisor: Supervisor,
  options: ControlPlaneOptions,
  { file }: ClusterCredentials,
): Promise<void> {
  const client = `https://127.0.0.1:${options.ports.etcd}`;
  const peer = `https://127.0.0.1:${options.ports.etcdPeer}`;
  mkdirSync(options.etcdDirectory, { recursive: true, mode: 0o700 });
  const etcd = await supervisor.start({
    name: 'etcd',
    command: program(options.programs, 'etcd'),
    args: [
      '--name=chaperone',
      `--data-dir=${options.etcdDirectory}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=chaperone=${peer}`,
      ...['', 'peer-'].flatMap((prefix) => [
        `--${prefix}cert-file=${file('etcd.crt')}`,
        `--${prefix}key-file=${file('etcd.key')}`,
        `--${prefix}trusted-ca-file=${file('etcd-ca.crt')}`,
        `--${prefix}client-cert-auth=true`,
      ]),
      // A stack for development and tests: what a power cut would lose is not worth an fsync per write.
      '--unsafe-no-fsync',
      '--quota-backend-bytes=8589934592',
      '--log-level=warn',
    ],
  });
  const access = {
    ca: readFileSync(file('etcd-ca.crt')),
    cert: readFileSync(file('etcd-client.crt')),
    key: readFileSync(file('etcd-client.key')),
  };
  await supervisor.waitUntilReady(etcd, () => answersOk(`${client}/readyz`, access), STARTUP_TIMEOUT);
}

async function startApiserver(
  supervisor: Supervisor,
  options: ControlPlaneOptions,
  { file }: ClusterCredentials,
): Promise<ProcessRecord> {
  writeFileSync(file('audit-policy.yaml'), AUDIT_POLICY);
  const record = await supervisor.start({
    name: 'kube-apiserver',
    command: program(options.programs, 'kube-apiserver'),
    args: [
      `--etcd-servers=https://127.0.0.1:${options.ports.etcd}`,
      `--etcd-cafile=${file('etcd-ca.crt')}`,
      `--etcd-certfile=${file('etcd-client.crt')}`,
      `--etcd-keyfile=${file('etcd-client.key')}`,
      `--secure-port=${options.ports.apiserver}`,
      ...(options.withNode
        ? ['--bind-address=0.0.0.0', `--advertise-address=${NODE_ADDRESS}`, '--endpoint-reconciler-type=lease']
        : ['--bind-address=127.0.0.1', '--endpoint-reconciler-type=none']),
      `--tls-cert-file=${file('kube-apiserver.crt')}`,
      `--tls-private-key-file=${file('kube-apiserver.key')}`,
      `--client-ca-file=${file('ca.crt')}`,
      `--service-account-key-file=${file('service-account.pub')}`,
      `--service-account-signing-key-file=${file('service-account.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--kubelet-client-certificate=${file('kubelet-client.crt')}`,
      `--kubelet-client-key=${file('kubelet-client.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${file('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${file('front-proxy-client.key')}`,
      `--audit-policy-file=${file('audit-policy.yaml')}`,
      `--audit-log-path=${join(options.directory, 'audit.log')}`,
      '--audit-log-maxsize=256',
      '--audit-log-maxbackup=1',
      '--shutdown-delay-duration=0s',
      ...(options.apiserverArguments ?? []),
    ],
    // On SIGTERM it finishes running requests first and takes some seconds to give its port back.
    stopTimeout: 20_000,
  });
  const certificateAuthority = readFileSync(file('ca.crt'));
  const ready = `https://127.0.0.1:${options.ports.apiserver}/readyz`;
  await supervisor.waitUntilReady(record, () => answersOk(ready, { ca: certificateAuthority }), STARTUP_TIMEOUT);
  return record;
}

/** The API server's own account of who did what, at Metadata: what the gateway's records are compared with. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  userGroups: ["system:nodes"]
- level: None
  users: ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy"]
- level: None
  userGroups: ["system:serviceaccounts:kube-system"]
- level: None
  nonResourceURLs: ["/readyz*", "/healthz*", "/livez*"]
- level: Metadata
`;

function program(programs: Programs, name: Program): string {
  const path = programs.get(name);
  if (path === undefined) throw new LaunchError('BuildFailed', `${name} has not been built`);
  return path;
}
