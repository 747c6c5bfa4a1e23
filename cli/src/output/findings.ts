import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import type { Summary } from '../records/tally.ts';
import { table } from './table.ts';

export function findingTable(findings: readonly Finding[]): string {
  return table(
    ['KIND', 'WRITER', 'SEQUENCE', 'DETAIL'],
    findings.map((finding) => [finding.kind, finding.writer || '<none>', sequenceOf(finding), detailOf(finding)]),
  );
}

function sequenceOf({ sequences }: Finding): string {
  if (sequences === undefined) return '<none>';
  const [first, last] = sequences;
  return first === last ? String(first) : `${first}-${last}`;
}

const detailOf = ({ message, checkpoint, place }: Finding): string =>
  [
    message,
    ...(checkpoint === undefined ? [] : [`checkpoint ${checkpoint}`]),
    ...(place === undefined ? [] : [place]),
  ].join(', ');

export interface Verified extends Summary {
  /** Records that came after the last checkpoint. */
  readonly unsigned: number;
}

export function summaryLine(verified: Verified, findings: number): string {
  const { writers, records, unsigned, checkpoints, first, last } = verified;
  const signed = unsigned === 0 ? '' : ` (${unsigned} of them signed by no checkpoint yet)`;
  const time = first === undefined || last === undefined ? '' : `, from ${first} to ${last}`;
  const read = `${counted(writers, 'writer')}, ${counted(records, 'record')}${signed}, ${counted(checkpoints, 'checkpoint')}${time}`;
  return `${read}: ${findings === 0 ? 'no findings' : counted(findings, 'finding')}\n`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
