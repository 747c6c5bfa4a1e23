import { eventHash } from '@chaperone/proxy/audit/chain';
import { stringify } from 'yaml';
import type { StoredRecord } from '../records/stored-record.ts';
import { indentJson } from './json-text.ts';
import { hasUnseen, visible } from './visible.ts';

/** Where the record stands in its writer's chain, and below it the text that is chained. */
function recordJson({ writer, sequence, previousChain, chain, original, facts }: StoredRecord): string {
  const place = JSON.stringify({
    writer,
    sequence,
    ...(original === undefined ? {} : { hash: eventHash(original) }),
    previousChain,
    chain,
  });
  return `${place.slice(0, -1)},"record":${original ?? JSON.stringify(facts)}}`;
}

const listJson = (records: readonly StoredRecord[]): string =>
  `{"kind":"List","items":[${records.map(recordJson).join(',')}]}`;

export const recordsAsJson = (records: readonly StoredRecord[]): string => `${indentJson(listJson(records))}\n`;

export function recordsAsYaml(records: readonly StoredRecord[]): string {
  return yamlText(parseExactly(listJson(records)));
}

/** What a terminal would obey is escaped; only quoted text can have escapes. */
export function yamlText(value: unknown): string {
  const text = stringify(value, { lineWidth: 0 });
  if (!hasUnseen(text.replaceAll('\n', ''))) return text;
  const quoted = stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE' });
  return quoted.split('\n').map(visible).join('\n');
}

/** Integers that are no safe ones stay what they are. */
function parseExactly(text: string): unknown {
  const exact = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? bigInteger(context?.source, value)
      : value;
  return JSON.parse(text, exact);
}

const bigInteger = (source: string | undefined, value: number): bigint | number =>
  source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
