import type { CompiledObject } from '@chaperone/crds/bundle/bundle';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { CompileResult } from './compile.ts';

/** One object as it is now and what compiling it came to. */
export interface Candidate<Entry extends CompiledObject> {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly result: CompileResult<Entry>;
  /** Rises with the order in which this process came to know the generations: what is too much is what came last. */
  readonly arrival: number;
}

/** Compiles each generation of an object once. */
export interface CompileCache<Entry extends CompiledObject, T extends KubernetesObject> {
  /**
   * The candidates of all objects there are; those of objects that are gone are forgotten. Between two objects that
   * had to be compiled it lets other work run, as thousands at a time take seconds.
   */
  candidates(objects: readonly Stored<T>[], signal: AbortSignal): Promise<readonly Candidate<Entry>[]>;
}

export interface CompileCacheOptions<Entry extends CompiledObject> {
  readonly compile: (object: unknown) => CompileResult<Entry>;
  /** Lets timers and sockets have their turn. */
  readonly pause: () => Promise<void>;
  /** Runs around each compilation, for its duration. */
  readonly measure: <R>(work: () => R) => R;
}

export function newCompileCache<Entry extends CompiledObject, T extends KubernetesObject>({
  compile,
  pause,
  measure,
}: CompileCacheOptions<Entry>): CompileCache<Entry, T> {
  let known: ReadonlyMap<string, Candidate<Entry>> = new Map();
  let arrivals = 0;

  return {
    async candidates(objects, signal) {
      const next = new Map<string, Candidate<Entry>>();
      const changed: Stored<T>[] = [];
      for (const object of objects) {
        const { uid, generation = 0 } = object.metadata;
        const before = known.get(uid);
        if (before?.generation === generation) {
          next.set(uid, before);
        } else {
          changed.push(object);
        }
      }
      for (const object of changed.toSorted(byCreation)) {
        signal.throwIfAborted();
        const { name, uid, generation = 0 } = object.metadata;
        const result = measure(() => compile(object));
        next.set(uid, { name, uid, generation, result, arrival: (arrivals += 1) });
        await pause();
      }
      known = next;
      return [...next.values()];
    },
  };
}

/** Oldest first, so that after a restart, too, what is too much is what was added last. */
function byCreation(left: Stored<KubernetesObject>, right: Stored<KubernetesObject>): number {
  const [a, b] = [left, right].map(({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`);
  if (a === b) {
    return 0;
  }
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
