import { sleep, type Clock, type Timer } from '@chaperone/crds/client/clock';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { Lister } from '@chaperone/crds/client/store';
import type { PermittedCall } from '../call/call.ts';
import { GatewayError, type GatewayErrorCode } from '../gateway-error.ts';
import type { BundleLoader } from '../policy/bundle-loader.ts';
import type { PolicyInput } from '../policy/policy-input.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { namespaceKnowledge, namespaceName } from '../policy/namespace-knowledge.ts';
import { refusalNow } from './judge-again.ts';
import type { LiveStreams } from './live-streams.ts';
import { nextLapse } from './policy-lapses.ts';
import { isEndless, STREAM_KINDS, streamKind, type StreamKind } from './stream-kind.ts';

/** All live streams of this replica, each ended as soon as it may not go on. */
export interface StreamRegistry extends LiveStreams {
  countOf(kind: StreamKind): number;
  /** Other policies are in force: judges all again. Resolves when all have been. */
  policiesChanged(): Promise<void>;
  /** Labels of a Namespace may be others: judges those in it again. Resolves when all have been. */
  namespaceChanged(name: string): Promise<void>;
  /**
   * Lets no more in, and ends those that would not end by themselves, spread over at most this many milliseconds so that
   * their clients do not all come back at once. Resolves when all have been told.
   */
  drain(overMs: number): Promise<void>;
}

/** What happened to streams; for logs and metrics. */
export type StreamEvent =
  | { readonly type: 'Ended'; readonly kind: StreamKind; readonly code: GatewayErrorCode }
  | { readonly type: 'EndFailed'; readonly error: unknown }
  /** All that were due were judged again. */
  | { readonly type: 'Judged'; readonly streams: number; readonly ended: number; readonly durationMs: number };

export interface StreamRegistryOptions {
  readonly bundles: Pick<BundleLoader, 'current' | 'stalenessMs'>;
  /** How long policies count that the API server has not confirmed, in milliseconds. */
  readonly maxStalenessMs: number;
  readonly namespaces: Pick<Lister<Namespace>, 'get'>;
  /** Whether a resource is namespaced, as far as discovery has told. */
  readonly knownScope?: (attributes: RequestAttributes) => PolicyInput['scope'] | undefined;
  readonly maxDurationMs: number;
  readonly clock: Clock;
  readonly observe?: (event: StreamEvent) => void;
  /** Lets other work run between two slices. */
  readonly yieldToLoop?: () => Promise<void>;
}

interface Stream {
  readonly call: PermittedCall;
  readonly kind: StreamKind;
  readonly end: (why: GatewayError) => void;
  /** On the monotonic clock. */
  readonly endsAt: number;
  /** The round in which it was judged last; undefined where something of its own has changed since. */
  round: number | undefined;
}

/** Judging goes on for so long before other work has its turn. */
const SLICE_MS = 4;
/** Ends that fall due closer together than this are told together. */
const RESOLUTION_MS = 50;
/** The clock on the wall may be set, and policies grow stale: looked at this often, where nothing falls due before. */
const LOOK_MS = 2_000;
/** Between two ends of a drain, where time allows. */
const STAGGER_MS = 5;
const STAGGER_STEP_MS = 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function newStreamRegistry(options: StreamRegistryOptions): StreamRegistry {
  const {
    bundles,
    maxStalenessMs,
    namespaces,
    maxDurationMs,
    knownScope,
    clock,
    observe,
    yieldToLoop = nextTurn,
  } = options;
  const streams = new Set<Stream>();
  const counts = new Map<StreamKind, number>(STREAM_KINDS.map((kind) => [kind, 0]));
  /** Grows with each change after which all have to be judged again. */
  let round = 0;
  let due = false;
  let judging: Promise<void> | undefined;
  let closing = false;
  let timer: { readonly at: number; readonly handle: Timer } | undefined;
  /** Policies that lapsed up to this moment have been taken into account. */
  let lapsesSeen = clock.now();

  const isDue = (stream: Stream): boolean => stream.round !== round;
  const isStale = (): boolean => (bundles.stalenessMs() ?? Infinity) > maxStalenessMs;

  function refusalOf(call: PermittedCall): GatewayError | undefined {
    const bundle = bundles.current();
    if (bundle === undefined) return new GatewayError('BundleMissing');
    const now = clock.now();
    if (call.identity.expiresAt <= now) return new GatewayError('StreamTokenExpired');
    const watched = namespaceKnowledge(namespaces, call.attributes);
    // One that the watch has not seen yet was looked up for the call; one that is gone holds nothing to be streamed.
    const namespaceObject = watched.kind === 'known' ? watched : call.input.namespaceObject;
    const scope = call.input.scope ?? knownScope?.(call.attributes);
    return refusalNow(call, { bundle, namespaceObject, now, ...(scope === undefined ? {} : { scope }) });
  }

  function remove(stream: Stream): boolean {
    if (!streams.delete(stream)) return false;
    counts.set(stream.kind, (counts.get(stream.kind) ?? 1) - 1);
    if (streams.size === 0) disarm();
    return true;
  }

  function finish(stream: Stream, why: GatewayError): void {
    if (!remove(stream)) return;
    observe?.({ type: 'Ended', kind: stream.kind, code: why.code });
    try {
      stream.end(why);
    } catch (error) {
      // The others are to be ended all the same.
      observe?.({ type: 'EndFailed', error });
    }
  }

  /** Whether it may go on. */
  function judge(stream: Stream): boolean {
    stream.round = round;
    const refusal = refusalOf(stream.call);
    if (refusal !== undefined) finish(stream, refusal);
    return refusal === undefined;
  }

  /** Judges those that `isDue`, in slices, and again those that become due meanwhile. */
  async function judgeDue(): Promise<void> {
    while (due) {
      due = false;
      const started = clock.monotonic();
      let sliceStarted = started;
      let judged = 0;
      let ended = 0;
      for (const stream of streams) {
        if (!isDue(stream)) continue;
        judged += 1;
        if (!judge(stream)) ended += 1;
        if (clock.monotonic() - sliceStarted < SLICE_MS) continue;
        await yieldToLoop();
        sliceStarted = clock.monotonic();
      }
      observe?.({ type: 'Judged', streams: judged, ended, durationMs: clock.monotonic() - started });
    }
  }

  function startJudging(): Promise<void> {
    due = true;
    judging ??= judgeDue().finally(() => {
      judging = undefined;
      arm();
    });
    return judging;
  }

  function judgeAll(): Promise<void> {
    round += 1;
    return startJudging();
  }

  function disarm(): void {
    timer?.handle.cancel();
    timer = undefined;
  }

  /** Sets the one timer to the next moment at which something may have to end. */
  function arm(): void {
    if (streams.size === 0) return;
    let wait = LOOK_MS;
    const now = clock.now();
    const monotonic = clock.monotonic();
    for (const { call, endsAt } of streams) wait = Math.min(wait, call.identity.expiresAt - now, endsAt - monotonic);
    const bundle = bundles.current();
    if (bundle !== undefined) wait = Math.min(wait, nextLapse(bundle, lapsesSeen) - now);
    armAt(monotonic + Math.max(wait, RESOLUTION_MS));
  }

  function armAt(at: number): void {
    if (timer !== undefined && timer.at <= at) return;
    disarm();
    timer = { at, handle: clock.setTimer(look, at - clock.monotonic()) };
  }

  function look(): void {
    timer = undefined;
    const now = clock.now();
    const monotonic = clock.monotonic();
    const stale = isStale();
    for (const stream of streams) {
      if (stale) finish(stream, new GatewayError('BundleStale'));
      else if (stream.call.identity.expiresAt <= now) finish(stream, new GatewayError('StreamTokenExpired'));
      else if (stream.endsAt <= monotonic) finish(stream, new GatewayError('StreamTooLong'));
    }
    const bundle = bundles.current();
    const lapsed = bundle !== undefined && nextLapse(bundle, lapsesSeen) <= now;
    lapsesSeen = now;
    if (lapsed) void judgeAll();
    arm();
  }

  return {
    count: () => streams.size,
    countOf: (kind) => counts.get(kind) ?? 0,
    enter(call, end) {
      if (closing) throw new GatewayError('Draining');
      const refusal = refusalOf(call);
      if (refusal !== undefined) throw refusal;
      const kind = streamKind(call.attributes);
      const endsAt = clock.monotonic() + maxDurationMs;
      const stream: Stream = { call, kind, end, endsAt, round };
      if (streams.size === 0) lapsesSeen = clock.now();
      streams.add(stream);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      // All that falls due for the others has its timer: only this one can be earlier.
      if (timer === undefined) arm();
      else {
        const wait = Math.min(call.identity.expiresAt - clock.now(), maxDurationMs);
        armAt(clock.monotonic() + Math.max(wait, RESOLUTION_MS));
      }
      return () => void remove(stream);
    },
    policiesChanged: judgeAll,
    namespaceChanged(name) {
      let found = false;
      for (const stream of streams) {
        if (namespaceName(stream.call.attributes) !== name) continue;
        stream.round = undefined;
        found = true;
      }
      return found ? startJudging() : Promise.resolve();
    },
    async drain(overMs) {
      closing = true;
      const waiting = [...streams].filter(({ call }) => isEndless(call.attributes));
      const gap = Math.min(STAGGER_MS, Math.max(overMs, 1) / waiting.length);
      const started = clock.monotonic();
      for (let told = 0; told < waiting.length;) {
        const until = Math.floor((clock.monotonic() - started) / gap) + 1;
        for (const stream of waiting.slice(told, until)) finish(stream, new GatewayError('Draining'));
        told = until;
        if (told < waiting.length) await sleep(clock, STAGGER_STEP_MS);
      }
    },
  };
}
