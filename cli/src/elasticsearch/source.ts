import { systemClock } from '@chaperone/crds/client/clock';
import { CHECKPOINT_DATASET } from '@chaperone/proxy/audit/elasticsearch/checkpoint-document';
import { ConnectionFileError, newConnection } from '@chaperone/proxy/audit/elasticsearch/connection';
import { DATASET } from '@chaperone/proxy/audit/elasticsearch/document';
import { elasticsearchOptions } from '@chaperone/proxy/audit/elasticsearch/options';
import type { Client } from '@elastic/elasticsearch';
import { z } from 'zod';
import { CommandError, usageError } from '../command-error.ts';
import { LONGEST_TEXTS, tooLarge } from '../records/newest.ts';
import { matches } from '../records/matches.ts';
import type { StoredRecord } from '../records/stored-record.ts';
import { unreadableNote, type Evidence, type RecordSource, type SearchOptions } from '../sources/record-source.ts';
import { editedField } from './document-check.ts';
import { foundRecord, hasOwnHash, readDocument, RECORD_FIELDS, storedRecord } from './found-document.ts';
import { readPages, type Hit } from './pages.ts';
import { ALL_RECORDS, elasticsearchQuery, WRITER_FIELD } from './query.ts';

export interface ElasticsearchSourceOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly apiKeyFile?: string | undefined;
  readonly caFile?: string | undefined;
  /** The last part of the names of the data streams. */
  readonly namespace?: string | undefined;
  /** Whether evidence is all of a document, and not only the text in it. */
  readonly allFields?: boolean | undefined;
}

/** The documents that gateways have shipped. @throws CommandError */
export async function openElasticsearch(options: ElasticsearchSourceOptions): Promise<RecordSource> {
  const settings = parseOptions(options);
  const connection = newConnection({
    settings,
    credential: settings.authentication,
    clock: systemClock,
    failed: () => undefined,
  });
  const client = await connection.client().catch((error: unknown) => {
    throw error instanceof ConnectionFileError ? new CommandError('Source', error.message, { cause: error }) : error;
  });
  const notes: string[] = [];
  const store: Store = {
    client,
    notes,
    records: `logs-${DATASET}-${settings.namespace}`,
    checkpoints: `logs-${CHECKPOINT_DATASET}-${settings.namespace}`,
    allFields: options.allFields === true,
  };
  return {
    notes,
    search: (search) => searchIn(store, search),
    evidence: evidenceIn(store),
    close: () => connection.close(),
  };
}

interface Store {
  readonly client: Client;
  readonly notes: string[];
  readonly records: string;
  readonly checkpoints: string;
  readonly allFields: boolean;
}

function parseOptions({ url, username, passwordFile, apiKeyFile, caFile, namespace }: ElasticsearchSourceOptions) {
  if ((username === undefined) !== (passwordFile === undefined))
    throw usageError('--username and --password-file stand together: give both or neither');
  if (username !== undefined && apiKeyFile !== undefined)
    throw usageError('--username and --api-key-file exclude each other: give one');
  const basic = username === undefined ? undefined : { basic: { username, passwordFile } };
  const parsed = elasticsearchOptions.safeParse({
    nodes: [url],
    tls: caFile === undefined ? {} : { caFile },
    ...(namespace === undefined ? {} : { namespace }),
    ...(basic === undefined ? {} : { authentication: basic }),
    ...(apiKeyFile === undefined ? {} : { authentication: { apiKeyFile } }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = issue?.path[0] === 'namespace' ? '--data-stream-namespace' : '--elasticsearch';
  throw usageError(`${option}: ${issue?.message ?? 'cannot be read'}`);
}

async function searchIn({ client, records: index, notes }: Store, { query, limit, withText }: SearchOptions) {
  const records: StoredRecord[] = [];
  const pages = readPages({
    client,
    index,
    query: elasticsearchQuery(query),
    sort: [{ '@timestamp': 'desc' }, { [WRITER_FIELD]: 'desc' }, { 'event.sequence': 'desc' }],
    fields: RECORD_FIELDS,
  });
  let hasMore = false;
  let unreadable = 0;
  let length = 0;
  for await (const { source } of pages) {
    const document = readDocument(source);
    const record = document === undefined ? undefined : storedRecord(document, withText);
    if (record === undefined) unreadable += 1;
    // The fields that Elasticsearch searched may say something else than what was hashed.
    if (record === undefined || !matches(record.facts, query)) continue;
    hasMore = records.length === limit;
    if (hasMore) break;
    records.push(record);
    length += record.original?.length ?? 0;
    if (length > LONGEST_TEXTS) throw tooLarge();
  }
  if (unreadable > 0) notes.push(unreadableNote(unreadable));
  return { records: records.toReversed(), hasMore };
}

function evidenceIn(store: Store): Evidence {
  const { client, notes, records, checkpoints, allFields } = store;
  const read = (field: string, order: 'asc' | 'desc'): AsyncGenerator<Hit> =>
    readPages({
      client,
      index: checkpoints,
      query: { exists: { field } },
      sort: [{ [field]: order }],
      fields: ['event.original'],
    });
  return {
    async checkpoints() {
      const found: unknown[] = [];
      for await (const hit of read('chaperone.checkpoint.number', 'asc')) found.push(originalOf(hit));
      return found;
    },
    async registry() {
      for await (const hit of read('chaperone.registry.number', 'desc')) return originalOf(hit);
      return undefined;
    },
    async *records(report) {
      // What the checkpoints vouch for may have come just before them, and not be searchable yet. Reading must not need
      // the right to do this.
      await client.indices.refresh({ index: records }).catch(() => undefined);
      const pages = readPages({
        client,
        index: records,
        query: ALL_RECORDS,
        sort: [{ [WRITER_FIELD]: 'asc' }, { 'event.sequence': 'asc' }],
        fields: allFields ? ['*'] : RECORD_FIELDS,
      });
      let withoutText = 0;
      for await (const { place, source } of pages) {
        const document = readDocument(source);
        if (document === undefined) {
          report({ kind: 'Malformed', writer: '', place, message: 'a document cannot be read as one of a record' });
          continue;
        }
        const record = foundRecord(document, place);
        if (record === undefined) {
          withoutText += 1;
          continue;
        }
        const { writer, sequence } = record;
        const altered = (where: string, message: string): void =>
          report({ kind: 'Altered', writer, sequences: [sequence, sequence], place: where, message });
        if (!hasOwnHash(document)) altered(place, 'the hash beside the record is not its own');
        const field = allFields ? editedField(document, source) : undefined;
        if (field !== undefined) altered(`${place} ${field}`, 'a field beside the record is not what it says');
        yield record;
      }
      if (withoutText > 0) notes.push(withoutTextNote(withoutText));
    },
  };
}

const withoutTextNote = (count: number): string =>
  `${count === 1 ? '1 document is without the text of its record' : `${count} documents are without the text of their records`}, which Elasticsearch refused: it is in the gateways' dead letters`;

const originalSchema = z.object({ event: z.object({ original: z.string() }) });

/** What is no JSON is told as a checkpoint that cannot be read. */
function originalOf({ source }: Hit): unknown {
  const text = originalSchema.safeParse(source).data?.event.original;
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text;
  }
}
