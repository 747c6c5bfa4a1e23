import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { VIA_KEY } from '@chaperone/proxy/authn/identity';
import { REPLICA } from '@chaperone/e2e/stack/gateway';
import type { GatewayClient } from './gateway-client.ts';
import type { GatewayContext } from './gateway-context.ts';

/** A way to the API server: a client that takes one or the other must not see a difference. */
export type PathName = 'direct' | 'gateway';
export const PATHS = ['direct', 'gateway'] as const satisfies readonly PathName[];

export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

/** One caller, both ways. */
export interface ClientPaths {
  /** Path of a kubeconfig. The direct one impersonates the caller, so that RBAC and its words are about the same user. */
  readonly kubeconfig: Readonly<Record<PathName, string>>;
  readonly token: string;
  /** A directory that is removed with the rest. */
  readonly directory: string;
  remove(): void;
}

/** Everything that the API server can do, exits included: what a client sees then is not policy. */
export const everythingFor = (group: string): AgentPolicySpec => ({
  mode: 'Enforce',
  subjects: [{ kind: 'Group', name: group }],
  rules: [
    { name: 'everything', action: 'Allow', verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    {
      name: 'exits',
      action: 'Allow',
      verbs: ['*'],
      apiGroups: ['', 'certificates.k8s.io'],
      resources: ['secrets', 'serviceaccounts/token', 'certificatesigningrequests/approval'],
    },
    {
      name: 'rights',
      action: 'Allow',
      verbs: ['*', 'bind', 'escalate'],
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    },
    { name: 'paths', action: 'Allow', verbs: ['*'], nonResourceURLs: ['*'] },
  ],
});

export async function clientPaths(
  context: GatewayContext,
  client: GatewayClient,
  caller: Caller,
): Promise<ClientPaths> {
  const directory = mkdtempSync(join(tmpdir(), 'client-paths-'));
  const token = await client.token({ user: caller.user, groups: [...caller.groups] });
  const direct = join(directory, 'direct.kubeconfig');
  writeFileSync(direct, JSON.stringify(await impersonating(context, caller)), { mode: 0o600 });
  return {
    kubeconfig: { direct, gateway: client.kubeconfigOf(token) },
    token,
    directory,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The administrator's kubeconfig, with the identity that the gateway gives the caller: the API server names both alike. */
async function impersonating({ binDirectory, adminKubeconfig }: GatewayContext, caller: Caller): Promise<unknown> {
  const view = ['config', 'view', '--raw', '--minify', '--output=json', `--kubeconfig=${adminKubeconfig}`];
  const { stdout } = await runCommand(join(binDirectory, 'kubectl'), view);
  const config: unknown = JSON.parse(stdout, (key, value: unknown) =>
    key === 'user' && typeof value === 'object' && value !== null
      ? {
          ...value,
          as: caller.user,
          'as-uid': caller.user,
          'as-groups': caller.groups,
          'as-user-extra': { [VIA_KEY]: [REPLICA] },
        }
      : value,
  );
  return config;
}

/** Runs one command both ways at once. */
export async function bothWays(
  run: (path: PathName) => Promise<CommandResult>,
): Promise<Readonly<Record<PathName, CommandResult>>> {
  const [direct, gateway] = await Promise.all([run('direct'), run('gateway')]);
  return { direct, gateway };
}
