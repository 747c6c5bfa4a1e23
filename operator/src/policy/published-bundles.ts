import type { Bundle, CompiledObject } from '@chaperone/crds/bundle/bundle';

/** Which revision is in force, and which generations the latest revisions hold. */
export interface PublishedBundles {
  /** Undefined until the first is published or read back. */
  current(): Bundle | undefined;
  /**
   * The generation of an object that a revision holds, to tell what a replica at that revision enforces. Undefined where
   * it holds none, or where the revision is older than what is remembered.
   */
  generationIn(revision: string, uid: string): number | undefined;
  /** The first revision that held the generation of the object that is in force. */
  firstRevision(uid: string): FirstRevision | undefined;
  /** Calls back whenever another revision is in force. Returns the way to take the listener out again. */
  onPublished(listener: () => void): () => void;
}

export interface FirstRevision {
  readonly generation: number;
  readonly revision: string;
  /** Published by this process. Else it was there when the process started, perhaps earlier than in that revision. */
  readonly exact: boolean;
}

export interface PublishedBundlesRecord extends PublishedBundles {
  /** Takes note that a bundle is in force. `exact`: this process has just published it. */
  record(bundle: Bundle, exact: boolean): void;
}

/** Replicas that are further behind are behind for certain. */
const REMEMBERED = 32;

export function newPublishedBundles(): PublishedBundlesRecord {
  let current: Bundle | undefined;
  const generations = new Map<string, ReadonlyMap<string, number>>();
  let first: ReadonlyMap<string, FirstRevision> = new Map();
  const listeners = new Set<() => void>();

  return {
    current: () => current,
    generationIn: (revision, uid) => generations.get(revision)?.get(uid),
    firstRevision: (uid) => first.get(uid),
    onPublished(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    record(bundle, exact) {
      if (bundle.revision === current?.revision) {
        return;
      }
      const { revision } = bundle;
      const entries: readonly CompiledObject[] = [...bundle.policies, ...bundle.maskingRules];
      first = new Map(
        entries.map(({ uid, generation }) => {
          const before = first.get(uid);
          return [uid, before?.generation === generation ? before : { generation, revision, exact }];
        }),
      );
      // Last in the order in which they are forgotten, also where an old revision is in force again.
      generations.delete(revision);
      generations.set(revision, new Map(entries.map(({ uid, generation }) => [uid, generation])));
      const [oldest] = generations.keys();
      if (generations.size > REMEMBERED && oldest !== undefined) {
        generations.delete(oldest);
      }
      current = bundle;
      listeners.forEach((listener) => listener());
    },
  };
}
