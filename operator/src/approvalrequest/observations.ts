import type { ObservedDecision } from '@chaperone/crds/v1alpha1/generated/api';
import type { Request } from '../runtime/reconciler.ts';
import { keyOf } from '../runtime/reconciler.ts';

/**
 * What this process has seen of the decisions of each request. It stands above what is on record in the request: that
 * can be written by anybody while the admission policies are away, and a first sight whose record could not be written
 * in time, as the API server was busy or gone, is a first sight all the same.
 */
export interface Observations {
  /** Undefined where this process has not looked at the request yet. */
  of(request: Request, uid: string): ReadonlyMap<string, ObservedDecision> | undefined;
  remember(request: Request, uid: string, observed: ReadonlyMap<string, ObservedDecision>): void;
  /** To be called when the request is gone: what is remembered is bounded by the requests there are. */
  forget(request: Request): void;
  readonly size: number;
}

export function newObservations(): Observations {
  const entries = new Map<string, { readonly uid: string; readonly observed: ReadonlyMap<string, ObservedDecision> }>();
  return {
    of(request, uid) {
      const entry = entries.get(keyOf(request));
      // Another request may bear the name of one that was deleted.
      return entry?.uid === uid ? entry.observed : undefined;
    },
    remember(request, uid, observed) {
      entries.set(keyOf(request), { uid, observed });
    },
    forget(request) {
      entries.delete(keyOf(request));
    },
    get size() {
      return entries.size;
    },
  };
}
