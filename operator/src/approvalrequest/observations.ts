import type { Request } from '../runtime/reconciler.ts';
import { keyOf } from '../runtime/reconciler.ts';
import { countedIn, type RequestMemory } from './memory.ts';

/**
 * What this process has seen of the decisions of each request. It stands above what is on record in the request: that
 * can be written by anybody while the admission policies are away, and a first sight whose record could not be written
 * in time, as the API server was busy or gone, is a first sight all the same.
 */
export interface Observations {
  /** Undefined where this process has not looked at the request yet. */
  of(request: Request, uid: string): RequestMemory | undefined;
  /** Answers whether other decisions count now than before, or for other requests. */
  remember(request: Request, uid: string, memory: RequestMemory): boolean;
  /**
   * To be called when the request is gone: what is remembered is bounded by the requests there are. Answers as
   * `remember`.
   */
  forget(request: Request): boolean;
  /** By uid. */
  all(): ReadonlyMap<string, RequestMemory>;
  readonly size: number;
}

export function newObservations(): Observations {
  const entries = new Map<string, { readonly uid: string; readonly memory: RequestMemory }>();
  return {
    of(request, uid) {
      const entry = entries.get(keyOf(request));
      // Another request may bear the name of one that was deleted.
      return entry?.uid === uid ? entry.memory : undefined;
    },
    remember(request, uid, memory) {
      const before = entries.get(keyOf(request));
      entries.set(keyOf(request), { uid, memory });
      return inWords(before?.memory) !== inWords(memory);
    },
    forget(request) {
      const before = entries.get(keyOf(request));
      entries.delete(keyOf(request));
      return inWords(before?.memory) !== inWords(undefined);
    },
    all: () => new Map([...entries.values()].map(({ uid, memory }) => [uid, memory])),
    get size() {
      return entries.size;
    },
  };
}

const inWords = (memory: RequestMemory | undefined): string =>
  memory === undefined ? '[]' : JSON.stringify(memory.phase === 'Open' ? [...countedIn(memory)] : []);
