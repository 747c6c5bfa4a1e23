import type { Clock, Timer } from '@chaperone/crds/client/clock';
import type { AdmissionState } from './admission-state.ts';
import { compareAdmission, type Comparison, type LiveAdmission } from './compare.ts';
import type { ShippedAdmission } from './shipped.ts';

/** The live admission policies and bindings, as informers hold them. */
export interface LiveAdmissions {
  find(one: Pick<ShippedAdmission, 'kind' | 'name'>): LiveAdmission | undefined;
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
   * How long policies have to be in place before what is written then is taken to be judged by them, in milliseconds;
   * default 3 s. The API server looks for new ones once a second (apiserver `policy_source.go`,
   * policyRefreshIntervalDefault).
   */
  readonly settleMs?: number;
  /** From this silence on nothing is known, in milliseconds; default 60 s, more than a quiet watch lasts. */
  readonly maxStalenessMs?: number;
}

/** Says whether decisions can be counted. */
export interface AdmissionCheck {
  state(): AdmissionState;
  /** Which policies these are and how often they were written, where they are as shipped; else undefined. */
  fingerprint(): string | undefined;
  /** The same, once the API server goes by them. */
  settled(): string | undefined;
  /**
   * From now on decisions count under this fingerprint and no other: whatever was written before it is known for what it
   * is. Undefined: under none.
   */
  vouchFor(fingerprint: string | undefined): void;
  /** Policies of this fingerprint are no more, whatever the informers still hold. */
  refute(fingerprint: string): void;
  /** Calls when one of the answers above may have become another. */
  onChange(handler: (state: AdmissionState) => void): void;
  stop(): void;
}

/**
 * Watches whether the admission policies are as shipped. A change and its reversal between two looks shows too: the
 * generation or the uid is another, and somebody has to vouch for those first.
 */
export function newAdmissionCheck(options: AdmissionCheckOptions): AdmissionCheck {
  const { shipped, live, clock } = options;
  const { settleMs = 3_000, maxStalenessMs = 60_000 } = options;
  const handlers = new Set<(state: AdmissionState) => void>();
  /** The fingerprint that is as shipped, and from when on (monotonic) the API server goes by it. */
  let inPlace: { readonly fingerprint: string; readonly from: number } | undefined;
  let vouched: string | undefined;
  let refuted: string | undefined;
  let timer: Timer | undefined;
  let last: string | undefined;
  /** Until one of them changes: requests are many, and specs are large. */
  let compared: Comparison | undefined;

  /** What is the matter; undefined where all are as shipped, which `inPlace` then tells of. */
  function look(): AdmissionState | undefined {
    if (!live.hasSynced() || (live.stalenessMs() ?? Infinity) > maxStalenessMs) {
      return { type: 'Unreadable' };
    }
    compared ??= compareAdmission(shipped, (one) => live.find(one));
    const { missing, changed } = compared;
    if (missing.length > 0 || changed.length > 0) {
      inPlace = undefined;
      return { type: 'NotAsShipped', missing, changed };
    }
    if (inPlace?.fingerprint !== compared.fingerprint) {
      inPlace = { fingerprint: compared.fingerprint, from: clock.monotonic() + settleMs };
    }
    return undefined;
  }

  function fingerprint(): string | undefined {
    return look() === undefined && inPlace?.fingerprint !== refuted ? inPlace?.fingerprint : undefined;
  }

  function settled(): string | undefined {
    const current = fingerprint();
    const waitMs = (inPlace?.from ?? 0) - clock.monotonic();
    if (current === undefined || waitMs <= 0 || current === vouched) {
      return current;
    }
    timer ??= clock.setTimer(() => {
      timer = undefined;
      changedNow();
    }, waitMs);
    return undefined;
  }

  function state(): AdmissionState {
    return look() ?? { type: vouched !== undefined && fingerprint() === vouched ? 'AsShipped' : 'Settling' };
  }

  function changedNow(): void {
    const now = state();
    const words = JSON.stringify([now, settled()]);
    if (words !== last) {
      last = words;
      handlers.forEach((handler) => handler(now));
    }
  }

  live.onChange(() => {
    compared = undefined;
    changedNow();
  });

  return {
    state,
    fingerprint,
    settled,
    vouchFor(which) {
      vouched = which;
      changedNow();
    },
    refute(which) {
      refuted = which;
      changedNow();
    },
    onChange: (handler) => void handlers.add(handler),
    stop() {
      timer?.cancel();
      handlers.clear();
    },
  };
}
