import { newConnection } from '@chaperone/crds/client/connection';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';

/** Clients of a test, that are closed together. */
export interface TestClients {
  of(kubeconfig: string): Client;
  close(): Promise<void>;
}

export function newTestClients(name: string): TestClients {
  const clients: Client[] = [];
  return {
    of(kubeconfig) {
      const connection = newConnection({ kubeConfig: kubeConfigFromFile(kubeconfig), userAgent: name });
      const client = newClient({ connection, fieldManager: name });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.connection.close()));
    },
  };
}
