import { inject } from 'vitest';
import { clientPaths, everythingFor, type ClientPaths } from './clients-paths.ts';
import { createTwins, deleteTwins, type Twins } from './clients-twins.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

/** A caller whom policy lets do everything, both ways to the API server, and its namespaces. */
export interface ClientsScene {
  readonly client: GatewayClient;
  readonly paths: ClientPaths;
  end(): Promise<void>;
}

/** @param group the caller's, of its own in the shared gateway; policy and user are named after it. */
export async function startClientsScene(group: string, twins: Twins): Promise<ClientsScene> {
  const context = inject('gateway');
  const client = newGatewayClient(context);
  const [paths] = await Promise.all([
    clientPaths(context, client, { user: `${group}@example.com`, groups: ['agents', group] }),
    client.applyPolicy(group, everythingFor(group)),
    createTwins(client, [twins]),
  ]);
  return {
    client,
    paths,
    async end() {
      await deleteTwins(client, [twins]);
      await client.deletePolicy(group);
      await client.close();
      paths.remove();
    },
  };
}
