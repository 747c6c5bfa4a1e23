import type { Client } from '@elastic/elasticsearch';
import type { Fields } from './fields.ts';

/** Keywords that a stream of somebody else's may have as text. */
const KEYWORDS: ReadonlySet<string> = new Set(['keyword', 'longKeyword', 'name']);

/**
 * Fields that other streams of the same dataset have as text, as Elastic's own integration has some. ES|QL refuses a
 * field that has two types under the pattern that is searched, and with it every rule that names it.
 */
export async function textFieldsElsewhere(
  client: Client,
  { dataset, namespace, fields }: { readonly dataset: string; readonly namespace: string; readonly fields: Fields },
): Promise<ReadonlySet<string>> {
  const keywords = Object.entries(fields).flatMap(([path, type]) => (KEYWORDS.has(type) ? [path] : []));
  const answer = await client.fieldCaps({
    // What this stream itself has says nothing: it may be text for the sake of a stream that is gone.
    index: [`logs-${dataset}-*`, `-logs-${dataset}-${namespace}`],
    fields: keywords,
    ignore_unavailable: true,
    allow_no_indices: true,
  });
  return new Set(keywords.filter((path) => Object.hasOwn(answer.fields[path] ?? {}, 'text')));
}
