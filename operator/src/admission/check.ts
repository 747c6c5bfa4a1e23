import type { Clock, Timer } from '@chaperone/crds/client/clock';
import type { AdmissionState } from './admission-state.ts';
import { compareAdmission, type LiveAdmission } from './compare.ts';
import type { ShippedAdmission } from './shipped.ts';

/** The live admission policies and bindings, as informers hold them. */
export interface LiveAdmissions {
  find(one: Pick<ShippedAdmission, 'kind' | 'name'>): (LiveAdmission & { readonly createdAt: number }) | undefined;
  /** All have been read once. */
  hasSynced(): boolean;
  /** The longest time that one of them has heard nothing from the API server, in milliseconds. */
  stalenessMs(): number | undefined;
  /** Calls when one of them changed. */
  onChange(handler: () => void): void;
}

export interface AdmissionCheckOptions {
  readonly shipped: readonly ShippedAdmission[];
  readonly live: LiveAdmissions;
  readonly clock: Clock;
  /**
   * How long policies have to be in place before decisions count, in milliseconds; default 3 s. The API server looks
   * for new ones once a second (apiserver `policy_source.go`, policyRefreshIntervalDefault), so that decisions written
   * just after a policy came are judged without it.
   */
  readonly settleMs?: number;
  /** From this silence on nothing is known, in milliseconds; default 60 s, more than a quiet watch lasts. */
  readonly maxStalenessMs?: number;
}

/** Says whether decisions can be counted. */
export interface AdmissionCheck {
  state(): AdmissionState;
  /** Calls when the state may have become another. */
  onChange(handler: (state: AdmissionState) => void): void;
  stop(): void;
}

/**
 * Watches whether the admission policies are as shipped. A change and its reversal between two looks shows too: the
 * generation or the uid is another, and the policies count as restored only from then on.
 */
export function newAdmissionCheck(options: AdmissionCheckOptions): AdmissionCheck {
  const { shipped, live, clock } = options;
  const { settleMs = 3_000, maxStalenessMs = 60_000 } = options;
  const handlers = new Set<(state: AdmissionState) => void>();
  /** The fingerprint that is as shipped, and from when on (monotonic) it counts. */
  let inForce: { readonly fingerprint: string; readonly from: number } | undefined;
  let looked = false;
  let timer: Timer | undefined;
  let last: string | undefined;

  /** Where this process has just begun, an object's age tells how long it has been in place; else it came right now. */
  function countsFrom(): number {
    if (looked) {
      return clock.monotonic() + settleMs;
    }
    const newest = Math.max(...shipped.map((one) => live.find(one)?.createdAt ?? Infinity));
    return clock.monotonic() + Math.min(Math.max(newest + settleMs - clock.now(), 0), settleMs);
  }

  function state(): AdmissionState {
    if (!live.hasSynced() || (live.stalenessMs() ?? Infinity) > maxStalenessMs) {
      return { type: 'Unreadable' };
    }
    const { missing, changed, fingerprint } = compareAdmission(shipped, (one) => live.find(one));
    if (missing.length > 0 || changed.length > 0) {
      inForce = undefined;
      looked = true;
      return { type: 'NotAsShipped', missing, changed };
    }
    if (inForce?.fingerprint !== fingerprint) {
      inForce = { fingerprint, from: countsFrom() };
    }
    looked = true;
    const waitMs = inForce.from - clock.monotonic();
    if (waitMs <= 0) {
      return { type: 'AsShipped' };
    }
    timer ??= clock.setTimer(() => {
      timer = undefined;
      changedNow();
    }, waitMs);
    return { type: 'Settling' };
  }

  function changedNow(): void {
    const now = state();
    const words = JSON.stringify(now);
    if (words !== last) {
      last = words;
      handlers.forEach((handler) => handler(now));
    }
  }

  live.onChange(changedNow);

  return {
    state,
    onChange: (handler) => void handlers.add(handler),
    stop() {
      timer?.cancel();
      handlers.clear();
    },
  };
}
