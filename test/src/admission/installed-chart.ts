import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControlPlane } from '@chaperone/e2e/cluster/control-plane';
import { kubeconfig } from '@chaperone/e2e/cluster/kubeconfig';
import { startTestControlPlane } from '@chaperone/e2e/stack/test-control-plane';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { Agent, request } from 'undici';
import { expect, inject, vi } from 'vitest';
import { approvalRequest } from './approval-request.ts';

export const CHART = join(import.meta.dirname, '../../../charts/chaperone');
export const NAMESPACE = 'chaperone-system';
export const OPERATOR = `system:serviceaccount:${NAMESPACE}:chaperone-operator`;
export const PROXY = `system:serviceaccount:${NAMESPACE}:chaperone-proxy`;

/** Who a call is made as: a kubeconfig of its own, or the administrator's with impersonation. */
export interface Caller {
  readonly kubeconfig: string;
  readonly flags: readonly string[];
  /** Of a ServiceAccount; absent where the kubeconfig holds a certificate. */
  readonly token?: string;
}

export interface Installation {
  /** By client certificate, `system:masters`; a break-glass group. */
  readonly admin: Caller;
  /** May do everything as far as RBAC goes, and is in no break-glass group. */
  readonly administrator: Caller;
  /** With the token of the operator's ServiceAccount. */
  readonly operator: Caller;
  /** With a token of the gateway's ServiceAccount that is bound to the pod `chaperone-proxy-0`. */
  readonly proxy: Caller;
  readonly url: string;
  readonly certificateAuthority: string;
  /** Runs kubectl; never rejects for its exit code. */
  readonly kubectl: (caller: Caller, args: readonly string[], input?: unknown) => Promise<CommandResult>;
  /**
   * A merge patch of the status of an ApprovalRequest: as reviewers do it, by kubectl, which reads the status first; as
   * operator and gateway do it, who may patch and not read, by a plain call.
   */
  readonly patchStatus: (
    caller: Caller,
    request: { readonly namespace: string; readonly name: string },
    status: unknown,
  ) => Promise<CommandResult>;
  /** A call with a ServiceAccount's token and any headers; standard error holds the message of a refusal. */
  readonly call: (caller: Caller, options: CallOptions) => Promise<CommandResult>;
  readonly helm: (args: readonly string[]) => Promise<CommandResult>;
  /** A direct caller with its own certificate. */
  readonly person: (user: string, groups: readonly string[]) => Promise<Caller>;
  /** A caller with a token of the gateway's account bound to a pod that is made for it. */
  readonly replica: (pod: string) => Promise<Caller>;
  /** A caller with a new token of the operator's account: former ones are void once the account was made anew. */
  readonly newOperator: () => Promise<Caller>;
  /** Ends kube-apiserver; what needs it has to wait. */
  readonly stopApiServer: () => Promise<void>;
  readonly startApiServer: () => Promise<void>;
  /** SIGSTOP hangs kube-apiserver, connections and all, until SIGCONT. */
  readonly signalApiServer: (signal: 'SIGSTOP' | 'SIGCONT') => void;
  readonly stop: () => Promise<void>;
}

export interface CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Impersonates from `admin`: right for everything that depends on user, groups and extras alone. */
export function as(
  admin: Caller,
  user: string,
  groups: readonly string[] = [],
  extra: Readonly<Record<string, string>> = {},
): Caller {
  return {
    kubeconfig: admin.kubeconfig,
    flags: [
      `--as=${user}`,
      ...groups.map((group) => `--as-group=${group}`),
      ...Object.entries(extra).map(([key, value]) => `--as-user-extra=${key}=${value}`),
    ],
  };
}

/**
 * A control plane with the chart installed. It is not the one that other tests share: the chart's admission policies
 * hold for the whole cluster, and would refuse what those tests do to ApprovalRequests.
 */
export async function installChart(values: readonly string[] = []): Promise<Installation> {
  const own = await startTestControlPlane('chart');
  try {
    const { controlPlane } = own;
    const directory = own.directories.root;
    const { url, credentials } = controlPlane;
    const certificateAuthority = readFileSync(controlPlane.caFile, 'utf8');
    const admin: Caller = { kubeconfig: controlPlane.adminKubeconfig, flags: [] };
    const kubectl = (caller: Caller, args: readonly string[], input?: unknown): Promise<CommandResult> =>
      runCommand(
        join(inject('binDirectory'), 'kubectl'),
        [`--kubeconfig=${caller.kubeconfig}`, ...caller.flags, ...args],
        input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) },
      );
    const dispatcher = new Agent({ connect: { ca: certificateAuthority } });
    const call = async ({ token }: Caller, { method, path, headers, body }: CallOptions): Promise<CommandResult> => {
      const response = await request(`${url}${path}`, {
        dispatcher,
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const stdout = await response.body.text();
      const code = response.statusCode < 300 ? 0 : 1;
      return { code, stdout, stderr: code === 0 ? '' : messageOf(stdout) };
    };
    // Helm writes caches and repositories under the home directory unless told where.
    const helm = (args: readonly string[]): Promise<CommandResult> =>
      runCommand(
        join(inject('binDirectory'), 'helm'),
        [`--kubeconfig=${admin.kubeconfig}`, `--namespace=${NAMESPACE}`, ...args],
        { env: { PATH: process.env['PATH'], HOME: directory } },
      );
    const installed = await helm([
      'install',
      'chaperone',
      CHART,
      '--create-namespace',
      '--set=operator.enabled=false',
      ...values.map((value) => `--set=${value}`),
    ]);
    expect(installed, 'helm install').toMatchObject({ code: 0 });

    const tokens = join(directory, 'tokens');
    mkdirSync(tokens, { recursive: true, mode: 0o700 });
    const withToken = async (account: string, name: string, args: readonly string[]): Promise<Caller> => {
      const created = await kubectl(admin, ['create', 'token', account, `--namespace=${NAMESPACE}`, ...args]);
      expect(created, `token of ${account}`).toMatchObject({ code: 0 });
      const file = join(tokens, `${account}.${name}`);
      const credential = { kind: 'token', token: created.stdout.trim() } as const;
      writeFileSync(file, kubeconfig({ server: url, certificateAuthority, user: name, credential }), { mode: 0o600 });
      return { kubeconfig: file, flags: [], token: credential.token };
    };
    const replica = async (pod: string): Promise<Caller> => {
      // No scheduler runs: the pod stays Pending, and the API server binds tokens to it all the same.
      const made = await kubectl(admin, ['create', '--filename=-'], {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, namespace: NAMESPACE },
        spec: { serviceAccountName: 'chaperone-proxy', containers: [{ name: 'proxy', image: 'none' }] },
      });
      expect(made, `pod ${pod}`).toMatchObject({ code: 0 });
      return withToken('chaperone-proxy', pod, ['--bound-object-kind=Pod', `--bound-object-name=${pod}`]);
    };
    const granted = await kubectl(admin, [
      'create',
      'clusterrolebinding',
      'administrators',
      '--clusterrole=cluster-admin',
      '--group=administrators',
    ]);
    expect(granted, 'rights of administrators').toMatchObject({ code: 0 });

    const installation: Installation = {
      admin,
      administrator: as(admin, 'administrator@example.com', ['administrators']),
      operator: await withToken('chaperone-operator', 'chaperone-operator', []),
      proxy: await replica('chaperone-proxy-0'),
      url,
      certificateAuthority,
      kubectl,
      call,
      patchStatus: (caller, { namespace, name }, status) =>
        caller.token === undefined
          ? kubectl(caller, [
              'patch',
              'approvalrequests',
              name,
              `--namespace=${namespace}`,
              '--subresource=status',
              '--type=merge',
              `--patch=${JSON.stringify({ status })}`,
            ])
          : call(caller, {
              method: 'PATCH',
              path: `/apis/chaperone.dev/v1alpha1/namespaces/${namespace}/approvalrequests/${name}/status`,
              headers: { 'content-type': 'application/merge-patch+json' },
              body: { status },
            }),
      helm,
      person: async (user, groups) => ({
        kubeconfig: await credentials.clientKubeconfig({ file: user, server: url, user, groups }),
        flags: [],
      }),
      replica,
      newOperator: () => withToken('chaperone-operator', `chaperone-operator-${Date.now()}`, []),
      stopApiServer: () => own.supervisor.stop('kube-apiserver'),
      startApiServer: async () => {
        await startControlPlane(own.supervisor, own.options);
      },
      signalApiServer: (signal) => {
        const record = own.supervisor.running().find(({ name }) => name === 'kube-apiserver');
        expect(record, 'kube-apiserver').toBeDefined();
        process.kill(record?.pid ?? 0, signal);
      },
      stop: async () => {
        await dispatcher.close();
        await own.stop();
      },
    };
    await untilAdmissionPoliciesAct(installation);
    return installation;
  } catch (error) {
    await own.stop();
    throw error;
  }
}

/** The API server takes a second or two to go by a new admission policy: each is probed until it refuses. */
async function untilAdmissionPoliciesAct({ kubectl, administrator, operator }: Installation): Promise<void> {
  const metadata = { namespace: NAMESPACE };
  const probes: readonly (readonly [string, Caller, object])[] = [
    ['chaperone-approvalrequests', administrator, approvalRequest({ name: 'probe', namespace: NAMESPACE, spec: {} })],
    [
      'chaperone-bundle',
      administrator,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'chaperone-bundle-probe' } },
    ],
    [
      'chaperone-leases',
      administrator,
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { ...metadata, name: 'probe', labels: { 'app.kubernetes.io/component': 'proxy' } },
      },
    ],
    [
      'chaperone-secrets',
      operator,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: {
          ...metadata,
          name: 'chaperone-proxy-tls',
          annotations: { 'kubernetes.io/service-account.name': 'chaperone-proxy' },
        },
      },
    ],
  ];
  for (const [policy, caller, object] of probes) {
    await vi.waitFor(
      async () => {
        const args = ['apply', '--server-side', '--dry-run=server', '--filename=-'];
        expect((await kubectl(caller, args, object)).stderr).toContain(`ValidatingAdmissionPolicy '${policy}'`);
      },
      { timeout: 30_000, interval: 250 },
    );
  }
}

/** The message of a `metav1.Status`, or all of the answer where it is something else. */
function messageOf(text: string): string {
  const status: unknown = JSON.parse(text);
  return typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : text;
}
