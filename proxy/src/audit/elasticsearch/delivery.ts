import { backoffDelay } from '@chaperone/crds/client/backoff';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import {
  judgeItem,
  judgeRequest,
  mayHaveStored,
  needsSomebody,
  readItems,
  type BulkItem,
  type ItemVerdict,
  type Obstacle,
} from './bulk-verdict.ts';
import type { DeadLetters } from './dead-letters.ts';
import { bulkBody, TIERS, type EncodedEntry, type Encoder, type Tier } from './encoder.ts';
import type { DeadLetterReason, DocumentPlace, ShipperEvent } from './shipper-event.ts';
import type { SourceEntry } from './source-entry.ts';

/** An entry on its way. */
export interface Parcel {
  readonly entry: SourceEntry<unknown>;
  tier: Tier;
  encoded: EncodedEntry | undefined;
  /** An attempt ended without it being known whether this was stored; or another process may have sent it. */
  maybeStored: boolean;
}

/** The answer to a bulk request. `status` is 0 where there was none that could be read. */
export interface BulkAnswer {
  readonly status: number;
  readonly errorType: string;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** Sends one bulk request. Never rejects: what kept it from being answered is status 0. */
export type SendBulk = (body: Buffer, signal: AbortSignal) => Promise<BulkAnswer>;

export interface DeliveryOptions {
  readonly send: SendBulk;
  readonly encode: Encoder;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observe: (event: ShipperEvent) => void;
  /** A request was too large: later ones should not have more bytes. */
  readonly tooLarge: (bytes: number) => void;
}

/** Where Elasticsearch asks to be spared, or does not answer. */
const SOON = { baseMs: 200, maxMs: 30_000 };
/** Where somebody has to do something: tried on, so that it goes on by itself once that is done. */
const SLOW = { baseMs: 5_000, maxMs: 60_000 };

/** So many refusals for want of room are waited for. */
const HALVE_AFTER = 4;

export interface Delivery {
  /**
   * Resolves when each of them is stored or in a dead letter; or when the signal has aborted: then what it returns is
   * false, and it is not known what is stored.
   */
  deliver(parcels: readonly Parcel[], signal: AbortSignal): Promise<boolean>;
  /** What is waited for at present. */
  obstacle(): Obstacle | undefined;
}

/** A batch, or what is left of it. */
interface Batch {
  open: readonly Parcel[];
  /** Attempts in a row by which nothing was stored. */
  failures: number;
  /** How many documents had been stored when this batch was first refused as malformed. */
  malformedAt: number | undefined;
}

/** What is to be sent again at once, and what later. */
interface Sorted {
  readonly again: Parcel[];
  readonly later: Waiting[];
  stored: number;
  duplicates: number;
}

interface Waiting {
  readonly parcel: Parcel;
  readonly why: Obstacle;
  readonly status: number;
  readonly errorType: string;
}

/** Brings batches to Elasticsearch, whatever it answers. */
export function newDelivery(options: DeliveryOptions): Delivery {
  const { send, encode, deadLetters, clock, random, observe, tooLarge } = options;
  let obstacle: Obstacle | undefined;
  let taken = 0;

  async function bury(parcel: Parcel, why: DeadLetterReason, signal: AbortSignal): Promise<boolean> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      if (failures > 0) await sleep(clock, backoffDelay(SLOW, failures, random), signal);
      if (signal.aborted) return false;
      try {
        await deadLetters.add(parcel.entry, why);
        observe({ type: 'DeadLetter', document: placeOf(parcel), why });
        return true;
      } catch (error) {
        observe({ type: 'DeadLetterFailed', error });
      }
    }
    return false;
  }

  /** Less of the entry is to be sent; false where there is no less, or the signal aborted. */
  async function reduce(parcel: Parcel, told: Reduction, signal: AbortSignal): Promise<boolean> {
    const next = nextTier(parcel);
    const why = told.why === 'TooLarge' ? 'TooLarge' : 'Refused';
    // Its text is in no document from here on.
    if (next !== 'WithOriginal' && parcel.tier !== 'WithoutOriginal') {
      if (!(await bury(parcel, why, signal))) return false;
    }
    if (next === undefined) return false;
    parcel.tier = next;
    parcel.encoded = encode(parcel.entry, next);
    observe({ type: 'Reduced', document: placeOf(parcel), tier: next, ...told });
    return parcel.encoded !== undefined;
  }

  async function sort(parcel: Parcel, verdict: ItemVerdict, sorted: Sorted, signal: AbortSignal): Promise<void> {
    switch (verdict.kind) {
      case 'Stored':
        sorted.stored += 1;
        return;
      case 'Present':
        if (parcel.maybeStored) sorted.duplicates += 1;
        else {
          observe({ type: 'Conflict', document: placeOf(parcel) });
          await bury(parcel, 'Conflict', signal);
        }
        return;
      case 'Misplaced': {
        const told = { why: 'Misplaced', status: 201, errorType: '' } as const;
        if (await reduce(parcel, told, signal)) sorted.again.push(parcel);
        return;
      }
      case 'Refused': {
        const { status, errorType } = verdict;
        if (await reduce(parcel, { why: 'Refused', status, errorType }, signal)) sorted.again.push(parcel);
        return;
      }
      case 'Later': {
        const { why, status, errorType } = verdict;
        sorted.later.push({ parcel, why, status, errorType });
      }
    }
  }

  async function sortAll(
    parcels: readonly Parcel[],
    items: readonly BulkItem[],
    signal: AbortSignal,
  ): Promise<Pick<Sorted, 'again' | 'later'> & { readonly taken: number }> {
    const sorted: Sorted = { again: [], later: [], stored: 0, duplicates: 0 };
    for (const [index, parcel] of parcels.entries()) {
      const item = items[index];
      if (item !== undefined) await sort(parcel, judgeItem(item), sorted, signal);
    }
    const { again, later, stored, duplicates } = sorted;
    const now = stored + duplicates;
    if (now > 0) {
      taken += now;
      obstacle = undefined;
      observe({ type: 'Stored', documents: now, duplicates });
    }
    return { again, later, taken: now };
  }

  async function attempt(parcels: readonly Parcel[], signal: AbortSignal): Promise<BulkAnswer> {
    const encoded = parcels.flatMap((parcel) => parcel.encoded ?? []);
    const body = bulkBody(encoded, new Date(clock.now()).toISOString());
    const started = clock.monotonic();
    const answer = await send(body, signal);
    const durationMs = clock.monotonic() - started;
    observe({ type: 'Attempted', documents: parcels.length, bytes: body.length, durationMs });
    return answer;
  }

  /** Waits as long as the worst of them asks for. */
  async function wait(waiting: readonly Waiting[], batch: Batch, signal: AbortSignal): Promise<void> {
    const worst = waiting.find(({ why }) => needsSomebody(why)) ?? waiting[0];
    if (worst === undefined) return;
    const { why, status, errorType } = worst;
    obstacle = why;
    batch.failures += 1;
    const delayMs = backoffDelay(needsSomebody(why) ? SLOW : SOON, batch.failures, random);
    observe({ type: 'Delayed', why, status, errorType, documents: waiting.length, delayMs });
    for (const each of waiting) each.parcel.maybeStored ||= mayHaveStored(each.status);
    await sleep(clock, delayMs, signal);
  }

  async function halved({ open, failures, malformedAt }: Batch, signal: AbortSignal): Promise<readonly Parcel[]> {
    const middle = Math.ceil(open.length / 2);
    observe({ type: 'Halved', documents: open.length, bytes: bytesOf(open) });
    for (const half of [open.slice(0, middle), open.slice(middle)])
      await deliverBatch({ open: half, failures, malformedAt }, signal);
    return [];
  }

  /**
   * What is left of a batch that was refused as a whole. Refused for its size or for what is in it, it is halved until
   * it is known what of it; a single document is reduced.
   */
  async function afterRefusal(batch: Batch, answer: BulkAnswer, signal: AbortSignal): Promise<readonly Parcel[]> {
    const { open } = batch;
    const isTooLarge = answer.status === 413;
    if (isTooLarge) tooLarge(bytesOf(open));
    const [first, ...others] = open;
    if (first === undefined) return [];
    if (others.length > 0) return halved(batch, signal);
    const { status, errorType } = answer;
    const isReduced = await reduce(first, { why: isTooLarge ? 'TooLarge' : 'Refused', status, errorType }, signal);
    return isReduced ? [first] : [];
  }

  /** The request was answered document by document. */
  async function afterAnswer(
    batch: Batch,
    items: readonly BulkItem[],
    signal: AbortSignal,
  ): Promise<readonly Parcel[]> {
    const { again, later, taken: now } = await sortAll(batch.open, items, signal);
    if (now > 0) batch.failures = 0;
    if (later.length > 0) await wait(later, batch, signal);
    return [...again, ...later.map(({ parcel }) => parcel)];
  }

  /** Nothing is known of the documents but that the request failed. */
  async function afterFailure(batch: Batch, answer: BulkAnswer, signal: AbortSignal): Promise<readonly Parcel[]> {
    const { open } = batch;
    const verdict = judgeRequest(answer.status);
    // If nothing at all is taken it is not for what is in this batch, and less of it would be sent for nothing.
    const isItsOwn = verdict.kind === 'TooLarge' || (batch.malformedAt ?? taken) < taken;
    if (verdict.kind !== 'Later' && isItsOwn) return afterRefusal(batch, answer, signal);
    if (verdict.kind === 'Malformed') batch.malformedAt ??= taken;
    const why = verdict.kind === 'Later' ? verdict.why : 'Malformed';
    const { status, errorType } = answer;
    await wait(
      open.map((parcel) => ({ parcel, why, status, errorType })),
      batch,
      signal,
    );
    // There may be room for less at once: a node refuses what is more than all that it may have in memory.
    const isTooMuch = status === 429 && open.length > 1 && batch.failures >= HALVE_AFTER;
    return isTooMuch && !signal.aborted ? halved(batch, signal) : open;
  }

  /** One attempt, and what follows from its answer. Returns what is to be sent again. */
  async function step(batch: Batch, signal: AbortSignal): Promise<readonly Parcel[]> {
    const { open } = batch;
    const answer = await attempt(open, signal);
    if (signal.aborted) return open;
    if (answer.status !== 200) return afterFailure(batch, answer, signal);
    const items = readItems(answer.body, idsOf(open));
    // An answer that is not to this request says as little as none.
    return items === undefined
      ? afterFailure(batch, { ...answer, status: 0 }, signal)
      : afterAnswer(batch, items, signal);
  }

  async function deliverBatch(batch: Batch, signal: AbortSignal): Promise<void> {
    while (batch.open.length > 0 && !signal.aborted) batch.open = await step(batch, signal);
  }

  async function deliver(parcels: readonly Parcel[], signal: AbortSignal): Promise<boolean> {
    for (const parcel of parcels) {
      if (parcel.encoded === undefined) await bury(parcel, 'Unreadable', signal);
    }
    const open = parcels.filter(({ encoded }) => encoded !== undefined);
    await deliverBatch({ open, failures: 0, malformedAt: undefined }, signal);
    return !signal.aborted;
  }

  return { deliver, obstacle: () => obstacle };
}

type Reduction = Pick<Extract<ShipperEvent, { type: 'Reduced' }>, 'why' | 'status' | 'errorType'>;

const idsOf = (parcels: readonly Parcel[]): string[] => parcels.map(({ encoded }) => encoded?.id ?? '');

const bytesOf = (parcels: readonly Parcel[]): number =>
  parcels.reduce((sum, { encoded }) => sum + (encoded?.bytes ?? 0), 0);

function placeOf({ entry }: Parcel): DocumentPlace {
  return { writer: entry.writer, sequence: entry.kind === 'Record' ? entry.sequence : undefined };
}

/** Less of a record; of a checkpoint or a registry there is no less. */
function nextTier({ entry, tier }: Parcel): Tier | undefined {
  if (entry.kind !== 'Record') return undefined;
  return TIERS[TIERS.indexOf(tier) + 1];
}
