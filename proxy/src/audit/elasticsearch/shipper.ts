import type { Clock, Timer } from '@chaperone/crds/client/clock';
import type { DeadLetters } from './dead-letters.ts';
import { newDelivery, type Parcel, type SendBulk } from './delivery.ts';
import type { Encoder } from './encoder.ts';
import type { ShipperEvent, ShipperState } from './shipper-event.ts';
import type { EntrySource, SourceEntry } from './source-entry.ts';

export interface ShipperOptions<Position> {
  readonly source: EntrySource<Position>;
  readonly send: SendBulk;
  readonly encode: Encoder;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observe: (event: ShipperEvent) => void;
  /** Whether only this process can have sent entries of the writer. Those of others may be there already. */
  readonly isOwn: (writer: string) => boolean;
  readonly limits: BatchLimits;
}

export interface BatchLimits {
  /** Of one request. */
  readonly bytes: number;
  readonly documents: number;
  /** An entry waits so long for others. */
  readonly ageMs: number;
  /** Requests under way at once. */
  readonly inFlight: number;
}

/**
 * Brings entries to Elasticsearch, each exactly once, or to a dead letter. What it holds in memory is bounded by the
 * limits, whatever Elasticsearch does: it reads no further while all requests it may have are under way.
 */
export interface Shipper {
  /** Resolves when the source has ended and all of it is stored, or when the shipper was closed. Rejects as the source does. */
  readonly ended: Promise<void>;
  state(): ShipperState;
  /** Reads no more, sends what was read, and gives up after `deadlineMs`. What was given up is sent by whoever reads the log next. */
  close(deadlineMs: number): Promise<void>;
}

/** A batch that has been handed to the delivery. */
interface Flight<Position> {
  readonly parcels: readonly OwnParcel<Position>[];
  /** All of it is stored. */
  isDone: boolean;
  /** Nothing more is done about it. */
  isOver: boolean;
}

interface OwnParcel<Position> extends Parcel {
  readonly entry: SourceEntry<Position>;
  readonly readAt: number;
  /** What it takes of the memory. */
  readonly size: number;
}

/** After so long the event loop gets its turn: calls are served by the same thread. */
const TURN_MS = 2;
const LEAST_BATCH_BYTES = 64 * 1024;

export function newShipper<Position>(options: ShipperOptions<Position>): Shipper {
  const { source, encode, clock, observe, isOwn, limits } = options;
  const reading = new AbortController();
  const sending = new AbortController();
  const flights: Flight<Position>[] = [];
  let underWay = 0;
  let batch: OwnParcel<Position>[] = [];
  let batchBytes = 0;
  let isDue = false;
  let ageTimer: Timer | undefined;
  let longestBytes = limits.bytes;
  let lastSuccess: number | undefined;
  let landed: () => void = () => {};
  /** Of the delivery, which has none, or of what acknowledges. */
  let failure: { readonly error: unknown } | undefined;

  const delivery = newDelivery({
    ...options,
    observe(event) {
      if (event.type === 'Stored') lastSuccess = clock.now();
      observe(event);
    },
    tooLarge(bytes) {
      longestBytes = Math.max(LEAST_BATCH_BYTES, Math.min(longestBytes, Math.floor(bytes / 2)));
    },
  });

  function acknowledge(): void {
    const last = new Map<string, Position>();
    // In the order in which they were read, so that nothing is acknowledged before what comes before it.
    while (flights[0]?.isDone === true) {
      for (const { entry } of flights.shift()?.parcels ?? []) last.set(entry.writer, entry.position);
    }
    for (const position of last.values()) source.acknowledge(position);
  }

  async function fly(flight: Flight<Position>): Promise<void> {
    try {
      if (await delivery.deliver(flight.parcels, sending.signal)) {
        flight.isDone = true;
        acknowledge();
      }
    } catch (error) {
      failure ??= { error };
      sending.abort();
    }
    flight.isOver = true;
    underWay -= 1;
    if (isDue) launch();
    landed();
  }

  /** Sends the batch if there is a request to be had. */
  function launch(): boolean {
    if (batch.length === 0 || underWay >= limits.inFlight) return false;
    const flight: Flight<Position> = { parcels: batch, isDone: false, isOver: false };
    batch = [];
    batchBytes = 0;
    isDue = false;
    ageTimer?.cancel();
    ageTimer = undefined;
    flights.push(flight);
    underWay += 1;
    void fly(flight);
    return true;
  }

  const untilLanded = (): Promise<void> =>
    new Promise((resolve) => {
      landed = resolve;
    });

  async function untilLaunched(): Promise<void> {
    while (batch.length > 0 && !sending.signal.aborted && !launch()) await untilLanded();
  }

  async function untilAllLanded(): Promise<void> {
    while (flights.some(({ isOver }) => !isOver)) await untilLanded();
  }

  const isFull = (more: number): boolean => batch.length >= limits.documents || batchBytes + more > longestBytes;

  function take(entry: SourceEntry<Position>): OwnParcel<Position> {
    const encoded = encode(entry, 'Full');
    const size = (encoded?.bytes ?? 0) + (entry.kind === 'Record' ? entry.original.length : entry.text.length);
    // Every replica sends each registry.
    const maybeStored = entry.kind === 'Registry' || !isOwn(entry.writer);
    return { entry, tier: 'Full', encoded, maybeStored, readAt: clock.monotonic(), size };
  }

  function add(parcel: OwnParcel<Position>): void {
    batch.push(parcel);
    batchBytes += parcel.encoded?.bytes ?? 0;
    ageTimer ??= clock.setTimer(() => {
      isDue = true;
      launch();
    }, limits.ageMs);
  }

  async function run(): Promise<void> {
    let turn = clock.monotonic();
    for await (const entry of source.read(reading.signal)) {
      const parcel = take(entry);
      if (isFull(parcel.encoded?.bytes ?? 0)) await untilLaunched();
      if (sending.signal.aborted) break;
      add(parcel);
      if (isFull(0)) await untilLaunched();
      if (clock.monotonic() - turn < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turn = clock.monotonic();
    }
    await untilLaunched();
    await untilAllLanded();
    if (failure !== undefined) throw failure.error;
  }

  const ended = run().finally(() => ageTimer?.cancel());
  // Whoever waits for it sees the failure; until then it is no unhandled rejection.
  ended.catch(() => {});

  return {
    ended,
    state() {
      const parcels = [...flights.flatMap((flight) => flight.parcels), ...batch];
      return {
        documents: parcels.length,
        bytes: parcels.reduce((sum, { size }) => sum + size, 0),
        oldestReadAt: parcels[0]?.readAt,
        lastSuccess,
        obstacle: delivery.obstacle(),
      };
    },
    async close(deadlineMs) {
      reading.abort();
      const timer = clock.setTimer(() => {
        sending.abort();
        landed();
      }, deadlineMs);
      try {
        await ended;
      } finally {
        timer.cancel();
      }
    },
  };
}
