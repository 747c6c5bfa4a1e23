import { setTimeout as sleep } from 'node:timers/promises';
import { errors, type Client, type estypes } from '@elastic/elasticsearch';
import { CommandError } from '../command-error.ts';
import type { Clause } from './query.ts';

/** A document as it was found. */
export interface Hit {
  /** The index and the id. */
  readonly place: string;
  readonly source: unknown;
}

export interface PageOptions {
  readonly client: Client;
  /** A data stream. */
  readonly index: string;
  readonly query: Clause;
  readonly sort: readonly Readonly<Record<string, 'asc' | 'desc'>>[];
  /** Of `_source`. */
  readonly fields: readonly string[];
}

const FIRST_PAGE = 8;
const LARGEST_PAGE = 1_000;
/** Of a page's documents, about: records have some hundred bytes or some MiB, and nobody knows before. */
const PAGE_CHARACTERS = 8 * 1024 * 1024;
const KEEP_ALIVE = '5m';

/**
 * All documents that the query finds, in order, page by page, as they are when the first is read: what is added, moved
 * or merged meanwhile changes nothing.
 * @throws CommandError
 */
export async function* readPages(options: PageOptions): AsyncGenerator<Hit, void, void> {
  const { client, index, query, sort, fields } = options;
  let pit: string | undefined;
  try {
    ({ id: pit } = await patiently(() => client.openPointInTime({ index, keep_alive: KEEP_ALIVE })));
    let size = FIRST_PAGE;
    let after: estypes.SortResults | undefined;
    for (;;) {
      const request: estypes.SearchRequest = {
        pit: { id: pit, keep_alive: KEEP_ALIVE },
        size,
        query,
        sort: sort.map((each) => ({ ...each })),
        _source: [...fields],
        track_total_hits: false,
        // A shard that does not answer would make records look missing.
        allow_partial_search_results: false,
        ...(after === undefined ? {} : { search_after: after }),
      };
      const answer = await patiently(() => client.search(request));
      pit = answer.pit_id ?? pit;
      const { hits } = answer.hits;
      let characters = 1;
      for (const { _index, _id = '', _source } of hits) {
        characters += JSON.stringify(_source ?? null).length;
        yield { place: `${_index}/${_id}`, source: _source };
      }
      if (hits.length < size) return;
      after = hits.at(-1)?.sort;
      // The next page may have larger ones: it grows by steps.
      const fitting = Math.floor((PAGE_CHARACTERS / characters) * hits.length);
      size = Math.max(1, Math.min(LARGEST_PAGE, fitting, 4 * size));
    }
  } catch (error) {
    throw commandErrorOf(error, index);
  } finally {
    // What is not closed is dropped when its time is over.
    if (pit !== undefined) await client.closePointInTime({ id: pit }).catch(() => undefined);
  }
}

const RETRIES = 4;
const FIRST_PAUSE_MS = 250;

/** A server that has too much to do, or whose new index is not ready yet, is asked again. */
async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let retry = 0; ; retry++) {
    try {
      return await ask();
    } catch (error) {
      const status = error instanceof errors.ResponseError ? error.statusCode : undefined;
      if (retry === RETRIES || (status !== 429 && status !== 503)) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** retry);
    }
  }
}

/** Elasticsearch's reasons may quote documents: its type of error is told. */
export function commandErrorOf(error: unknown, index: string): unknown {
  if (!(error instanceof errors.ElasticsearchClientError)) return error;
  const told = (message: string): CommandError => new CommandError('Source', message, { cause: error });
  if (!(error instanceof errors.ResponseError))
    return told(
      `Elasticsearch cannot be reached (${error.name}: ${error.message}): check --elasticsearch and --ca-file`,
    );
  const status = error.statusCode ?? 0;
  switch (status) {
    case 401:
      return told(
        'Elasticsearch does not know the credential: check --username with --password-file, or --api-key-file',
      );
    case 403:
      return told(`Elasticsearch does not let this user read ${index}: it needs the privilege read there`);
    case 404:
      return told(
        `Elasticsearch has no data stream ${index}: nothing is recorded there yet, or --data-stream-namespace is another`,
      );
    default:
      return told(`Elasticsearch cannot answer (${status}): ask it again, or look into its log`);
  }
}
