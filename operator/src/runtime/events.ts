import { createHash } from 'node:crypto';
import { isNotFound } from '@chaperone/crds/client/api-error';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Event } from '@chaperone/crds/client/kinds';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { redactText } from '@chaperone/crds/client/redaction';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Logger } from '@chaperone/crds/process/logger';
import { microTimestamp } from '@chaperone/crds/client/micro-time';
import { newTokenBucket, type TokenBucket } from './ratelimiter.ts';

export interface EventNote {
  /** `Warning` for what a person has to put right. */
  readonly type: 'Normal' | 'Warning';
  /** PascalCase, the reason of the condition that changed. */
  readonly reason: string;
  /** What was done or tried, for instance `Compile`. */
  readonly action: string;
  /** For people; cut below 1 kB. */
  readonly note: string;
}

export interface EventRecorder {
  /** Takes note of a transition, never of each loop. Returns at once and never throws. */
  event(object: Stored<KubernetesObject>, note: EventNote): void;
  /** Writes what waits, for at most `timeoutMs`, and takes nothing more. */
  stop(timeoutMs: number): Promise<void>;
}

export interface EventRecorderOptions {
  readonly events: Pick<ResourceClient<Event>, 'create' | 'mergePatch'>;
  /** A qualified name, for instance `chaperone.dev/operator`. */
  readonly reportingController: string;
  /** This process, at most 128 characters. */
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe?: (outcome: 'written' | 'bumped' | 'failed' | 'suppressed') => void;
  /** How long a repeated event is counted before its series is written; default 30 s. */
  readonly seriesMs?: number;
}

/** The API server refuses a note above 1024 bytes; a character of UTF-8 takes up to three per UTF-16 unit. */
const MAX_NOTE_BYTES = 1023;
/** Per object, as client-go's EventSourceObjectSpamFilter: so many at once, then one every five minutes. */
const OBJECT_BURST = 25;
const OBJECT_PER_SECOND = 1 / 300;
/** Objects and series that are remembered; the longest unused is forgotten first. */
const MAX_REMEMBERED = 4096;
/** Events that wait to be written. */
const MAX_WAITING = 1000;
/** A series ends when nothing was added to it for this long; the next occurrence is an event of its own. */
const SERIES_ENDS_MS = 360_000;

interface Series {
  readonly name: string;
  readonly namespace: string;
  readonly fresh: Event;
  count: number;
  /** What the API server has been told. */
  written: number;
  lastMs: number;
}

export function newEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { events, clock, logger } = options;
  const buckets = new Map<string, TokenBucket>();
  const series = new Map<string, Series>();
  const waiting: (() => Promise<void>)[] = [];
  const stopping = new AbortController();
  const seriesMs = options.seriesMs ?? 30_000;
  let running: Promise<void> | undefined;
  let seriesTimer: { cancel(): void } | undefined;
  let stopped = false;

  const observe = (outcome: 'written' | 'bumped' | 'failed' | 'suppressed'): void => options.observe?.(outcome);

  function enqueue(write: () => Promise<void>): void {
    if (waiting.length >= MAX_WAITING) {
      observe('suppressed');
      return;
    }
    waiting.push(write);
    running ??= drain();
  }

  async function drain(): Promise<void> {
    for (let write = waiting.shift(); write !== undefined; write = waiting.shift()) {
      try {
        await write();
      } catch (error) {
        observe('failed');
        logger.warn('Event could not be written', { error });
        // An event is not worth a retry, and an API server that is in trouble not a second call right away.
        await sleep(clock, 1_000, stopping.signal);
      }
    }
    running = undefined;
  }

  function record(object: Stored<KubernetesObject>, note: EventNote): void {
    const now = clock.now();
    const key = JSON.stringify([object.metadata.uid, note.type, note.action, note.reason]);
    const current = series.get(key);
    if (current !== undefined && now - current.lastMs < SERIES_ENDS_MS) {
      current.count += 1;
      current.lastMs = now;
      remember(series, key, current);
      seriesTimer ??= clock.setTimer(flushSeries, seriesMs);
      return;
    }
    const bucket =
      buckets.get(object.metadata.uid) ?? newTokenBucket({ clock, perSecond: OBJECT_PER_SECOND, burst: OBJECT_BURST });
    remember(buckets, object.metadata.uid, bucket);
    if (!bucket.tryTake()) {
      observe('suppressed');
      return;
    }
    const fresh = newEvent(object, note, now);
    const { name, namespace } = fresh.metadata;
    remember(series, key, { name, namespace, fresh, count: 1, written: 1, lastMs: now });
    enqueue(async () => {
      await events.create(fresh, { signal: stopping.signal });
      observe('written');
    });
  }

  /** Tells the API server how often what is repeated has happened: one write per series and interval. */
  function flushSeries(): void {
    seriesTimer = undefined;
    for (const current of series.values()) {
      if (current.count > current.written) {
        current.written = current.count;
        enqueue(() => bump(current, current.count, current.lastMs));
      }
    }
  }

  async function bump(current: Series, count: number, lastMs: number): Promise<void> {
    const patch = { series: { count, lastObservedTime: microTimestamp(lastMs) } };
    try {
      await events.mergePatch(current, patch, { signal: stopping.signal });
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      // The event has outlived its hour in the API server.
      await events.create({ ...current.fresh, ...patch }, { signal: stopping.signal });
    }
    observe('bumped');
  }

  function newEvent(object: Stored<KubernetesObject>, note: EventNote, now: number): NamedEvent {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const unique = createHash('sha256').update(`${uid}/${note.reason}/${now}/${crypto.randomUUID()}`).digest('hex');
    return {
      metadata: {
        name: `${eventNamePrefix(name)}.${unique.slice(0, 16)}`,
        // Events about cluster-scoped objects live in `default`, and the API server insists on it.
        namespace: namespace ?? 'default',
      },
      eventTime: microTimestamp(now),
      type: note.type,
      reason: note.reason,
      action: note.action,
      note: cutBytes(redactText(note.note, MAX_NOTE_BYTES), MAX_NOTE_BYTES),
      reportingController: options.reportingController,
      reportingInstance: options.reportingInstance.slice(0, 128),
      regarding: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name,
        uid,
        resourceVersion,
        ...(namespace === undefined ? {} : { namespace }),
      },
    };
  }

  return {
    event(object, note) {
      if (stopped) {
        return;
      }
      try {
        record(object, note);
      } catch (error) {
        observe('failed');
        logger.warn('Event could not be recorded', { error });
      }
    },
    async stop(timeoutMs) {
      stopped = true;
      seriesTimer?.cancel();
      flushSeries();
      const timer = clock.setTimer(() => {
        waiting.length = 0;
        stopping.abort();
      }, timeoutMs);
      await running;
      timer.cancel();
    },
  };
}

/** Names of RBAC objects may hold what names of events may not; 253 characters are allowed in all. */
const eventNamePrefix = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, 230)
    .replace(/[.-]+$/, '');

type NamedEvent = Event & { readonly metadata: { readonly name: string; readonly namespace: string } };

/** Puts a value last in the order in which a map forgets. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) {
    const [oldest] = map.keys();
    map.delete(oldest ?? '');
  }
}

/** Cuts a text to so many bytes of UTF-8, between characters. */
function cutBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) {
    return text;
  }
  let end = maxBytes - 3;
  // Continuation bytes are 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return `${bytes.subarray(0, end).toString('utf8')}...`;
}
