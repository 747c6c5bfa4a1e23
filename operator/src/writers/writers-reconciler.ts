import {
  NO_REGISTRY,
  registryHash,
  signRegistry,
  type RegisteredWriter,
  type Registry,
} from '@chaperone/crds/audit/registry';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { parseWriterReport, WRITERS_ANNOTATION } from '@chaperone/crds/audit/writer-report';
import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import type { ConfigMap, Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Logger } from '@chaperone/crds/process/logger';
import type { EventNote } from '../runtime/events.ts';
import type { ReconcileContext, Reconciler, Result } from '../runtime/reconciler.ts';
import { collect, type Collected, type CollectLimits, type LeaseReport } from './collect.ts';
import type { RegistryKeys } from './registry-key.ts';
import { registryText, type RegistryStore } from './registry-store.ts';

export interface WritersReconcilerOptions {
  /** Those of replicas. */
  readonly leases: () => readonly Stored<Lease>[];
  readonly isAlive: (replica: string) => boolean;
  /** The registry as the watch has it: behind what was just written, never ahead. */
  readonly watched: () => Stored<ConfigMap> | undefined;
  readonly removeLease: Pick<ResourceClient<Lease>, 'delete'>['delete'];
  readonly store: RegistryStore;
  /** `isNew`: there were none. */
  readonly openKeys: (signal: AbortSignal) => Promise<{ readonly keys: RegistryKeys; readonly isNew: boolean }>;
  readonly limits: CollectLimits;
  readonly intervals?: RegistryIntervals;
  /** Tells people of what they have to look into. */
  readonly event: (note: EventNote) => void;
  readonly clock: Clock;
}

/** How soon a registry follows the one before, in milliseconds. */
export interface RegistryIntervals {
  /** Where writers have come, ended or gone. */
  readonly writersMs: number;
  /** Where chains have grown. */
  readonly headsMs: number;
  /** Where nothing is new: so that one which is older tells that later ones are missing. */
  readonly longestMs: number;
}

const INTERVALS: RegistryIntervals = { writersMs: 3_000, headsMs: 300_000, longestMs: 3_600_000 };
const CONFLICT_MS = 200;
/** Contradictions that are told of once each. */
const MAX_TOLD = 1_000;

/** Keeps the registry of writers: signed, each naming the one before, and never forgetting a writer unsaid. */
export function newWritersReconciler(options: WritersReconcilerOptions): Reconciler {
  const { store, clock, limits, event } = options;
  const intervals = options.intervals ?? INTERVALS;
  let keys: RegistryKeys | undefined;
  /** The last that was signed; undefined where a chain is to be begun. */
  let last: Registry | undefined;
  /** The ConfigMap as it was last read or written: what a write takes the place of. */
  let object: Stored<ConfigMap> | undefined;
  let isConfirmed = false;
  const told = new Set<string>();

  const warn = (reason: string, note: string): void => event({ type: 'Warning', reason, action: 'SignRegistry', note });

  async function begin(signal: AbortSignal, logger: Logger): Promise<RegistryKeys> {
    const opened = await options.openKeys(signal);
    const stored = await store.read(opened.keys, signal);
    if (stored.object !== undefined && stored.registry === undefined) {
      const why = opened.isNew ? 'its key was gone, and a new one was made' : 'none of the keys has signed it';
      warn('RegistryNotSigned', `The registry of writers cannot be gone on with, as ${why}: a new chain is begun`);
      logger.warn('The registry of writers is begun anew', { keyMade: opened.isNew });
    }
    ({ object, registry: last } = stored);
    isConfirmed = true;
    ({ keys } = opened);
    return keys;
  }

  /** Whether somebody else has written to the registry, or deleted it. */
  async function isAltered(all: RegistryKeys, signal: AbortSignal): Promise<boolean> {
    // The watch is behind what was just read or written; only reading tells it from what others did.
    if (isConfirmed && options.watched()?.metadata.resourceVersion === object?.metadata.resourceVersion) return false;
    const stored = await store.read(all, signal);
    ({ object } = stored);
    isConfirmed = true;
    if (last === undefined || registryText(object) === JSON.stringify(last)) {
      last ??= stored.registry;
      return false;
    }
    // Written by this operator without its getting to know, or by another that has led in between.
    if (stored.registry !== undefined && stored.registry.number > last.number) {
      last = stored.registry;
      return false;
    }
    return true;
  }

  function reports(): LeaseReport[] {
    return options.leases().flatMap(({ metadata: { name, annotations } }) => {
      const report = parseWriterReport(annotations?.[WRITERS_ANNOTATION]);
      return report === undefined ? [] : [{ replica: name, isHeld: options.isAlive(name), report }];
    });
  }

  function tellContradictions({ contradictions }: Collected): void {
    for (const { replica, writer, kind } of contradictions) {
      const key = JSON.stringify([replica, writer, kind]);
      if (told.has(key) || told.size >= MAX_TOLD) continue;
      told.add(key);
      const what = kind === 'Chain' ? 'another chain than before' : 'the end of one that another replica still writes';
      warn('WriterContradicted', `Replica ${replica} tells of writer ${writer} ${what}: it is not taken over`);
    }
  }

  /** Milliseconds until a registry is due; 0 or less: now. */
  function dueIn(change: Collected['change']): number {
    if (last === undefined) return 0;
    // A clock that was set back must not put it off.
    const age = Math.max(0, clock.now() - Date.parse(last.time));
    const { writersMs, headsMs, longestMs } = intervals;
    const after = { None: longestMs, Heads: headsMs, Writers: writersMs }[change];
    return Math.min(after, longestMs) - age;
  }

  function sign({ writers, keys: checkpointKeys, forgotten }: Collected, all: RegistryKeys): Registry {
    const now = clock.now();
    const before = last;
    return signRegistry(
      {
        number: before === undefined ? Math.floor(now / 1_000) : before.number + 1,
        time: new Date(now).toISOString(),
        previousRegistry: before === undefined ? NO_REGISTRY : registryHash(before),
        writers: [...writers],
        keys: [...checkpointKeys],
        ...(forgotten === undefined ? {} : { forgotten }),
      },
      newestOf(all),
    );
  }

  /** Leases that were given up, and of which all is in the registry. */
  async function removeLeases({ writers }: Registry, { signal, logger }: ReconcileContext): Promise<void> {
    const known = new Map(writers.map((each) => [each.writer, each]));
    for (const { metadata, spec } of options.leases()) {
      const all = parseWriterReport(metadata.annotations?.[WRITERS_ANNOTATION])?.writers ?? [];
      const isOver = all[0]?.end !== undefined && all.every(({ writer, end }) => isKnown(known.get(writer), end));
      if (!isOver || (spec?.holderIdentity ?? '') !== '') continue;
      try {
        await options.removeLease(metadata, { uid: metadata.uid, resourceVersion: metadata.resourceVersion, signal });
        logger.info('Removed the Lease of a replica that has ended', { replica: metadata.name });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
  }

  return {
    async reconcile(_request, context): Promise<Result> {
      const { signal, logger } = context;
      const all = keys ?? (await begin(signal, logger));
      const wasAltered = await isAltered(all, signal);
      if (wasAltered) {
        const how = object === undefined ? 'deleted' : 'altered';
        const note = `The registry of writers was ${how} by somebody else, and is written again as the operator knows it`;
        warn('RegistryAltered', note);
        logger.warn('The registry of writers was altered by somebody else', { how });
      }
      const collected = collect(last, reports(), clock.now(), limits);
      tellContradictions(collected);
      const waitMs = dueIn(collected.change);
      if (!wasAltered && waitMs > 0) {
        if (last !== undefined) await removeLeases(last, context);
        return { requeueAfterMs: waitMs };
      }
      const registry = sign(collected, all);
      // Whether a write that fails was carried out is not known.
      isConfirmed = false;
      const written = await store.write(registry, object, newestOf(all), signal);
      if (written === undefined) return { requeueAfterMs: CONFLICT_MS };
      last = registry;
      object = written;
      isConfirmed = true;
      const { number, writers } = registry;
      logger.debug('Signed the registry of writers', { number, writers: writers.length });
      await removeLeases(registry, context);
      return { requeueAfterMs: Math.max(CONFLICT_MS, dueIn(collect(last, reports(), clock.now(), limits).change)) };
    },
  };
}

const isKnown = (known: RegisteredWriter | undefined, end: string | undefined): boolean =>
  known !== undefined && (end === undefined || known.end !== undefined);

const newestOf = (keys: RegistryKeys): SigningKey => keys[keys.length - 1] ?? keys[0];
