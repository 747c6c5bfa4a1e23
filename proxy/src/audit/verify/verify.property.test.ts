import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { checkpointHash, checkpointSchema, signCheckpoint, type Checkpoint } from '../checkpoint.ts';
import { NO_REGISTRY, signRegistry, type Registry } from '@chaperone/crds/audit/registry';
import { signingKey, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import type { RecordEntry } from '../wal/entry.ts';
import { newRecordChain } from '../wal/record-chain.ts';
import type { Finding } from './finding.ts';
import { verify } from './verify.ts';
import type { FoundRecord } from './writer-check.ts';

const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 100) };
vi.setConfig({ testTimeout: 30_000 + RUNS.numRuns * 60 });

const newKey = (): SigningKey =>
  signingKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), 'test');
const [first, second, operator, stranger] = [newKey(), newKey(), newKey(), newKey()];

interface Log {
  readonly records: readonly FoundRecord[];
  readonly checkpoints: readonly Checkpoint[];
  readonly registry: Registry;
}

interface Shape {
  readonly writers: readonly { readonly records: number; readonly every: number; readonly handOverAt: number }[];
}

const START = Date.UTC(2026, 0, 1);

/** An honest log, as writers make it. All of them have ended. */
function logOf({ writers }: Shape): Log {
  const clock = newFakeClock(START);
  const records: FoundRecord[] = [];
  const checkpoints: Checkpoint[] = [];
  const registered = writers.map(({ records: count, every, handOverAt }, index) => {
    const writer = `writer-${index}`;
    const chain = newRecordChain({
      writer,
      key: first,
      clock,
      checkpointRecords: every,
      push(entry) {
        if (entry.type === 'Record') records.push(foundRecord(writer, entry));
        if (entry.type === 'Checkpoint') checkpoints.push(checkpointSchema.parse(JSON.parse(entry.text)));
      },
    });
    for (let number = 0; number < count; number++) {
      if (number === handOverAt) chain.handOver(second);
      clock.jumpWallClock(1_000);
      chain.append({ auditID: `call-${number}`, closes: true, original: `{"writer":${index},"call":${number}}` });
    }
    chain.checkpoint('Final');
    return { writer, replica: 'a', start: time(START), end: time(clock.now()), head: chain.head() };
  });
  return { records, checkpoints, registry: registryOf(registered, time(clock.now())) };
}

const time = (ms: number): string => new Date(ms).toISOString();

const registryOf = (writers: Registry['writers'], signed: string, keys = [first.publicKey]): Registry =>
  signRegistry({ number: 1, time: signed, previousRegistry: NO_REGISTRY, writers, keys }, operator);

const foundRecord = (writer: string, { sequence, previousChain, chain, text }: RecordEntry): FoundRecord => ({
  writer,
  sequence,
  previousChain,
  chain,
  original: text,
});

async function findings(
  {
    records,
    checkpoints,
    registry,
  }: { records: readonly FoundRecord[]; checkpoints: readonly unknown[]; registry?: unknown },
  retainedSince?: number,
): Promise<Finding[]> {
  const sorted = records.toSorted((left, right) => left.sequence - right.sequence);
  const found = verify({ records: sorted, checkpoints, registry, registryKeys: [operator], keys: [], retainedSince });
  const all: Finding[] = [];
  for await (const each of found) all.push(each);
  return all;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  writers: fc.array(
    fc.record({
      records: fc.integer({ min: 2, max: 30 }),
      every: fc.integer({ min: 1, max: 12 }),
      handOverAt: fc.integer({ min: -1, max: 20 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});
const choice = fc.nat();

function at<Item>(items: readonly Item[], number: number): Item {
  const item = items[number % items.length];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

const without = <Item>(items: readonly Item[], item: Item): Item[] => items.filter((each) => each !== item);
const replaced = <Item>(items: readonly Item[], item: Item, by: Item): Item[] =>
  items.map((each) => (each === item ? by : each));

/** Another character in one place. */
function edited(text: string, where: number, by: number): string {
  const position = where % text.length;
  const code = text.charCodeAt(position);
  const other = 32 + ((code - 32 + 1 + (by % 94)) % 95);
  return text.slice(0, position) + String.fromCharCode(other) + text.slice(position + 1);
}

describe('an honest log', () => {
  test('has no findings', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (each) => {
        expect(await findings(logOf(each))).toEqual([]);
      }),
      RUNS,
    );
  });

  test('has none where documents came late, twice or were sent again', async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(choice, { minLength: 20, maxLength: 60 }), async (each, choices) => {
        const log = logOf(each);
        const mixed = [...log.records, ...log.records.filter((_, index) => at(choices, index) % 3 === 0)]
          .map((record, index) => ({ record, order: at(choices, index) }))
          .toSorted((left, right) => left.order - right.order)
          .map(({ record }) => record);
        const checkpoints = [...log.checkpoints, at(log.checkpoints, at(choices, 0))].toReversed();
        expect(await findings({ ...log, records: mixed, checkpoints })).toEqual([]);
      }),
      RUNS,
    );
  });

  test('has none where retention has removed its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(shape, choice, choice, async (each, cut, further) => {
        const log = logOf(each);
        const boundary = Date.parse(at(log.checkpoints, cut).time);
        const keptCheckpoints = log.checkpoints.filter(({ time: made }) => Date.parse(made) >= boundary);
        const removed = new Map(
          log.checkpoints
            .filter((checkpoint) => !keptCheckpoints.includes(checkpoint))
            .map(({ writer, lastSequence }) => [writer, lastSequence - (further % 2)]),
        );
        const records = log.records.filter(({ writer, sequence }) => sequence > (removed.get(writer) ?? 0));
        // The hand-over to the second key may be gone.
        const registry = registryOf(log.registry.writers, log.registry.time, [first.publicKey, second.publicKey]);
        expect(await findings({ registry, records, checkpoints: keptCheckpoints }, boundary)).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('what was done to a log is found', () => {
  const changes: Readonly<
    Record<
      string,
      (
        log: Log,
        numbers: readonly number[],
      ) => { log: Partial<Record<keyof Log, unknown>>; kinds: readonly Finding['kind'][] }
    >
  > = {
    'one character of a record is another'({ records }, [which = 0, where = 0, by = 0]) {
      const record = at(records, which);
      const altered = { ...record, original: edited(record.original, where, by) };
      return { log: { records: replaced(records, record, altered) }, kinds: ['Altered'] };
    },
    'one character of a hash of a record is another'({ records }, [which = 0, where = 0, by = 0]) {
      const record = at(records, which);
      const field = by % 2 === 0 ? 'chain' : 'previousChain';
      const altered = { ...record, [field]: edited(record[field], where, by) };
      return { log: { records: replaced(records, record, altered) }, kinds: ['Altered', 'Reordered'] };
    },
    'the number of a record is another'({ records }, [which = 0, where = 0]) {
      const record = at(records, which);
      const altered = { ...record, sequence: record.sequence + 1 + (where % 40) };
      return {
        log: { records: replaced(records, record, altered) },
        kinds: ['Missing', 'TruncatedTail', 'Reordered', 'DroppedWriter'],
      };
    },
    'a record is gone'({ records }, [which = 0]) {
      return { log: { records: without(records, at(records, which)) }, kinds: ['Missing', 'TruncatedTail'] };
    },
    'two records have changed places'({ records }, [which = 0]) {
      const one = at(
        records.filter(({ sequence }) => sequence > 1),
        which,
      );
      const other =
        records.find(({ writer, sequence }) => writer === one.writer && sequence === one.sequence - 1) ?? one;
      const swapped = records.map((each) => {
        if (each === one) return { ...other, sequence: one.sequence };
        return each === other ? { ...one, sequence: other.sequence } : each;
      });
      return { log: { records: swapped }, kinds: ['Reordered'] };
    },
    'the end of a chain is gone, with its checkpoints'({ records, checkpoints }, [which = 0]) {
      const from = at(records, which);
      const isKept = (each: { writer: string }, last: number): boolean =>
        each.writer !== from.writer || last < from.sequence;
      return {
        log: {
          records: records.filter((each) => isKept(each, each.sequence)),
          checkpoints: checkpoints.filter((each) => isKept(each, each.lastSequence)),
        },
        kinds: ['TruncatedTail', 'DroppedWriter'],
      };
    },
    'a writer is gone, with its checkpoints'({ records, checkpoints }, [which = 0]) {
      const { writer } = at(records, which);
      return {
        log: {
          records: records.filter((each) => each.writer !== writer),
          checkpoints: checkpoints.filter((each) => each.writer !== writer),
        },
        kinds: ['DroppedWriter'],
      };
    },
    'a record is there a second time, and says something else'({ records }, [which = 0, where = 0, by = 0]) {
      const record = at(records, which);
      const other = { ...record, original: edited(record.original, where, by) };
      return { log: { records: [...records, other] }, kinds: ['DuplicatedWithDifference'] };
    },
    'records and their hashes are made anew, without the key'({ records }, [which = 0]) {
      const { writer } = at(records, which);
      const forged: FoundRecord[] = [];
      const chain = newRecordChain({
        writer,
        key: stranger,
        clock: newFakeClock(START),
        checkpointRecords: 1_000,
        push: (entry) => void (entry.type === 'Record' && forged.push(foundRecord(writer, entry))),
      });
      for (const each of records)
        if (each.writer === writer) chain.append({ auditID: '', closes: true, original: `${each.original} ` });
      return { log: { records: [...records.filter((each) => each.writer !== writer), ...forged] }, kinds: ['Altered'] };
    },
    'a checkpoint is gone'({ checkpoints }, [which = 0]) {
      return {
        log: { checkpoints: without(checkpoints, at(checkpoints, which)) },
        kinds: ['Missing', 'TruncatedTail', 'UnknownKey'],
      };
    },
    'one character of a checkpoint is another'({ checkpoints }, [which = 0, where = 0, by = 0]) {
      const checkpoint = at(checkpoints, which);
      const texts = Object.entries(checkpoint).filter(([, value]) => typeof value === 'string' && value !== '');
      const [field, value] = at(texts, by);
      const altered = { ...checkpoint, [field]: edited(String(value), where, by) };
      return {
        log: { checkpoints: checkpoints.map((each): unknown => (each === checkpoint ? altered : each)) },
        kinds: ['ForgedCheckpoint', 'Malformed', 'UnknownKey'],
      };
    },
    'a number of a checkpoint is another'({ checkpoints }, [which = 0, where = 0, by = 0]) {
      const checkpoint = at(checkpoints, which);
      const field = at(['number', 'firstSequence', 'lastSequence', 'count'] as const, where);
      const altered = { ...checkpoint, [field]: checkpoint[field] + 1 + (by % 5) };
      return { log: { checkpoints: replaced(checkpoints, checkpoint, altered) }, kinds: ['ForgedCheckpoint'] };
    },
    'a checkpoint has no signature'({ checkpoints }, [which = 0, by = 0]) {
      const checkpoint = at(checkpoints, which);
      const { signature: _, ...bare } = checkpoint;
      const altered = by % 2 === 0 ? bare : { ...bare, signature: '' };
      return {
        log: { checkpoints: checkpoints.map((each): unknown => (each === checkpoint ? altered : each)) },
        kinds: ['UnsignedCheckpoint'],
      };
    },
    'a checkpoint is signed by a key of somebody else'({ checkpoints }, [which = 0]) {
      const { keyId: _, signature: __, ...body } = at(checkpoints, which);
      const forged = signCheckpoint(body, stranger);
      return { log: { checkpoints: replaced(checkpoints, at(checkpoints, which), forged) }, kinds: ['UnknownKey'] };
    },
    'a checkpoint says that it is signed by the right key, and is not'({ checkpoints }, [which = 0]) {
      const checkpoint = at(checkpoints, which);
      const { keyId: _, signature: __, ...body } = checkpoint;
      const forged = { ...signCheckpoint(body, stranger), keyId: checkpoint.keyId };
      return { log: { checkpoints: replaced(checkpoints, checkpoint, forged) }, kinds: ['ForgedCheckpoint'] };
    },
    'the registry leaves a writer out'({ registry }, [which = 0]) {
      const writers = without(registry.writers, at(registry.writers, which));
      return { log: { registry: { ...registry, writers } }, kinds: ['ForgedRegistry'] };
    },
    'a writer is there that the registry does not have'({ registry }, [which = 0]) {
      const writers = without(registry.writers, at(registry.writers, which));
      return { log: { registry: registryOf(writers, registry.time) }, kinds: ['UnknownWriter'] };
    },
  };

  test.each(Object.keys(changes))('%s', async (name) => {
    const change = changes[name];
    await fc.assert(
      fc.asyncProperty(shape, fc.array(choice, { minLength: 3, maxLength: 3 }), async (each, numbers) => {
        const log = logOf(each);
        const { log: changed, kinds } = change?.(log, numbers) ?? { log: {}, kinds: [] };
        const found = await findings(Object.assign({}, log, changed));
        expect(found.map(({ kind }) => kind).filter((kind) => kinds.includes(kind))).not.toEqual([]);
      }),
      RUNS,
    );
  });

  test('a checkpoint follows the last one', async () => {
    const log = logOf({ writers: [{ records: 5, every: 3, handOverAt: -1 }] });
    const { keyId: _, signature: __, ...last } = at(log.checkpoints, log.checkpoints.length - 1);
    const more = signCheckpoint(
      {
        ...last,
        number: last.number + 1,
        firstSequence: last.lastSequence + 1,
        previousCheckpoint: checkpointHash(at(log.checkpoints, log.checkpoints.length - 1)),
        count: 0,
      },
      first,
    );
    expect(await findings({ ...log, checkpoints: [...log.checkpoints, more] })).toEqual([
      expect.objectContaining({ kind: 'ForgedCheckpoint', checkpoint: more.number }),
    ]);
  });

  test('each finding says where it is', async () => {
    const log = logOf({ writers: [{ records: 9, every: 3, handOverAt: -1 }] });
    const records = log.records.map((record) => ({
      ...record,
      original: record.sequence === 5 ? `${record.original} ` : record.original,
      place: `document ${record.sequence}`,
    }));
    expect(await findings({ ...log, records })).toEqual([
      {
        kind: 'Altered',
        writer: 'writer-0',
        sequences: [5, 5],
        place: 'document 5',
        message: 'the record is not what was recorded',
      },
      {
        kind: 'Altered',
        writer: 'writer-0',
        sequences: [4, 6],
        checkpoint: 2,
        message: 'the records are not those that were vouched for',
      },
    ]);
  });
});
