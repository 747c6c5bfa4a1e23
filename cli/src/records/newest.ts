import { CommandError } from '../command-error.ts';
import { momentOf, type StoredRecord } from './stored-record.ts';

/** By time, then by writer and number: the same order in every store. */
export function compareRecords(left: StoredRecord, right: StoredRecord): number {
  const difference = momentOf(left.facts) - momentOf(right.facts);
  if (difference !== 0) return difference;
  if (left.writer !== right.writer) return left.writer < right.writer ? -1 : 1;
  return left.sequence - right.sequence;
}

/** What a search found. */
export interface Found {
  /** Oldest first. */
  readonly records: readonly StoredRecord[];
  /** Whether there are older ones that were left out. */
  readonly hasMore: boolean;
}

/** Collects records in any order and keeps the newest, however many there are. */
export interface Newest {
  /** @throws CommandError where those that are kept take too much memory */
  add(record: StoredRecord): void;
  found(): Found;
}

/** Characters of the texts of all records that are kept; with some more of them, the process would not live. */
export const LONGEST_TEXTS = 256 * 1024 * 1024;

export const tooLarge = (longest = LONGEST_TEXTS): CommandError =>
  new CommandError(
    'TooLarge',
    `the records found take more than ${longest / 1_048_576} MiB: narrow the search, lower --limit, or print a table`,
  );

export function newNewest(limit: number, longest = LONGEST_TEXTS): Newest {
  let records: StoredRecord[] = [];
  let length = 0;
  let hasMore = false;

  /** Sorted only now and then: an addition costs little. */
  function cut(): void {
    records.sort(compareRecords);
    if (records.length <= limit) return;
    hasMore = true;
    records = records.slice(-limit);
    length = records.reduce((sum, { original = '' }) => sum + original.length, 0);
  }

  return {
    add(record) {
      records.push(record);
      length += record.original?.length ?? 0;
      if (records.length >= 2 * limit + 16 || length > longest) cut();
      if (length > longest) throw tooLarge(longest);
    },
    found() {
      cut();
      return { records, hasMore };
    },
  };
}
