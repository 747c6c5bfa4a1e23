import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import { readOriginal, timeOf } from './stored-record.ts';

/** How much was verified. */
export interface Summary {
  readonly writers: number;
  readonly records: number;
  readonly checkpoints: number;
  /** RFC 3339, of the oldest and the newest of each writer's first and last records; absent where there are none. */
  readonly first?: string;
  readonly last?: string;
}

/** Counts what goes by, and holds two texts of each writer. */
export interface Tally {
  count(record: FoundRecord): void;
  readonly records: number;
  summary(checkpoints: number): Summary;
}

export function newTally(): Tally {
  const ends = new Map<string, { readonly first: string; last: string }>();
  let records = 0;
  return {
    count({ writer, original }) {
      records += 1;
      const known = ends.get(writer);
      if (known === undefined) ends.set(writer, { first: original, last: original });
      else known.last = original;
    },
    get records() {
      return records;
    },
    summary(checkpoints) {
      const times = [...ends.values()]
        .flatMap(({ first, last }) => [readOriginal(first), readOriginal(last)])
        .flatMap((facts) => (facts === undefined ? [] : [timeOf(facts)]))
        .filter((time) => time !== '')
        .toSorted();
      const [first] = times;
      const last = times.at(-1);
      return {
        writers: ends.size,
        records,
        checkpoints,
        ...(first === undefined ? {} : { first }),
        ...(last === undefined ? {} : { last }),
      };
    },
  };
}
