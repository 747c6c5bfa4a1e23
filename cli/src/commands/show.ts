import { outputOf, parseArguments, SHOW_OPTIONS } from '../arguments.ts';
import { EXIT, usageError } from '../command-error.ts';
import type { Environment } from '../environment.ts';
import { describeCall } from '../output/description.ts';
import { recordsAsJson, recordsAsYaml } from '../output/record-document.ts';
import { visible } from '../output/visible.ts';
import { openSource } from '../sources/open-source.ts';

const FORMATS = ['page', 'json', 'yaml'] as const;
/** A call has two records, and some more where processes died; there is no reading hundreds. */
const MOST_RECORDS = 100;

/** Prints all that is on record of one call. */
export async function show(args: readonly string[], environment: Environment): Promise<number> {
  const { values, positionals } = parseArguments('show', args, SHOW_OPTIONS);
  const [auditID, ...others] = positionals;
  if (auditID === undefined || others.length > 0)
    throw usageError('show takes one audit id, as kubectl chaperone search -o name prints them');
  const format = outputOf(values.output, FORMATS);
  const source = await openSource(values, environment);
  try {
    const query = { values: { auditID: [auditID] }, resources: [], codes: [] };
    const { records } = await source.search({ query, limit: MOST_RECORDS, withText: true });
    for (const note of source.notes) environment.error(`Note: ${note}\n`);
    if (records.length === 0) {
      environment.error(`Error (NotFound): no record has the audit id ${visible(auditID)}\n`);
      return EXIT.found;
    }
    environment.out(text(format, records, values.full === true));
    return EXIT.ok;
  } finally {
    await source.close();
  }
}

function text(format: (typeof FORMATS)[number], records: Parameters<typeof describeCall>[0], isFull: boolean): string {
  switch (format) {
    case 'json':
      return recordsAsJson(records);
    case 'yaml':
      return recordsAsYaml(records);
    case 'page':
      return describeCall(records, isFull);
    default:
      return format satisfies never;
  }
}
