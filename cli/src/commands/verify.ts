import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import { verify as verifyLog, type VerifyOptions } from '@chaperone/proxy/audit/verify/verify';
import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import { outputOf, parseArguments, VERIFY_OPTIONS } from '../arguments.ts';
import { EXIT, usageError } from '../command-error.ts';
import type { Environment } from '../environment.ts';
import { findingTable, summaryLine } from '../output/findings.ts';
import { indentJson } from '../output/json-text.ts';
import { yamlText } from '../output/record-document.ts';
import { parseMoment } from '../records/moment.ts';
import { newTally, type Tally } from '../records/tally.ts';
import { newVouching, type Vouching } from '../records/vouching.ts';
import { openSource } from '../sources/open-source.ts';
import { readJson, readPublicKeys } from '../sources/public-keys.ts';
import type { RecordSource } from '../sources/record-source.ts';

const FORMATS = ['table', 'json', 'yaml'] as const;
/** One cause may have a finding for every record: so many are shown, and all are counted. */
const MOST_FINDINGS = 1_000;
const PROGRESS_MS = 500;

/** Checks that records are as they were written, and tells all that is not. */
export async function verify(args: readonly string[], environment: Environment): Promise<number> {
  const { values, positionals } = parseArguments('verify', args, VERIFY_OPTIONS);
  if (positionals.length > 0)
    throw usageError(`verify takes options only, not ${positionals.join(' ')}: see kubectl chaperone verify --help`);
  const format = outputOf(values.output, FORMATS);
  const options = await readOptions(values, environment.now());
  const source = await openSource(values, environment);
  try {
    const findings: Finding[] = [];
    let count = 0;
    const found = (finding: Finding): void => {
      count += 1;
      if (findings.length < MOST_FINDINGS) findings.push(finding);
    };
    const checkpoints = await source.evidence.checkpoints();
    const registry =
      options.registry ?? (options.registryKeys.length > 0 ? await source.evidence.registry() : undefined);
    if (registry === undefined && options.registryKeys.length > 0)
      throw usageError('--registry-key: the records come without a registry of writers: give --registry FILE');
    const tally = newTally();
    const vouching = newVouching(checkpoints, environment.now());
    const records = watched(source.evidence.records(found), { tally, vouching }, environment);
    const given = { ...options, checkpoints, records, ...(registry === undefined ? {} : { registry }) };
    for await (const finding of verifyLog(given)) found(finding);
    for (const finding of vouching.findings()) found(finding);
    tell(source, registry, environment);
    const summary = { ...tally.summary(checkpoints.length), unsigned: vouching.unsigned };
    if (format === 'table') {
      if (count > 0) environment.out(findingTable(findings));
      if (count > findings.length) environment.out(`... and ${count - findings.length} more\n`);
      environment.out(summaryLine(summary, count));
    } else {
      const answer = { summary: { ...summary, findings: count }, findings };
      environment.out(format === 'json' ? `${indentJson(JSON.stringify(answer))}\n` : yamlText(answer));
    }
    return count === 0 ? EXIT.ok : EXIT.found;
  } finally {
    await source.close();
  }
}

interface Given {
  readonly 'public-key'?: readonly string[] | undefined;
  readonly registry?: string | undefined;
  readonly 'registry-key'?: readonly string[] | undefined;
  readonly 'retained-since'?: string | undefined;
}

type ReadOptions = Pick<VerifyOptions, 'keys' | 'registry' | 'retainedSince'> &
  Required<Pick<VerifyOptions, 'registryKeys'>>;

/** What signatures are checked with comes from the person who asks, never from the log that is checked. @throws CommandError */
async function readOptions(given: Given, now: number): Promise<ReadOptions> {
  const { 'public-key': files = [], 'registry-key': registryFiles = [], registry, 'retained-since': since } = given;
  if (files.length + registryFiles.length === 0)
    throw usageError(
      'a log cannot vouch for itself: give --public-key with the public half of the key that signs it, or --registry-key with that of the registry of writers',
    );
  if (registry !== undefined && registryFiles.length === 0)
    throw usageError('--registry: give --registry-key with the public half of the key that signs it, too');
  return {
    keys: await readPublicKeys('public-key', files),
    registryKeys: await readPublicKeys('registry-key', registryFiles),
    ...(registry === undefined ? {} : { registry: await readJson('registry', registry) }),
    ...(since === undefined ? {} : { retainedSince: parseMoment('retained-since', since, now) }),
  };
}

async function* watched(
  records: AsyncIterable<FoundRecord>,
  { tally, vouching }: { readonly tally: Tally; readonly vouching: Vouching },
  { isTerminal, error, now }: Environment,
): AsyncGenerator<FoundRecord> {
  let next = now() + PROGRESS_MS;
  let isTold = false;
  for await (const record of records) {
    tally.count(record);
    vouching.record(record);
    yield record;
    // The clock is not asked for each: a record takes some millionths of a second.
    if (!isTerminal || tally.records % 256 !== 0 || now() < next) continue;
    next = now() + PROGRESS_MS;
    isTold = true;
    error(`\rVerified ${tally.records} records`);
  }
  if (isTold) error('\r\u001b[K');
}

function tell({ notes }: RecordSource, registry: unknown, { error }: Environment): void {
  for (const note of notes) error(`Note: ${note}\n`);
  if (registry === undefined)
    error('Note: without a registry of writers, a writer whose records and checkpoints are all gone is not missed\n');
}
