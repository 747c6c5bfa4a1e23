import { ListWatch, type KubeConfig } from '@kubernetes/client-node';
import { backoffDelay, type Backoff } from './backoff.ts';
import { sleep, systemClock, type Clock } from './clock.ts';
import type { KubernetesObject, Stored } from './kubernetes-object.ts';
import { collectionPath, type Resource } from './resource.ts';
import type { Client, ResourceList } from './resource-client.ts';
import { newStore, type IndexFunction, type Lister } from './store.ts';
import { failureDelay, nextWatch, type NextWatch, type WatchEnd } from './watch-end.ts';
import { envelope, ResumingWatch, type Envelope } from './watcher.ts';

/** What an informer saw. Handlers put a key into a queue and do nothing else: they run inside the watch. */
export type InformerEvent<T extends KubernetesObject> =
  | { readonly type: 'added'; readonly object: Stored<T> }
  | { readonly type: 'updated'; readonly object: Stored<T>; readonly old: Stored<T> }
  /** `finalStateUnknown`: it went while nobody watched; `object` is the last state seen, not the last there was. */
  | { readonly type: 'deleted'; readonly object: Stored<T>; readonly finalStateUnknown: boolean }
  /** Nothing happened; said of every object now and then so that drift is repaired. */
  | { readonly type: 'resync'; readonly object: Stored<T> };

export type InformerHandler<T extends KubernetesObject> = (event: InformerEvent<T>) => void;

/** What happened inside, for logs and metrics. */
export type InformerObservation =
  | { readonly type: 'listed'; readonly items: number; readonly durationMs: number }
  | { readonly type: 'listFailed'; readonly error: unknown; readonly retryInMs: number }
  | { readonly type: 'watchEnded'; readonly error: unknown; readonly retryInMs: number; readonly relist: boolean }
  | { readonly type: 'handlerFailed'; readonly error: unknown }
  /** ListWatch itself failed, which the code knows no way for; it is started again. */
  | { readonly type: 'restarted'; readonly error: unknown };

export interface InformerOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly kubeConfig: KubeConfig;
  readonly resource: Resource<T>;
  /** All namespaces unless given. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly indices?: Readonly<Record<string, IndexFunction<T>>>;
  /** How often every object is said again, in milliseconds, with up to a tenth of jitter; 0 (default): never. */
  readonly resyncMs?: number;
  readonly observe?: (observation: InformerObservation) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Between failed attempts; default 200 ms to 5 s: a gate waits for what a watch brings. */
  readonly backoff?: Backoff;
  /** Seconds that a watch is asked to last; default 20 to 27. */
  readonly watchSeconds?: { readonly min: number; readonly max: number };
  /** Silence after which a watch is given up; default 30 s, and to be longer than `watchSeconds`. */
  readonly idleMs?: number;
}

/** A local copy of one kind, kept by list and watch for as long as it runs, whatever the API server does. */
export interface Informer<T extends KubernetesObject> {
  readonly lister: Lister<T>;
  readonly resource: Resource<T>;
  /** Starts, once. What is already here is said to each handler as `added`. Returns at once; failures are retried. */
  start(): void;
  /** Ends for good: nothing is sent and no handler is called afterwards. */
  stop(): Promise<void>;
  /** A first list has been read whole and all of it is in the lister. Stays true from then on. */
  hasSynced(): boolean;
  /** Resolves with true once synced, with false where `signal` aborts or the informer stops before. */
  waitForSync(signal?: AbortSignal): Promise<boolean>;
  /**
   * Milliseconds since the API server was last heard from; undefined before the first time. While all is well it stays
   * below `watchSeconds`, as each new watch is answered: more than `idleMs` means that the lister may be out of date.
   */
  stalenessMs(): number | undefined;
  /** The failure that is being retried, or undefined while list and watch are well. */
  lastError(): unknown;
  /** Returns the way to take the handler out again. */
  addHandler(handler: InformerHandler<T>): () => void;
}

const DEFAULT_BACKOFF: Backoff = { baseMs: 200, maxMs: 5_000 };

export function newInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const { resource, namespace, labelSelector, fieldSelector } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const backoff = options.backoff ?? DEFAULT_BACKOFF;
  const { min, max } = options.watchSeconds ?? { min: 20, max: 27 };
  const stopping = new AbortController();
  const store = newStore<T>(options.indices ?? {});
  const handlers = new Set<InformerHandler<T>>();
  const syncWaiters = new Set<() => void>();
  let started = false;
  let synced = false;
  /** Between the end of a list and the watch after it: what goes now went unseen. */
  let applyingList = false;
  let lastContact: number | undefined;
  let lastError: unknown;
  let failures = 0;
  let resyncTimer: { cancel(): void } | undefined;

  const observe = (observation: InformerObservation): void => options.observe?.(observation);
  const contact = (): void => {
    lastContact = clock.monotonic();
  };

  function dispatch(event: InformerEvent<T>, to: Iterable<InformerHandler<T>> = handlers): void {
    for (const handler of to) {
      try {
        handler(event);
      } catch (error) {
        // Inside ListWatch it would become an unhandled rejection and end the process.
        observe({ type: 'handlerFailed', error });
      }
    }
  }

  function changed({ object }: Envelope<T>): void {
    const old = store.put(object);
    if (old === undefined) {
      dispatch({ type: 'added', object });
    } else if (old.metadata.uid === object.metadata.uid) {
      dispatch({ type: 'updated', object, old });
    } else {
      // Deleted and made again under the same name while nobody watched.
      dispatch({ type: 'deleted', object: old, finalStateUnknown: true });
      dispatch({ type: 'added', object });
    }
  }

  function deleted({ object }: Envelope<T>): void {
    store.remove(object.metadata);
    dispatch({ type: 'deleted', object, finalStateUnknown: applyingList });
  }

  /** Lists until it succeeds: ListWatch gives up at the first failure. @throws only once stopped. */
  async function list(): Promise<ResourceList<T>> {
    for (let attempt = 1; ; attempt += 1) {
      stopping.signal.throwIfAborted();
      const before = clock.monotonic();
      try {
        const found = await options.client
          .resource(resource)
          .list({ namespace, labelSelector, fieldSelector, signal: stopping.signal });
        contact();
        lastError = undefined;
        observe({ type: 'listed', items: found.items.length, durationMs: clock.monotonic() - before });
        return found;
      } catch (error) {
        stopping.signal.throwIfAborted();
        lastError = error;
        const retryInMs = failureDelay(error, attempt, backoff, random);
        observe({ type: 'listFailed', error, retryInMs });
        await sleep(clock, retryInMs, stopping.signal);
      }
    }
  }

  function watchEnded(end: WatchEnd): NextWatch {
    const next = nextWatch(end, failures, backoff, random);
    failures = next.failures;
    lastError = end.error;
    observe({ type: 'watchEnded', error: end.error, retryInMs: next.delayMs, relist: next.relist });
    return next;
  }

  function watchStarting(): void {
    applyingList = false;
    if (!synced) {
      synced = true;
      syncWaiters.forEach((resolve) => resolve());
    }
  }

  const watch = new ResumingWatch<T>({
    connection: options.client.connection,
    kubeConfig: options.kubeConfig,
    resource,
    clock,
    signal: stopping.signal,
    watchSeconds: () => Math.round(min + (max - min) * random()),
    idleMs: options.idleMs ?? 30_000,
    onStarting: watchStarting,
    onContact: () => {
      lastError = undefined;
      contact();
    },
    onEnd: watchEnded,
    onBroken: (error) => void restart(error),
  });
  const listWatch = new ListWatch<Envelope<T>>(
    collectionPath(resource, namespace),
    watch,
    async () => {
      const found = await list();
      applyingList = true;
      return { metadata: { resourceVersion: found.resourceVersion }, items: found.items.map(envelope) };
    },
    false,
    labelSelector,
    fieldSelector,
    // All waiting is done by the watch above, which knows why it ended; ListWatch would leave a quiet kind unwatched
    // for up to 30 s, and would go on after its sleep although stopped.
    { delayFn: () => Promise.resolve() },
  );
  listWatch.on('add', changed);
  listWatch.on('update', changed);
  listWatch.on('delete', deleted);
  listWatch.on('error', (error: unknown) => void restart(error));

  async function restart(error: unknown): Promise<void> {
    if (stopping.signal.aborted) {
      return;
    }
    failures += 1;
    lastError = error;
    observe({ type: 'restarted', error });
    await sleep(clock, backoffDelay(backoff, failures, random), stopping.signal);
    run();
  }

  function run(): void {
    if (!stopping.signal.aborted) {
      listWatch.start().catch((error: unknown) => void restart(error));
    }
  }

  function scheduleResync(): void {
    const every = options.resyncMs ?? 0;
    if (every > 0 && !stopping.signal.aborted) {
      resyncTimer = clock.setTimer(
        () => {
          store.list().forEach((object) => dispatch({ type: 'resync', object }));
          scheduleResync();
        },
        every * (1 + random() / 10),
      );
    }
  }

  return {
    lister: store,
    resource,
    start() {
      if (!started) {
        started = true;
        run();
        scheduleResync();
      }
    },
    async stop() {
      stopping.abort();
      handlers.clear();
      resyncTimer?.cancel();
      syncWaiters.forEach((resolve) => resolve());
      await listWatch.stop();
    },
    hasSynced: () => synced,
    async waitForSync(signal) {
      if (!synced && !stopping.signal.aborted && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          const finish = (): void => {
            syncWaiters.delete(finish);
            signal?.removeEventListener('abort', finish);
            resolve();
          };
          syncWaiters.add(finish);
          signal?.addEventListener('abort', finish, { once: true });
        });
      }
      return synced;
    },
    stalenessMs: () => (lastContact === undefined ? undefined : clock.monotonic() - lastContact),
    lastError: () => lastError,
    addHandler(handler) {
      handlers.add(handler);
      store.list().forEach((object) => dispatch({ type: 'added', object }, [handler]));
      return () => handlers.delete(handler);
    },
  };
}
