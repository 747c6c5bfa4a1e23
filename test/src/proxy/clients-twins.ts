import { randomUUID } from 'node:crypto';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import type { GatewayClient } from './gateway-client.ts';
import { PATHS, type PathName } from './clients-paths.ts';

/** Two namespaces that differ by a letter, so that a command can do the same in both. */
export interface Twins {
  readonly namespace: Readonly<Record<PathName, string>>;
  /** For names of cluster-scoped objects. */
  readonly suffix: Readonly<Record<PathName, string>>;
}

export function newTwins(): Twins {
  const id = randomUUID().slice(0, 8);
  return {
    namespace: { direct: `clients-d-${id}`, gateway: `clients-g-${id}` },
    suffix: { direct: `d-${id}`, gateway: `g-${id}` },
  };
}

const names = (all: readonly Twins[]): string[] => all.flatMap(({ namespace }) => PATHS.map((path) => namespace[path]));

/** Creates all, and waits until the controllers have put into each what every namespace has. */
export async function createTwins(client: GatewayClient, all: readonly Twins[]): Promise<void> {
  const items = names(all).map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  succeeded(await client.kubectl(['create', '--filename=-'], { apiVersion: 'v1', kind: 'List', items }));
  await Promise.all(
    names(all).flatMap((name) =>
      ['serviceaccount/default', 'configmap/kube-root-ca.crt'].map(async (object) =>
        succeeded(await client.kubectl(['wait', '--for=create', object, `--namespace=${name}`, '--timeout=30s'])),
      ),
    ),
  );
}

export async function deleteTwins(client: GatewayClient, all: readonly Twins[]): Promise<void> {
  await client.kubectl(['delete', 'namespaces', ...names(all), '--wait=false', '--ignore-not-found']);
}

function succeeded(result: CommandResult): void {
  if (result.code !== 0) throw new Error(result.stderr);
}
