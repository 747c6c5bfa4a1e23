import { describe, expect, onTestFinished, test } from 'vitest';
import { callEvent, newWrittenLog } from '@chaperone/test/elasticsearch/call-records';
import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import { z } from 'zod';
import type { DeadLetters } from './dead-letters.ts';
import type { BulkAnswer, SendBulk } from './delivery.ts';
import { newEncoder } from './encoder.ts';
import type { ShipperEvent } from './shipper-event.ts';
import { newShipper, type BatchLimits } from './shipper.ts';
import type { SourceEntry } from './source-entry.ts';

const actionLine = z.object({ create: z.object({ _id: z.string() }) });
const documentLine = z.looseObject({
  event: z.record(z.string(), z.unknown()),
  chaperone: z.record(z.string(), z.unknown()).optional(),
});

interface SentDocument {
  readonly id: string;
  readonly source: z.output<typeof documentLine>;
}

/** What one item is answered with; the default is what a real server answers. */
type ItemAnswer = { readonly status: number; readonly [key: string]: unknown };

/** Elasticsearch's side of a bulk request, in memory: ids that are there answer 409. */
class MemoryIndex {
  readonly stored = new Map<string, SentDocument>();
  readonly requests: SentDocument[][] = [];
  /** Answers to whole requests, first come first; undefined lets one through. */
  readonly requestAnswers: ((documents: readonly SentDocument[]) => BulkAnswer | undefined)[] = [];
  itemAnswer: (document: SentDocument) => ItemAnswer | undefined = () => undefined;

  readonly send: SendBulk = async (body) => {
    const lines = body.toString('utf8').trimEnd().split('\n');
    const documents: SentDocument[] = [];
    for (let line = 0; line < lines.length; line += 2) {
      const { create } = actionLine.parse(JSON.parse(lines[line] ?? ''));
      documents.push({ id: create._id, source: documentLine.parse(JSON.parse(lines[line + 1] ?? '')) });
    }
    this.requests.push(documents);
    const answer = this.requestAnswers.shift()?.(documents);
    if (answer !== undefined) return answer;
    const items = documents.map((document) => {
      const given = this.itemAnswer(document) ?? { status: this.stored.has(document.id) ? 409 : 201 };
      if (given.status === 201 && given['failure_store'] !== 'used') this.stored.set(document.id, document);
      return { create: { _id: document.id, ...given } };
    });
    return { status: 200, errorType: '', body: { items } };
  };
}

const failed = (status: number, errorType = ''): BulkAnswer => ({ status, errorType, body: undefined });
const LIMITS: BatchLimits = { bytes: 1_000_000, documents: 100, ageMs: 200, inFlight: 2 };

interface SceneOptions {
  readonly limits?: Partial<BatchLimits>;
  readonly isOwn?: boolean;
  readonly deadLetters?: DeadLetters;
}

/** A shipper on a log that ends when it is told to. */
function newScene({ limits, isOwn = true, deadLetters }: SceneOptions = {}) {
  const clock = newFakeClock();
  const index = new MemoryIndex();
  const log = newWrittenLog('writer');
  const events: ShipperEvent[] = [];
  const buried: string[] = [];
  const acknowledged: number[] = [];
  const entries: SourceEntry<number>[] = [];
  let hasEnded = false;
  let wake = (): void => {};
  let read = 0;

  async function* source(signal: AbortSignal): AsyncGenerator<SourceEntry<number>> {
    signal.addEventListener('abort', () => wake(), { once: true });
    for (let next = 0; !signal.aborted; next += 1) {
      while (entries.length <= next) {
        if (hasEnded || signal.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const entry = entries[next];
      read = next + 1;
      if (entry !== undefined) yield entry;
    }
  }

  const shipper = newShipper<number>({
    source: { read: source, acknowledge: (position) => acknowledged.push(position) },
    send: index.send,
    encode: newEncoder({ cluster: {}, namespace: 'default' }),
    deadLetters: deadLetters ?? {
      add(entry, why) {
        buried.push(`${entry.kind === 'Record' ? entry.sequence : 'checkpoint'} ${why}`);
        return Promise.resolve();
      },
    },
    clock,
    random: () => 1,
    observe: (event) => events.push(event),
    isOwn: () => isOwn,
    limits: { ...LIMITS, ...limits },
  });
  onTestFinished(async () => {
    const closed = shipper.close(0);
    await clock.advance(1);
    await closed;
  });

  return {
    clock,
    index,
    events,
    buried,
    acknowledged,
    shipper,
    write: (count: number, text = ''): void => {
      for (let each = 0; each < count; each += 1) entries.push(log.add(callEvent({ userAgent: `agent ${text}` })));
      wake();
    },
    push: (entry: SourceEntry<number>): void => {
      entries.push(entry);
      wake();
    },
    end: (): void => {
      hasEnded = true;
      wake();
    },
    readSoFar: () => read,
    /** How often each type of event was told. */
    told: (type: ShipperEvent['type']) => events.filter((event) => event.type === type),
  };
}

const ids = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => `writer:${from + index}`);

test('all that the log holds is stored once, in order, and acknowledged', async () => {
  const { index, shipper, write, end, acknowledged } = newScene({ limits: { documents: 7 } });
  write(50);
  end();
  await shipper.ended;
  expect([...index.stored.keys()]).toEqual(ids(50));
  expect(index.requests.flat()).toHaveLength(50);
  expect(acknowledged.at(-1)).toBe(50);
  expect(acknowledged).toEqual(acknowledged.toSorted((a, b) => a - b));
});

test('an entry waits for others no longer than its age allows, however slowly they come', async () => {
  const { index, clock, write } = newScene();
  for (let each = 0; each < 5; each += 1) {
    write(1);
    await clock.advance(50);
  }
  expect(index.stored.size).toBeGreaterThan(0);
});

test('an entry whose age ran out while no request was to be had is sent once there is one', async () => {
  const { index, clock, write } = newScene({ limits: { inFlight: 1 } });
  index.requestAnswers.push(() => failed(429));
  index.requestAnswers.push(() => failed(429));
  write(1);
  await clock.advance(200);
  write(1);
  await clock.advance(10_000);
  expect([...index.stored.keys()]).toEqual(ids(2));
});

test('no more is read than fits into the requests that may be under way', async () => {
  const { index, write, readSoFar, clock } = newScene({ limits: { documents: 10, inFlight: 2 } });
  index.requestAnswers.push(...Array.from({ length: 100 }, () => () => failed(429)));
  write(1_000);
  await settle();
  await clock.advance(60_000);
  // Two under way, one full and waiting, and the entry that does not fit.
  expect(readSoFar()).toBeLessThanOrEqual(31);
});

describe('where nothing is taken for now', () => {
  const table: Record<string, readonly [BulkAnswer, string]> = {
    'a server that asks to be spared is asked again': [failed(429, 'es_rejected_execution_exception'), 'Busy'],
    'a server that is away is asked again': [failed(503), 'Busy'],
    'no answer at all is tried again': [failed(0, 'ConnectionError'), 'Unavailable'],
    'a refused credential is tried again': [failed(401, 'security_exception'), 'Forbidden'],
    'a missing template is tried again': [failed(404), 'NoStream'],
    'a request that is not understood is tried again as it is': [
      failed(400, 'media_type_header_exception'),
      'Malformed',
    ],
    'an answer to something else is tried again': [{ status: 200, errorType: '', body: { items: [] } }, 'Unavailable'],
  };
  test.each(Object.entries(table))('%s, and nothing is lost or reduced', async (_, [answer, obstacle]) => {
    const { index, shipper, write, end, clock, told, buried, acknowledged } = newScene();
    index.requestAnswers.push(
      () => answer,
      () => answer,
    );
    write(3);
    end();
    await settle();
    expect(shipper.state()).toMatchObject({ obstacle, documents: 3 });
    expect(acknowledged).toEqual([]);
    await clock.advance(300_000);
    await shipper.ended;
    expect([...index.stored.keys()]).toEqual(ids(3));
    expect(index.requests).toHaveLength(3);
    expect([told('Reduced'), buried]).toEqual([[], []]);
    expect(shipper.state()).toMatchObject({ obstacle: undefined, documents: 0 });
  });

  test('only the documents that were not taken are sent again, and none is acknowledged before them', async () => {
    const { index, shipper, write, end, clock, acknowledged } = newScene();
    let refusals = 2;
    index.itemAnswer = ({ id }) => (id === 'writer:2' && (refusals -= 1) >= 0 ? { status: 429 } : undefined);
    write(3);
    end();
    await settle();
    expect([...index.stored.keys()]).toEqual(['writer:1', 'writer:3']);
    expect(acknowledged).toEqual([]);
    await clock.advance(10_000);
    await shipper.ended;
    expect(index.requests.map((documents) => documents.map(({ id }) => id))).toEqual([
      ids(3),
      ['writer:2'],
      ['writer:2'],
    ]);
    expect(acknowledged).toEqual([3]);
  });

  test('waits are twice as long each time, up to their bound', async () => {
    const { index, write, clock, told } = newScene();
    index.requestAnswers.push(...Array.from({ length: 12 }, () => () => failed(503)));
    write(1);
    await clock.advance(10 * 60_000);
    const delays = told('Delayed').map((event) => (event.type === 'Delayed' ? event.delayMs : 0));
    expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000]);
  });

  test('a document that comes late is new by the moment at which it is sent', async () => {
    const { index, write, clock } = newScene();
    index.requestAnswers.push(() => failed(503));
    write(1);
    await clock.advance(200);
    await clock.advance(200);
    const moments = index.requests.map(([document]) => document?.source.event['ingested']);
    expect(moments).toEqual(['2026-01-01T00:00:00.200Z', '2026-01-01T00:00:00.400Z']);
  });
});

describe('an id that is taken', () => {
  test('after an attempt without an answer is the record itself', async () => {
    const { index, shipper, write, end, clock, told, buried } = newScene();
    index.requestAnswers.push((documents) => {
      for (const document of documents) index.stored.set(document.id, document);
      return failed(0, 'TimeoutError');
    });
    write(2);
    end();
    await clock.advance(10_000);
    await shipper.ended;
    expect(told('Stored')).toEqual([{ type: 'Stored', documents: 2, duplicates: 2 }]);
    expect([told('Conflict'), buried]).toEqual([[], []]);
  });

  test('of another process that may have sent it is the record itself', async () => {
    const { index, shipper, write, end, told } = newScene({ isOwn: false });
    index.itemAnswer = () => ({ status: 409 });
    write(1);
    end();
    await shipper.ended;
    expect(told('Conflict')).toEqual([]);
  });

  test('of a record that was never sent is somebody else’s: an alarm, and a dead letter', async () => {
    const { index, shipper, write, end, told, buried, acknowledged } = newScene();
    index.itemAnswer = ({ id }) => (id === 'writer:2' ? { status: 409 } : undefined);
    write(3);
    end();
    await shipper.ended;
    expect(told('Conflict')).toEqual([{ type: 'Conflict', document: { writer: 'writer', sequence: 2 } }]);
    expect(buried).toEqual(['2 Conflict']);
    expect(acknowledged).toEqual([3]);
  });

  test('of a record that was refused for its moment alone is somebody else’s, too', async () => {
    const { index, write, clock, told } = newScene();
    index.requestAnswers.push(() => failed(429));
    index.itemAnswer = () => ({ status: 409 });
    write(1);
    await clock.advance(10_000);
    expect(told('Conflict')).toHaveLength(1);
  });
});

describe('a document that is refused', () => {
  const refused = { status: 400, error: { type: 'document_parsing_exception', reason: 'secret' } };
  const kindOf = ({ source }: SentDocument): unknown => source.chaperone?.['reduced'];

  test('is sent with less in it, once, and with the text that was hashed', async () => {
    const { index, shipper, write, end, told, buried } = newScene();
    index.itemAnswer = (document) =>
      document.id === 'writer:2' && kindOf(document) === undefined ? refused : undefined;
    write(3);
    end();
    await shipper.ended;
    const document = index.stored.get('writer:2');
    expect(kindOf(document ?? { id: '', source: { event: {} } })).toBe('WithOriginal');
    expect(document?.source.event['original']).toContain('"kind":"Event"');
    expect(told('Reduced')).toEqual([
      {
        type: 'Reduced',
        document: { writer: 'writer', sequence: 2 },
        tier: 'WithOriginal',
        why: 'Refused',
        status: 400,
        errorType: 'document_parsing_exception',
      },
    ]);
    expect(buried).toEqual([]);
  });

  test('because it went to the failure store is sent with less in it', async () => {
    const { index, shipper, write, end, told } = newScene();
    index.itemAnswer = (document) =>
      kindOf(document) === undefined ? { status: 201, failure_store: 'used' } : undefined;
    write(1);
    end();
    await shipper.ended;
    expect(index.stored.has('writer:1')).toBe(true);
    expect(told('Reduced')).toMatchObject([{ why: 'Misplaced' }]);
  });

  test('twice is put into a dead letter, and its place in the chain is told of', async () => {
    const { index, shipper, write, end, buried, acknowledged } = newScene();
    index.itemAnswer = (document) => (kindOf(document) === 'WithoutOriginal' ? undefined : refused);
    write(1);
    end();
    await shipper.ended;
    expect(buried).toEqual(['1 Refused']);
    expect(index.stored.get('writer:1')?.source.event).toMatchObject({ sequence: 1 });
    expect(index.stored.get('writer:1')?.source.event).not.toHaveProperty('original');
    expect(acknowledged).toEqual([1]);
  });

  test('in every form is in a dead letter, once, and the others go on', async () => {
    const { index, shipper, write, end, buried, acknowledged } = newScene();
    index.itemAnswer = ({ id }) => (id === 'writer:2' ? refused : undefined);
    write(3);
    end();
    await shipper.ended;
    expect(buried).toEqual(['2 Refused']);
    expect([...index.stored.keys()]).toEqual(['writer:1', 'writer:3']);
    expect(acknowledged).toEqual([3]);
  });

  test('is not acknowledged while no dead letter can be written', async () => {
    const { index, shipper, write, end, clock, told, acknowledged } = newScene({
      deadLetters: { add: () => Promise.reject(new Error('no space left')) },
    });
    index.itemAnswer = () => refused;
    write(1);
    end();
    await clock.advance(60_000);
    expect(told('DeadLetterFailed').length).toBeGreaterThan(1);
    expect(acknowledged).toEqual([]);
    expect(shipper.state().documents).toBe(1);
  });

  test('as a request, while others are stored, is found by halves', async () => {
    const { index, shipper, write, end, clock, told, buried } = newScene({ limits: { documents: 4 } });
    const poisoned = (documents: readonly SentDocument[]) =>
      documents.some((document) => document.id === 'writer:3' && kindOf(document) === undefined)
        ? failed(400, 'illegal_argument_exception')
        : undefined;
    index.requestAnswers.push(...Array.from({ length: 50 }, () => poisoned));
    write(12);
    end();
    await clock.advance(30 * 60_000);
    await shipper.ended;
    expect([...index.stored.keys()].toSorted()).toEqual(ids(12).toSorted());
    expect(told('Reduced')).toMatchObject([{ document: { sequence: 3 } }]);
    expect(buried).toEqual([]);
  });
});

describe('a request that is too large', () => {
  const tooLarge = (bytes: number) => (documents: readonly SentDocument[]) =>
    Buffer.byteLength(JSON.stringify(documents)) > bytes ? failed(413) : undefined;

  test('is cut in halves until its parts are taken', async () => {
    const { index, shipper, write, end, told, buried } = newScene();
    index.requestAnswers.push(...Array.from({ length: 100 }, () => tooLarge(20_000)));
    write(64);
    end();
    await shipper.ended;
    expect([...index.stored.keys()]).toEqual(ids(64));
    expect(told('Halved').length).toBeGreaterThan(0);
    expect([told('Reduced'), buried]).toEqual([[], []]);
  });

  test('makes later ones smaller from the start', async () => {
    const { index, shipper, write, end, told } = newScene({ limits: { documents: 10_000, inFlight: 1 } });
    index.requestAnswers.push(...Array.from({ length: 1_000 }, () => tooLarge(300_000)));
    write(2_000);
    end();
    await shipper.ended;
    expect(index.stored.size).toBe(2_000);
    expect(told('Halved').length).toBeLessThan(10);
  });

  test('by one document alone is sent without its bodies, then without its text', async () => {
    const { index, shipper, write, end, told, buried } = newScene();
    index.requestAnswers.push(...Array.from({ length: 10 }, () => tooLarge(30_000)));
    write(1, 'x'.repeat(60_000));
    end();
    await shipper.ended;
    expect(told('Reduced')).toMatchObject([
      { tier: 'WithOriginal', why: 'TooLarge' },
      { tier: 'WithoutOriginal', why: 'TooLarge' },
    ]);
    expect(buried).toEqual(['1 TooLarge']);
    expect(index.stored.has('writer:1')).toBe(true);
  });
});

describe('closing', () => {
  test('sends what was read', async () => {
    const { index, shipper, write, acknowledged } = newScene();
    write(3);
    await settle();
    await shipper.close(1_000);
    expect([...index.stored.keys()]).toEqual(ids(3));
    expect(acknowledged).toEqual([3]);
  });

  test('gives up at its deadline, and acknowledges nothing that is not stored', async () => {
    const { index, shipper, write, clock, acknowledged } = newScene();
    index.requestAnswers.push(...Array.from({ length: 100 }, () => () => failed(503)));
    write(3);
    await settle();
    const closed = shipper.close(5_000);
    await clock.advance(5_000);
    await closed;
    expect(acknowledged).toEqual([]);
  });
});

test('what is no checkpoint is a dead letter', async () => {
  const { shipper, push, end, buried, acknowledged } = newScene();
  push({ kind: 'Checkpoint', writer: 'writer', text: '{}', position: 1 });
  end();
  await shipper.ended;
  expect(buried).toEqual(['checkpoint Unreadable']);
  expect(acknowledged).toEqual([1]);
});

test('a record of another version is sent as what can be said of it', async () => {
  const { index, shipper, push, end } = newScene();
  const record = { kind: 'Record', writer: 'writer', previousChain: 'a', chain: 'b' } as const;
  push({ ...record, sequence: 1, original: '{"kind":"Newer"}', position: 1 });
  push({ ...record, sequence: 2, original: 'no JSON', position: 2 });
  end();
  await shipper.ended;
  expect([...index.stored.values()].map(({ source }) => source.event['original'])).toEqual([
    '{"kind":"Newer"}',
    'no JSON',
  ]);
});
