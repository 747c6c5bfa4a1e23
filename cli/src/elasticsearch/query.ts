import { CODE_FIELD, FILTERS, RESOURCE_FIELDS, type FilterName } from '../records/filters.ts';
import type { RecordQuery, ResourceFilter } from '../records/record-query.ts';

export type Clause = Readonly<Record<string, unknown>>;

export const WRITER_FIELD = 'chaperone.integrity.writer';

/** Elastic's own integration may write into the same data stream: what has no writer is no record of Chaperone. */
export const ALL_RECORDS: Clause = { exists: { field: WRITER_FIELD } };

const isFilter = (name: string): name is FilterName => Object.hasOwn(FILTERS, name);

/** A query as Elasticsearch takes it. Every clause is a filter: nothing is scored, so answers are cached. */
export function elasticsearchQuery({ values, resources, codes, since, until }: RecordQuery): Clause {
  const filter: Clause[] = [ALL_RECORDS];
  for (const [name, any] of Object.entries(values))
    if (isFilter(name)) filter.push({ terms: { [FILTERS[name].field]: any } });
  if (resources.length > 0) filter.push(anyOf(resources.map(resourceClause)));
  if (codes.length > 0)
    filter.push(anyOf(codes.map(({ from, to }) => ({ range: { [CODE_FIELD]: { gte: from, lte: to } } }))));
  if (since !== undefined || until !== undefined)
    filter.push({
      range: {
        '@timestamp': {
          format: 'epoch_millis',
          ...(since === undefined ? {} : { gte: String(Math.ceil(since)) }),
          ...(until === undefined ? {} : { lt: String(Math.ceil(until)) }),
        },
      },
    });
  return { bool: { filter } };
}

const anyOf = (should: readonly Clause[]): Clause => ({ bool: { should, minimum_should_match: 1 } });

function resourceClause({ resource, apiGroup, subresource }: ResourceFilter): Clause {
  const filter: Clause[] = [{ term: { [RESOURCE_FIELDS.resource]: resource } }];
  const hasSubresource = { exists: { field: RESOURCE_FIELDS.subresource } };
  if (apiGroup !== undefined) filter.push({ term: { [RESOURCE_FIELDS.apiGroup]: apiGroup } });
  if (subresource === '') return { bool: { filter, must_not: [hasSubresource] } };
  filter.push(subresource === '*' ? hasSubresource : { term: { [RESOURCE_FIELDS.subresource]: subresource } });
  return { bool: { filter } };
}
