import type { Clock } from '@chaperone/crds/client/clock';

/** Since when there are changes that no bundle holds; all times are monotonic milliseconds. */
export interface ChangeClock {
  /** A change was seen. */
  note(): void;
  /** The time of the first change since the last call; a bundle that holds it is about to be made. */
  take(): number | undefined;
  /** No bundle was made after all. */
  giveBack(at: number | undefined): void;
}

export function newChangeClock(clock: Clock): ChangeClock {
  let first: number | undefined;
  return {
    note() {
      first ??= clock.monotonic();
    },
    take() {
      const taken = first;
      first = undefined;
      return taken;
    },
    giveBack(at) {
      first = at ?? first;
    },
  };
}
