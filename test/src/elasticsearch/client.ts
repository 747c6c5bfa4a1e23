import { Client, type ClientOptions } from '@elastic/elasticsearch';

/**
 * A client of version 9 announces `compatible-with=9`, which an 8.x server refuses (elasticsearch-js#2909); a 9.x
 * server takes `compatible-with=8`.
 */
const COMPATIBLE = 'application/vnd.elasticsearch+json; compatible-with=8';

/** The official client, which reports every failure at once instead of trying again. */
export function newClient(options: ClientOptions): Client {
  return new Client({
    headers: { accept: COMPATIBLE, 'content-type': COMPATIBLE },
    maxRetries: 0,
    requestTimeout: 10_000,
    ...options,
  });
}
