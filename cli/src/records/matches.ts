import { FILTERS, type FilterName } from './filters.ts';
import type { RecordQuery, ResourceFilter } from './record-query.ts';
import { momentOf, type CallFacts, type RecordFacts } from './stored-record.ts';

const isFilter = (name: string): name is FilterName => Object.hasOwn(FILTERS, name);

/** Whether a record is among those that the query asks for. What Elasticsearch is asked has to mean the same. */
export function matches(facts: RecordFacts, query: RecordQuery): boolean {
  const { values, resources, codes, since = -Infinity, until = Infinity } = query;
  const moment = momentOf(facts);
  if (moment < since || moment >= until) return false;
  const wanted = Object.entries(values);
  if (facts.kind !== 'Event') return wanted.length + resources.length + codes.length === 0;
  return (
    wanted.every(([name, any]) => isFilter(name) && any.includes(FILTERS[name].of(facts) ?? '')) &&
    (resources.length === 0 || resources.some((resource) => isOf(facts, resource))) &&
    (codes.length === 0 || codes.some(({ from, to }) => isBetween(facts.responseStatus?.code, from, to)))
  );
}

function isOf({ objectRef }: CallFacts, { resource, apiGroup, subresource }: ResourceFilter): boolean {
  if (objectRef?.resource !== resource) return false;
  if (apiGroup !== undefined && objectRef.apiGroup !== apiGroup) return false;
  const own = objectRef.subresource ?? '';
  return subresource === '*' ? own !== '' : own === subresource;
}

const isBetween = (code: number | undefined, from: number, to: number): boolean =>
  code !== undefined && code >= from && code <= to;
