import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayClient } from '../../proxy/gateway-client.ts';
import type { GatewayContext } from '../../proxy/gateway-context.ts';
import { documentsOf, type Indices } from './indices.ts';
import type { Finding, SeedSearch } from './search.ts';

/** What is searched of one gateway. */
export interface Haystack {
  readonly context: GatewayContext;
  readonly client: GatewayClient;
  /** Files beside the gateway's state: logs. */
  readonly logs: readonly string[];
  readonly indices: Indices;
  /** Of a caller who may have calls explained. */
  readonly token: string;
}

export interface SearchedPlaces {
  readonly findings: readonly Finding[];
  readonly places: readonly { readonly place: string; readonly bytes: number }[];
}

/** Searches all that Chaperone wrote, or shows to whoever asks. */
export async function searchAll(haystack: Haystack, search: SeedSearch): Promise<SearchedPlaces> {
  const findings: Finding[] = [];
  const places: { place: string; bytes: number }[] = [];
  for await (const [place, bytes] of textsOf(haystack)) {
    findings.push(...search.search(bytes, place));
    places.push({ place, bytes: bytes.length });
  }
  return { findings, places };
}

async function* textsOf(haystack: Haystack): AsyncGenerator<readonly [place: string, bytes: Buffer]> {
  const { context, logs, indices } = haystack;
  const entries = await readdir(context.stateDirectory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  // One after the other in one piece, too: what goes on in the next file is found by what is in each.
  for (const file of [...files.toSorted(), ...logs]) yield [file, await readFile(file)];
  for (const [name, url] of Object.entries({ gateway: context.adminUrl, operator: context.operatorAdminUrl })) {
    const metrics = await fetch(`${url}/metrics`);
    yield [`metrics of the ${name}`, Buffer.from(await metrics.arrayBuffer())];
  }
  yield* written(haystack);
  yield ['/explain', Buffer.from(await explained(haystack))];
  for await (const page of documentsOf(indices)) yield ['Elasticsearch', page];
}

/** Custom resources of Chaperone, and events that it wrote. */
async function* written({ client }: Haystack): AsyncGenerator<readonly [place: string, bytes: Buffer]> {
  for (const resource of ['agentpolicies', 'maskingrules', 'approvalrequests', 'leases', 'events']) {
    const args = ['get', resource, '--all-namespaces', '--output=json'];
    // Others write events about what the corpus makes; Chaperone's say who wrote them.
    const { code, stdout, stderr } = await client.kubectl(args);
    if (code !== 0) throw new Error(`kubectl get ${resource}: ${stderr}`);
    yield [resource, Buffer.from(resource === 'events' ? ownEvents(stdout) : stdout)];
  }
}

function ownEvents(text: string): string {
  const list: unknown = JSON.parse(text);
  const items = typeof list === 'object' && list !== null && 'items' in list ? list.items : undefined;
  if (!Array.isArray(items)) throw new TypeError('no list of events');
  return items
    .map((item) => JSON.stringify(item))
    .filter((item) => /"(?:reportingComponent|component)":"chaperone/u.test(item))
    .join('\n');
}

async function explained({ context, token }: Haystack): Promise<string> {
  const answer = await fetch(`${context.adminUrl}/explain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ method: 'GET', target: '/api/v1/namespaces/corpus/secrets' }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`/explain answered ${answer.status}: ${text}`);
  return text;
}
