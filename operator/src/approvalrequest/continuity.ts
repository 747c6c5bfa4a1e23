import type { AdmissionCheck } from '../admission/check.ts';
import type { Comparison } from '../admission/compare.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import type { RequestMemory } from './memory.ts';
import type { RecordStore } from './record-store.ts';
import type { AdmissionRecord } from './record.ts';

export interface ContinuityOptions {
  readonly check: AdmissionCheck;
  readonly store: RecordStore;
  /** The admission policies as they are in etcd at this moment. */
  readonly readAdmission: () => Promise<Pick<Comparison, 'fingerprint'>>;
  /** Looks at every request there is, read from etcd, and puts on record which of its decisions do not count. */
  readonly goThrough: (signal: AbortSignal) => Promise<void>;
  /**
   * What is known of the requests that can still be approved or denied, by uid: what this process has seen, and of those
   * it has not looked at what it was left.
   */
  readonly memories: (left: ReadonlyMap<string, RequestMemory>) => ReadonlyMap<string, RequestMemory>;
  /** The requests that the informer holds; each version is an object of its own. */
  readonly held: () => readonly object[];
}

/**
 * Knows whether the admission policies were in force all the time, also when no operator was there to see it. The specs
 * of policies and bindings cannot change without their generation, so two equal fingerprints prove it for the time
 * between. An operator leaves the fingerprint under which it counted to the next one, and what it had counted.
 *
 * Where the fingerprint is another one, what is on record in the requests proves nothing. All are gone through first,
 * from a fresh list: a decision that nobody had seen before the change never counts. Only then is the new fingerprint
 * written down, and decisions count again.
 */
export interface Continuity extends Reconciler {
  /** Resolves once it is known what an earlier operator left. Rejects when `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** What is known of a request that this process has not looked at; undefined: what is on record can be believed. */
  recall(uid: string): RequestMemory | undefined;
  /**
   * Makes sure that the admission policies were in force until after this version of a request was written; where they
   * were not, the check's answers are others afterwards. One read serves all that is there when it begins.
   */
  confirm(version: object): Promise<void>;
}

/** How often to see whether the record is still there: without it the next operator would believe nothing. */
const RECORD_CHECK_MS = 60_000;

export function newContinuity(options: ContinuityOptions): Continuity {
  const { check, store, readAdmission } = options;
  const loaded = Promise.withResolvers<void>();
  let isLoaded = false;
  let record: AdmissionRecord | undefined;
  const confirmed = new WeakSet<object>();
  let reading: Promise<void> | undefined;

  function confirmHeld(): Promise<void> {
    const held = options.held();
    const fingerprint = check.fingerprint();
    const read = async (): Promise<void> => {
      const found = await readAdmission();
      if (fingerprint !== undefined && found.fingerprint !== fingerprint) {
        check.refute(fingerprint);
      } else {
        held.forEach((version) => confirmed.add(version));
      }
    };
    return read().finally(() => {
      reading = undefined;
    });
  }

  async function load(signal: AbortSignal): Promise<void> {
    record = await store.read(signal);
    isLoaded = true;
    check.vouchFor(record?.fingerprint);
    loaded.resolve();
  }

  return {
    async ready(signal) {
      const aborted = Promise.withResolvers<never>();
      const abort = (): void => aborted.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        signal.throwIfAborted();
        await Promise.race([loaded.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    recall(uid) {
      const fingerprint = check.fingerprint();
      return fingerprint !== undefined && fingerprint === record?.fingerprint
        ? undefined
        : (record?.counted.get(uid) ?? { decisions: new Map(), phase: 'Open' });
    },
    async confirm(version) {
      if (confirmed.has(version)) {
        return;
      }
      // One that has begun may have read the policies before this version was written.
      await reading?.catch(() => undefined);
      if (!confirmed.has(version)) {
        await (reading ??= confirmHeld());
      }
    },
    async reconcile(_request, { signal, logger }): Promise<Result> {
      if (!isLoaded) {
        await load(signal);
      }
      const fingerprint = check.settled();
      if (fingerprint === undefined) {
        // The check tells when that changes.
        return {};
      }
      if (fingerprint !== record?.fingerprint) {
        logger.info('Admission policies were not watched all the time, so every request is gone through', {
          isFirst: record === undefined,
        });
        await options.goThrough(signal);
        const found = await readAdmission();
        if (found.fingerprint !== fingerprint) {
          check.refute(fingerprint);
        }
        if (check.settled() !== fingerprint) {
          // Changed once more meanwhile: what was gone through was not all.
          return { requeueAfterMs: 1_000 };
        }
      }
      const next: AdmissionRecord = { fingerprint, counted: options.memories(record?.counted ?? new Map()) };
      await store.write(next, signal);
      record = next;
      check.vouchFor(fingerprint);
      return { requeueAfterMs: RECORD_CHECK_MS };
    },
  };
}
