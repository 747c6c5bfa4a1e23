import type { Client } from '@elastic/elasticsearch';

/** Of what a search finds: enough to count it, and to hold it against the log. */
export interface StoredDocument {
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  /** Fields that were not indexed, as their values did not fit. */
  readonly ignored: readonly string[];
}

/** All documents of a stream, however many. */
export async function storedDocuments(client: Client, stream: string): Promise<readonly StoredDocument[]> {
  await client.indices.refresh({ index: stream });
  const found: StoredDocument[] = [];
  let after: readonly (string | number)[] | undefined;
  for (;;) {
    const { hits } = await client.search<Record<string, unknown>>({
      index: stream,
      size: 1_000,
      sort: [{ 'event.sequence': { order: 'asc', unmapped_type: 'long' } }, { 'event.hash': 'asc' }],
      ...(after === undefined ? {} : { search_after: [...after] }),
    });
    for (const { _id: id = '', _source: source = {}, _ignored: ignored = [] } of hits.hits)
      found.push({ id, source, ignored });
    const last = hits.hits.at(-1)?.sort;
    if (last === undefined) return found;
    after = last.flatMap((value) => (typeof value === 'string' || typeof value === 'number' ? [value] : []));
  }
}

/** How many fields the mapping of the stream's index has. */
export async function countFields(client: Client, stream: string): Promise<number> {
  const mappings = Object.values(await client.indices.getMapping({ index: stream }));
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).reduce(
          (sum, [key, below]) => sum + (key === 'type' && typeof below === 'string' ? 1 : count(below)),
          0,
        )
      : 0;
  return count(mappings[0]?.mappings);
}
