import type { Bundle, CompiledObject } from '@chaperone/crds/bundle/bundle';
import type { Clock } from '@chaperone/crds/client/clock';

/** Since when generations are in force, as far as this process saw them come. */
export interface EnforcementClock {
  /** To be told of each bundle that is put in force, once it is. */
  inForce(bundle: Bundle): void;
  /** Monotonic milliseconds; undefined where it was in force when this process started, or is not. */
  since(uid: string, generation: number): number | undefined;
}

export function newEnforcementClock(clock: Pick<Clock, 'monotonic'>): EnforcementClock {
  let known: ReadonlyMap<string, { readonly generation: number; readonly at: number | undefined }> | undefined;
  return {
    inForce({ policies, maskingRules }) {
      const entries: readonly CompiledObject[] = [...policies, ...maskingRules];
      const before = known;
      known = new Map(
        entries.map(({ uid, generation }) => {
          const same = before?.get(uid);
          const isSame = same?.generation === generation;
          // Of the first bundle it is not known how long it has been there.
          return [uid, isSame ? same : { generation, at: before === undefined ? undefined : clock.monotonic() }];
        }),
      );
    },
    since(uid, generation) {
      const entry = known?.get(uid);
      return entry?.generation === generation ? entry.at : undefined;
    },
  };
}
