import { BUNDLE_HEAD, BUNDLE_LABEL } from '@chaperone/crds/bundle/configmaps';
import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';

export interface PartSweeperOptions {
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'delete'>;
  readonly lister: Lister<ConfigMap>;
  readonly namespace: string;
  readonly clock: Clock;
  /** How long a part stays that no head names: a replica may have read the head a moment ago. */
  readonly graceMs: number;
}

/** Removes parts that neither the head nor its predecessor names, those of killed processes included. */
export interface PartSweeper {
  /** `referenced`: names of parts to keep. Returns the milliseconds until there is something to do, if there will be. */
  sweep(referenced: ReadonlySet<string>, signal: AbortSignal): Promise<number | undefined>;
}

export function newPartSweeper({ configMaps, lister, namespace, clock, graceMs }: PartSweeperOptions): PartSweeper {
  /** Since when, by the monotonic clock, a part is named by nobody. */
  let unreferenced: ReadonlyMap<string, number> = new Map();

  return {
    async sweep(referenced, signal) {
      const now = clock.monotonic();
      const parts = lister
        .list(namespace)
        .filter(
          ({ metadata }) =>
            metadata.labels?.[BUNDLE_LABEL] === 'part' &&
            metadata.name.startsWith(`${BUNDLE_HEAD}-`) &&
            !referenced.has(metadata.name),
        );
      // By uid: a part that is needed again and made anew has its whole grace before it.
      unreferenced = new Map(parts.map(({ metadata: { uid } }) => [uid, unreferenced.get(uid) ?? now]));
      let next: number | undefined;
      for (const { metadata } of parts) {
        const left = (unreferenced.get(metadata.uid) ?? now) + graceMs - now;
        if (left <= 0) {
          await remove(metadata, signal);
        } else {
          next = Math.min(next ?? left, left);
        }
      }
      return next;
    },
  };

  async function remove({ name, uid }: { readonly name: string; readonly uid: string }, signal: AbortSignal) {
    try {
      await configMaps.delete({ name, namespace }, { uid, signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) {
        throw error;
      }
    }
  }
}
