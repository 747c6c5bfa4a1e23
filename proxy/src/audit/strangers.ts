/** What was refused before anybody knew who called. */
export interface Stranger {
  /** The error that refused the call, or the status that answered what is no call. */
  readonly code: string;
  readonly clientAddress: string;
}

/** How often that happened since it was last told. */
export interface StrangerCount extends Stranger {
  readonly count: number;
}

export interface StrangersOptions {
  /** Records of their own for so many; saved up for a second. */
  readonly perSecond: number;
  /** Of which counts are kept apart by address and code. */
  readonly mostCounts: number;
}

/**
 * Bounds what callers without an identity can have put on record: they pay nothing for a call, and the log that they fill
 * is the one that calls of others have to be in before they are made. What is past the bound is counted, never dropped.
 */
export interface Strangers {
  /**
   * Whether the call may have a record of its own.
   * @param size characters that the caller chose and that the record quotes: the bound is of what is written
   * @param now monotonic milliseconds
   */
  admits(size: number, now: number): boolean;
  count(stranger: Stranger, times?: number): void;
  /** All counts, which begin anew. */
  take(): readonly StrangerCount[];
  readonly isEmpty: boolean;
}

/** So many characters cost as much as one more record. */
const SIZE_OF_RECORD = 1_024;

export function newStrangers({ perSecond, mostCounts }: StrangersOptions): Strangers {
  let tokens = perSecond;
  let filledAt: number | undefined;
  let counts = new Map<string, StrangerCount>();

  function add({ code, clientAddress }: Stranger, times: number): void {
    const key = `${code} ${clientAddress}`;
    counts.set(key, { code, clientAddress, count: (counts.get(key)?.count ?? 0) + times });
  }

  return {
    admits(size, now) {
      const cost = 1 + Math.floor(size / SIZE_OF_RECORD);
      tokens = Math.min(perSecond, tokens + ((now - (filledAt ?? now)) / 1_000) * perSecond);
      filledAt = now;
      // One that costs more than is ever saved up takes all of it.
      if (tokens < Math.min(cost, perSecond)) return false;
      tokens = Math.max(0, tokens - cost);
      return true;
    },
    count(stranger, times = 1) {
      const isKnown = counts.has(`${stranger.code} ${stranger.clientAddress}`);
      // The codes are few, addresses are as many as a stranger likes.
      if (isKnown || counts.size < mostCounts) add(stranger, times);
      else add({ ...stranger, clientAddress: '' }, times);
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
    get isEmpty() {
      return counts.size === 0;
    },
  };
}
