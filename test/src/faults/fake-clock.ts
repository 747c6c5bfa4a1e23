import type { Clock } from '@chaperone/crds/client/clock';

interface PendingTimer {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to. */
export interface FakeClock extends Clock {
  /** Moves both clocks on and fires what falls due, in order; lets pending promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock alone, as an administrator or NTP does: nothing that measures may notice. */
  jumpWallClock(ms: number): void;
  pendingTimers(): number;
}

/** Lets promises that are ready, and those that follow from them, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export function newFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let wallOffset = startMs;
  let order = 0;
  const timers = new Set<PendingTimer>();

  const nextDue = (until: number): PendingTimer | undefined =>
    [...timers]
      .filter((timer) => timer.dueAt <= until)
      .sort((left, right) => left.dueAt - right.dueAt || left.order - right.order)
      .at(0);

  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    setTimer(callback, delayMs) {
      order += 1;
      const timer: PendingTimer = { dueAt: elapsed + Math.max(delayMs, 0), order, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const until = elapsed + ms;
      await settle();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.dueAt);
        timer.callback();
        await settle();
      }
      elapsed = until;
    },
    jumpWallClock(ms) {
      wallOffset += ms;
    },
    pendingTimers: () => timers.size,
  };
}
