import { generateKeyPairSync } from 'node:crypto';
import { NO_REGISTRY, signRegistry, type RegisteredWriter, type Registry } from '@chaperone/crds/audit/registry';
import { signingKey } from '@chaperone/crds/audit/signing-keys';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { describe, expect, test } from 'vitest';
import { checkpointSchema, type Checkpoint } from '../checkpoint.ts';
import { newRecordChain } from '../wal/record-chain.ts';
import { verify } from './verify.ts';
import type { FoundRecord } from './writer-check.ts';

const newKey = () =>
  signingKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), 'test');
const [gateway, operator] = [newKey(), newKey()];
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const time = (ms: number): string => new Date(ms).toISOString();

/** A log of one writer that was killed after three records, and a registry's entry of it. */
function killedLog(): { records: FoundRecord[]; checkpoints: Checkpoint[]; entry: RegisteredWriter } {
  const clock = newFakeClock(START);
  const records: FoundRecord[] = [];
  const checkpoints: Checkpoint[] = [];
  const chain = newRecordChain({
    writer: 'killed',
    key: gateway,
    clock,
    checkpointRecords: 2,
    push(entry) {
      if (entry.type === 'Checkpoint') checkpoints.push(checkpointSchema.parse(JSON.parse(entry.text)));
      if (entry.type !== 'Record') return;
      const { sequence, previousChain, chain: own, text } = entry;
      records.push({ writer: 'killed', sequence, previousChain, chain: own, original: text });
    },
  });
  for (let count = 0; count < 3; count += 1)
    chain.append({ auditID: String(count), closes: true, original: `{"call":${count}}` });
  return { records, checkpoints, entry: { writer: 'killed', replica: 'a', start: time(START), head: chain.head() } };
}

const LOG = killedLog();
const NOTHING = { records: [], checkpoints: [] };

interface Case {
  readonly log: { readonly records: readonly FoundRecord[]; readonly checkpoints: readonly Checkpoint[] };
  readonly writers: readonly RegisteredWriter[];
  readonly forgotten?: Registry['forgotten'];
  readonly retainedSince?: number;
  readonly kinds: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a writer that still writes is as far as it was known to be': { log: LOG, writers: [LOG.entry], kinds: [] },
  'a writer that was lost proves itself as far as it goes': {
    log: LOG,
    writers: [{ ...LOG.entry, lost: time(START + DAY) }],
    kinds: [],
  },
  'a writer that was lost is missed when nothing of it is there': {
    log: NOTHING,
    writers: [{ ...LOG.entry, lost: time(START + DAY) }],
    kinds: ['DroppedWriter'],
  },
  'a writer that was lost before what is retained may be gone': {
    log: NOTHING,
    writers: [{ ...LOG.entry, lost: time(START + DAY) }],
    retainedSince: START + 2 * DAY,
    kinds: [],
  },
  'a writer that was lost after it may not': {
    log: NOTHING,
    writers: [{ ...LOG.entry, lost: time(START + DAY) }],
    retainedSince: START + DAY / 2,
    kinds: ['DroppedWriter'],
  },
  'a record that the registry knew of is missed at the end': {
    log: { ...LOG, records: LOG.records.slice(0, 2) },
    writers: [LOG.entry],
    kinds: ['TruncatedTail'],
  },
  'a writer that the registry does not have is told': { log: LOG, writers: [], kinds: ['UnknownWriter'] },
  'a writer that the registry may have forgotten is not': {
    log: LOG,
    writers: [],
    forgotten: { count: 1, until: time(START + DAY) },
    kinds: [],
  },
  'a writer that wrote after all that were forgotten is': {
    log: LOG,
    writers: [],
    forgotten: { count: 1, until: time(START - DAY) },
    kinds: ['UnknownWriter'],
  },
};

describe('with a registry', () => {
  test.each(Object.entries(CASES))('%s', async (_name, { log, writers, forgotten, retainedSince, kinds }) => {
    const registry = signRegistry(
      {
        number: 1,
        time: time(START + 30 * DAY),
        previousRegistry: NO_REGISTRY,
        writers: [...writers],
        keys: [gateway.publicKey],
        ...(forgotten === undefined ? {} : { forgotten }),
      },
      operator,
    );
    const found: string[] = [];
    for await (const { kind } of verify({ ...log, registry, registryKeys: [operator], keys: [], retainedSince }))
      found.push(kind);
    expect(found).toEqual(kinds);
  });
});
