import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import type { Found } from '../records/newest.ts';
import type { RecordQuery } from '../records/record-query.ts';

export interface SearchOptions {
  readonly query: RecordQuery;
  /** The newest so many. */
  readonly limit: number;
  /** Whether `original` is wanted: it takes memory. */
  readonly withText: boolean;
}

/** A store of records. All of it is read as it was when it was opened; nothing is changed. */
export interface RecordSource {
  /** @throws CommandError */
  search(options: SearchOptions): Promise<Found>;
  /** All that proves the records. */
  readonly evidence: Evidence;
  /** What a person should know of what was read. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export interface Evidence {
  /** In any order. Read before the records: what it vouches for is then among them. */
  checkpoints(): Promise<readonly unknown[]>;
  /** Those of one writer in the order of their numbers. @param report takes what of the store itself is wrong. */
  records(report: (finding: Finding) => void): AsyncIterable<FoundRecord>;
  /** The newest registry of writers that the store has. */
  registry(): Promise<unknown>;
}

export const unreadableNote = (count: number): string =>
  `${count} ${count === 1 ? 'record is' : 'records are'} no record that can be read: run kubectl chaperone verify`;
