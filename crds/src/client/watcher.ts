import { Watch, type KubeConfig } from '@kubernetes/client-node';
import { ApiError, summarizeStatus } from './api-error.ts';
import { sleep, type Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { isRecord, type KubernetesObject, type Stored } from './kubernetes-object.ts';
import type { Resource } from './resource.ts';
import { withoutManagedFields } from './store.ts';
import { linesOf, MalformedFrameError, parseFrame } from './watch-frames.ts';
import type { NextWatch, WatchEnd } from './watch-end.ts';

/**
 * What client-node's ListWatch holds in place of the object: it knows objects by three fields of their metadata, and
 * its types want a `Date` where JSON has a string.
 */
export interface Envelope<T extends KubernetesObject> {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion: string };
  readonly object: Stored<T>;
}

/** Of lists and watches alike: what is not in here is kept neither by ListWatch nor in the store. */
export function envelope<T extends KubernetesObject>(object: Stored<T>): Envelope<T> {
  const { name, namespace, resourceVersion } = object.metadata;
  return {
    metadata: { name, resourceVersion, ...(namespace === undefined ? {} : { namespace }) },
    object: withoutManagedFields(object),
  };
}

export interface ResumingWatchOptions<T extends KubernetesObject> {
  readonly connection: Connection;
  readonly kubeConfig: KubeConfig;
  readonly resource: Resource<T>;
  readonly clock: Clock;
  /** Aborts when the informer is stopped. */
  readonly signal: AbortSignal;
  /** How long the server is asked to keep one watch, in seconds, drawn anew for each. */
  readonly watchSeconds: () => number;
  /** Silence after which a watch is given up, in milliseconds. */
  readonly idleMs: number;
  /** ListWatch asks for a watch: whatever it listed before is in its cache by now. */
  readonly onStarting: () => void;
  /** The server was heard: headers, an event, a bookmark. */
  readonly onContact: () => void;
  readonly onEnd: (end: WatchEnd) => NextWatch;
  /** ListWatch itself failed; it will not go on by itself. */
  readonly onBroken: (error: unknown) => void;
}

/** A server that is well answers a watch at once; one asked for a future resourceVersion, after three seconds. */
const HEADERS_MS = 10_000;

type Callback = (phase: string, object: unknown) => unknown;
type Done = (error: unknown) => unknown;

/** The one error by which ListWatch drops its resourceVersion and lists again. */
const EXPIRED = { statusCode: 410 };

/**
 * The transport under client-node's ListWatch. Its own Watch (2.0.1) cannot be kept: it swallows lines that do not
 * parse together with whatever a handler throws, so an event can be lost without a trace; drops Retry-After; reads any
 * refusal as one error without its Status; opens a connection and a TLS session for each watch; and starts a watch
 * after ListWatch was stopped during its backoff. This one reports to ListWatch only what keeps it going (`null`:
 * resume; 410: list again) and only after the wait that is due, so ListWatch's own give-up and backoff never run.
 */
export class ResumingWatch<T extends KubernetesObject> extends Watch {
  readonly #options: ResumingWatchOptions<T>;

  constructor(options: ResumingWatchOptions<T>) {
    super(options.kubeConfig);
    this.#options = options;
  }

  override async watch(
    path: string,
    queryParams: Record<string, string | number | boolean | undefined>,
    callback: Callback,
    done: Done,
  ): Promise<AbortController> {
    const { signal, onStarting } = this.#options;
    const controller = new AbortController();
    // ListWatch does not look whether it was stopped while it slept or listed. Not calling `done` ends its loop.
    if (!signal.aborted) {
      onStarting();
      // After this method has returned: ListWatch stores the controller only then, and would else overwrite its next.
      setImmediate(() => void this.#run({ path, queryParams, callback, done, controller }));
    }
    return controller;
  }

  async #run(watch: WatchCall): Promise<void> {
    const { clock, signal, onEnd, onBroken } = this.#options;
    const end = await this.#consume(watch);
    if (signal.aborted) {
      return;
    }
    const next = onEnd(end);
    await sleep(clock, next.delayMs, signal);
    if (signal.aborted) {
      return;
    }
    try {
      // Declared to return nothing, `done` is an async function whose rejection nobody else would see.
      await watch.done(next.relist ? EXPIRED : null);
    } catch (error) {
      onBroken(error);
    }
  }

  /** Runs one watch to its end and never throws. */
  async #consume({ path, queryParams, callback, controller }: WatchCall): Promise<WatchEnd> {
    const { connection, resource, clock, signal, watchSeconds, idleMs, onContact } = this.#options;
    const started = clock.monotonic();
    const silent = new AbortController();
    let established = false;
    let frames = 0;
    let timer = clock.setTimer(() => silent.abort(), idleMs);
    const heard = (): void => {
      timer.cancel();
      timer = clock.setTimer(() => silent.abort(), idleMs);
      onContact();
    };
    const end = (error?: unknown): WatchEnd => ({
      established,
      frames,
      livedMs: clock.monotonic() - started,
      ...(error === undefined ? {} : { error }),
    });
    try {
      const stream = await connection.stream({
        path,
        // The server ends a watch after this time, so one that is silent for longer has lost its server. Bookmarks move
        // the place to resume at where only objects that we do not select change; the server sends them when it
        // likes (tried: one in four quiet watches had one), so nothing else may depend on them.
        query: { ...queryParams, watch: true, allowWatchBookmarks: true, timeoutSeconds: watchSeconds() },
        secret: resource.secret,
        timeoutMs: Math.min(idleMs, HEADERS_MS),
        signal: AbortSignal.any([signal, controller.signal, silent.signal]),
      });
      established = true;
      heard();
      for await (const line of linesOf(stream.body)) {
        heard();
        await this.#take(line, callback);
        frames += 1;
      }
      return end();
    } catch (error) {
      return end(silent.signal.aborted && established ? undefined : error);
    } finally {
      timer.cancel();
      controller.abort();
    }
  }

  /** Hands one event to ListWatch. @throws ApiError for an ERROR event, MalformedFrameError for an unreadable one. */
  async #take(line: string, callback: Callback): Promise<void> {
    const { resource } = this.#options;
    const frame = parseFrame(line);
    switch (frame.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED': {
        let object: Stored<T>;
        try {
          object = resource.narrow(frame.object);
        } catch (cause) {
          throw new MalformedFrameError(`A watch event without a ${resource.kind}`, { cause });
        }
        await callback(frame.type, envelope(object));
        return;
      }
      case 'BOOKMARK':
        await callback(frame.type, { metadata: { resourceVersion: frame.resourceVersion } });
        return;
      case 'ERROR': {
        const status = frame.status;
        const code = isRecord(status) && typeof status['code'] === 'number' ? status['code'] : 500;
        const summary = summarizeStatus({ status: code, body: asStatus(status), secret: resource.secret });
        throw new ApiError(`WATCH ${resource.plural}`, summary);
      }
      default:
        throw new MalformedFrameError(`Unknown frame ${JSON.stringify(frame satisfies never)}`);
    }
  }
}

interface WatchCall {
  readonly path: string;
  readonly queryParams: Record<string, string | number | boolean | undefined>;
  readonly callback: Callback;
  readonly done: Done;
  readonly controller: AbortController;
}

/** The Status of an ERROR event always is one, but older servers leave its kind out. */
const asStatus = (status: unknown): unknown => (isRecord(status) ? { ...status, kind: 'Status' } : undefined);
