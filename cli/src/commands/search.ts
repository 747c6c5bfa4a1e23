import { outputOf, parseArguments, SEARCH_OPTIONS } from '../arguments.ts';
import { EXIT, usageError } from '../command-error.ts';
import type { Environment } from '../environment.ts';
import { recordsAsJson, recordsAsYaml } from '../output/record-document.ts';
import { recordTable } from '../output/record-table.ts';
import { parseQuery } from '../records/record-query.ts';
import type { StoredRecord } from '../records/stored-record.ts';
import { openSource } from '../sources/open-source.ts';

const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
const DEFAULT_LIMIT = 200;
const LARGEST_LIMIT = 10_000;

/** Prints the records that meet all options, oldest first. */
export async function search(args: readonly string[], environment: Environment): Promise<number> {
  const { values, positionals } = parseArguments('search', args, SEARCH_OPTIONS);
  if (positionals.length > 0)
    throw usageError(`search takes options only, not ${positionals.join(' ')}: see kubectl chaperone search --help`);
  const format = outputOf(values.output, FORMATS);
  const query = parseQuery(values, environment.now());
  const limit = parseLimit(values.limit);
  const source = await openSource(values, environment);
  try {
    const { records, hasMore } = await source.search({
      query,
      limit,
      withText: format === 'json' || format === 'yaml',
    });
    for (const note of source.notes) environment.error(`Note: ${note}\n`);
    print(records, format, environment);
    if (hasMore)
      environment.error(
        `Only the newest ${limit} of those found are shown: narrow the search, or give --limit (up to ${LARGEST_LIMIT})\n`,
      );
    return EXIT.ok;
  } finally {
    await source.close();
  }
}

function parseLimit(text = String(DEFAULT_LIMIT)): number {
  const limit = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LARGEST_LIMIT) throw usageError(`--limit=${text}: give a number from 1 to ${LARGEST_LIMIT}`);
  return limit;
}

function print(records: readonly StoredRecord[], format: (typeof FORMATS)[number], { out, error }: Environment): void {
  switch (format) {
    case 'json':
      return out(recordsAsJson(records));
    case 'yaml':
      return out(recordsAsYaml(records));
    case 'name':
      return out([...namesOf(records)].map((name) => `${name}\n`).join(''));
    case 'table':
    case 'wide':
      // As kubectl says it, and where it says it.
      return records.length === 0 ? error('No resources found\n') : out(recordTable(records, format === 'wide'));
    default:
      return format satisfies never;
  }
}

/** Audit ids, each once: of a call that lasts there are two records. */
const namesOf = (records: readonly StoredRecord[]): ReadonlySet<string> =>
  new Set(records.flatMap(({ facts }) => (facts.kind === 'Event' && facts.auditID !== '' ? [facts.auditID] : [])));
