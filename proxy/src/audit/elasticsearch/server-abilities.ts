import { errors, type Client } from '@elastic/elasticsearch';
import type { ServerAbilities } from './index-template.ts';

/** Each as small a template as needs it. */
const PROBES: Readonly<Record<keyof ServerAbilities, Record<string, unknown>>> = {
  constantKeyword: { mappings: { properties: { a: { type: 'constant_keyword' } } } },
  wildcard: { mappings: { properties: { a: { type: 'wildcard' } } } },
  matchOnlyText: { mappings: { properties: { a: { type: 'match_only_text' } } } },
  lifecycle: { lifecycle: { data_retention: '30d' } },
  failureStore: { data_stream_options: { failure_store: { enabled: true } } },
  storedSource: { settings: { 'index.mapping.source.mode': 'stored' } },
};

/**
 * What the server takes in a template, found by asking it for each: neither its version nor its distribution says so.
 * Nothing is changed. @throws errors of the client for any other answer than yes or no
 */
export async function askAbilities(client: Client): Promise<ServerAbilities> {
  const [constantKeyword, wildcard, matchOnlyText, lifecycle, failureStore, storedSource] = await Promise.all([
    takes(client, PROBES.constantKeyword),
    takes(client, PROBES.wildcard),
    takes(client, PROBES.matchOnlyText),
    takes(client, PROBES.lifecycle),
    takes(client, PROBES.failureStore),
    takes(client, PROBES.storedSource),
  ]);
  return { constantKeyword, wildcard, matchOnlyText, lifecycle, failureStore, storedSource };
}

async function takes(client: Client, template: Record<string, unknown>): Promise<boolean> {
  try {
    await client.transport.request({
      method: 'POST',
      path: '/_index_template/_simulate',
      // A pattern and a priority that no other template has: two of the same would be refused for that.
      body: { index_patterns: ['logs-chaperone.probe-none'], priority: 2_147_483_000, data_stream: {}, template },
    });
    return true;
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 400) return false;
    throw error;
  }
}
