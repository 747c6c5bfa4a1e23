import { bulkBody, newEncoder, type EncodedEntry, type Tier } from '@chaperone/proxy/audit/elasticsearch/encoder';
import { BULK_HEADERS } from '@chaperone/proxy/audit/elasticsearch/connection';
import { installTemplates } from '@chaperone/proxy/audit/elasticsearch/install-templates';
import type { LoggedEntry } from '@chaperone/proxy/audit/wal/log-reader';
import type { Client } from '@elastic/elasticsearch';
import { newClient } from '../elasticsearch/client.ts';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';

/** Puts entries of a log into data streams of their own, as the gateway's encoder writes them. */
export async function shipRecords(
  url: string,
  namespace: string,
  entries: readonly LoggedEntry[],
  tierOf: (entry: LoggedEntry) => Tier = () => 'Full',
): Promise<void> {
  await elasticsearchReady(url);
  const client = newClient({ node: url, requestTimeout: 60_000 });
  await shipBy(client, namespace, entries, tierOf);
  await client.close();
}

/** The same by a client that may do all of it. */
export async function shipBy(
  client: Client,
  namespace: string,
  entries: readonly LoggedEntry[],
  tierOf: (entry: LoggedEntry) => Tier = () => 'Full',
): Promise<void> {
  await installTemplates(client, { namespace, retentionDays: 1, version: '0.1.0' });
  const encode = newEncoder({ namespace, cluster: { name: 'test' } });
  const encoded = entries
    .map((entry) => encode(entry, tierOf(entry)))
    .filter((each): each is EncodedEntry => each !== undefined);
  const answer: unknown = await client.transport.request(
    {
      method: 'POST',
      path: '/_bulk',
      querystring: { require_data_stream: true, refresh: true },
      bulkBody: bulkBody(encoded, new Date().toISOString()),
    },
    { headers: BULK_HEADERS },
  );
  if (typeof answer !== 'object' || answer === null || !('errors' in answer) || answer.errors !== false)
    throw new Error(`not all was stored: ${JSON.stringify(answer).slice(0, 1_000)}`);
}
