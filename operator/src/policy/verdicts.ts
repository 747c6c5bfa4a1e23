import type { Verdict } from './accepted-set.ts';

/** What was decided about each object, by uid, once the bundle that follows from it is in force. */
export interface Verdicts {
  get(uid: string): Verdict | undefined;
  /** The last attempt to decide and publish failed: what has no verdict waits for the next. */
  hasFailed(): boolean;
}

export interface VerdictsRecord extends Verdicts {
  decided(verdicts: ReadonlyMap<string, Verdict>): void;
  failed(): void;
}

export function newVerdicts(): VerdictsRecord {
  let current: ReadonlyMap<string, Verdict> = new Map();
  let hasFailed = false;
  return {
    get: (uid) => current.get(uid),
    hasFailed: () => hasFailed,
    decided(verdicts) {
      current = verdicts;
      hasFailed = false;
    },
    failed() {
      hasFailed = true;
    },
  };
}
