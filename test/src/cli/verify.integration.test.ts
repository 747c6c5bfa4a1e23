import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '@chaperone/cli/command-error';
import { eventHash } from '@chaperone/proxy/audit/chain';
import type { Registry } from '@chaperone/crds/audit/registry';
import { decodeEntry, encodeEntry, peekEntry, seedOf, sizeOf, type Entry } from '@chaperone/proxy/audit/wal/entry';
import type { Client, estypes } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from '../elasticsearch/client.ts';
import { newSigningKey } from '../wal/open-log.ts';
import { chaperone, type Outcome, type RunOptions } from './command.ts';
import { shipRecords } from './shipped-records.ts';
import { entriesOf, publicKeyFile, writeLogs, WRITERS } from './written-records.ts';

const [FIRST, SECOND] = WRITERS;
const COUNT = 120;
const KEY = newSigningKey();

let root: string;
let honest: string;
let registry: Registry;
let keyFile: string;
let registryFile: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'cli-verify-'));
  honest = join(root, 'honest');
  registry = await writeLogs(honest, KEY, COUNT);
  keyFile = publicKeyFile(root, 'key.pem', KEY);
  registryFile = join(root, 'registry.json');
  writeFileSync(registryFile, JSON.stringify(registry));
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

const withRegistry = (): string[] => ['--registry', registryFile, '--registry-key', keyFile];

function verifyDirectory(directory: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
  return chaperone(['verify', '--directory', directory, '--public-key', keyFile, ...args], options);
}

/** KIND, WRITER and SEQUENCE of each row. */
function findingsOf({ out }: Outcome): readonly string[] {
  const rows = out.split('\n').filter((line) => /^[A-Z][a-zA-Z]+ {3,}(?:gateway|<none>)/.test(line));
  return rows.map((row) => row.split(/ {3,}/).slice(0, 3).join(' '));
}

describe('a directory', () => {
  let copies = 0;
  function copy(): string {
    const directory = join(root, `copy-${++copies}`);
    cpSync(honest, directory, { recursive: true });
    return directory;
  }
  const segmentsOf = (directory: string, writer: string): string[] =>
    readdirSync(join(directory, writer))
      .filter((name) => name.endsWith('.wal'))
      .toSorted()
      .map((name) => join(directory, writer, name));

  test('of an honest log has no findings', async () => {
    const outcome = await verifyDirectory(honest);
    expect(findingsOf(outcome)).toEqual([]);
    expect(outcome.out).toMatch(
      /^2 writers, 124 records, \d+ checkpoints, from 2026-01-01T00:00:00.000000Z to 2026-03-01T11:59:59.000001Z: no findings\n$/,
    );
    expect(outcome.error).toMatch(/^Note: without a registry of writers/);
    expect(outcome.code).toBe(EXIT.ok);
    expect(await verifyDirectory(honest, withRegistry())).toEqual({ ...outcome, error: '' });
  });

  test('in which bytes were changed', async () => {
    const directory = copy();
    const [, second = ''] = segmentsOf(directory, FIRST);
    const bytes = readFileSync(second);
    const at = bytes.indexOf('deploy-bot');
    expect(at).toBeGreaterThan(0);
    bytes[at] = 0x44;
    writeFileSync(second, bytes);
    const outcome = await verifyDirectory(directory);
    expect(outcome.code).toBe(EXIT.found);
    expect(findingsOf(outcome)[0]).toBe(`Malformed ${FIRST} <none>`);
    expect(findingsOf(outcome)[1]).toMatch(new RegExp(`^Missing ${FIRST} \\d+$`));
    expect(outcome.out).toMatch(/bytes of the log are no entries of it, .*0000000002\.wal bytes \d+ to \d+/);
    expect(outcome.out).toMatch(/: \d+ findings?\n$/);
  });

  test('in which a record was replaced by one that reads well', async () => {
    const directory = copy();
    const [segment = ''] = segmentsOf(directory, SECOND);
    rewrite(segment, SECOND, (entry) =>
      entry.type === 'Record' && entry.sequence === 4
        ? { ...entry, text: entry.text.replace('203.0.113.7', '203.0.113.8') }
        : entry,
    );
    const outcome = await verifyDirectory(directory);
    expect(findingsOf(outcome)[0]).toBe(`Altered ${SECOND} 4`);
    expect(outcome.code).toBe(EXIT.found);
  });

  test('of which the end was cut off', async () => {
    const directory = copy();
    const segments = segmentsOf(directory, FIRST);
    for (const segment of segments.slice(2)) rmSync(segment);
    const outcome = await verifyDirectory(directory, withRegistry());
    expect(findingsOf(outcome)).toContainEqual(expect.stringMatching(`^TruncatedTail ${FIRST} `));
    expect(outcome.code).toBe(EXIT.found);
  });

  test('of which a segment in the middle was removed', async () => {
    const directory = copy();
    rmSync(segmentsOf(directory, FIRST)[1] ?? '');
    const outcome = await verifyDirectory(directory);
    expect(findingsOf(outcome).map((row) => row.split(' ').slice(0, 2))).toContainEqual(['Missing', FIRST]);
    expect(outcome.code).toBe(EXIT.found);
  });

  test('of which a whole writer was removed, which only the registry tells', async () => {
    const directory = copy();
    rmSync(join(directory, SECOND), { recursive: true });
    expect((await verifyDirectory(directory)).code).toBe(EXIT.ok);
    const outcome = await verifyDirectory(directory, withRegistry());
    expect(findingsOf(outcome)).toContainEqual(expect.stringMatching(`DroppedWriter ${SECOND}`));
    expect(outcome.code).toBe(EXIT.found);
  });

  test('that somebody else has signed', async () => {
    const directory = join(root, 'forged');
    await writeLogs(directory, newSigningKey(), 20);
    const outcome = await verifyDirectory(directory);
    expect(new Set(findingsOf(outcome).map((row) => row.split(' ')[0]))).toEqual(new Set(['UnknownKey']));
    expect(outcome.code).toBe(EXIT.found);
  });

  test('whose beginning retention has removed', async () => {
    const directory = copy();
    for (const segment of segmentsOf(directory, FIRST).slice(0, 2)) rmSync(segment);
    expect((await verifyDirectory(directory)).code).toBe(EXIT.found);
    // Checkpoints have the time at which the test wrote them.
    const later = (): number => Date.now() + 3_600_000;
    const outcome = await verifyDirectory(directory, ['--retained-since', '30m'], { now: later });
    expect(findingsOf(outcome)).toEqual([]);
  });

  test('whose records are too new to be signed for, which is told', async () => {
    const directory = copy();
    const [segment = ''] = segmentsOf(directory, SECOND);
    for (const other of segmentsOf(directory, SECOND).slice(1)) rmSync(other);
    rmSync(join(directory, FIRST), { recursive: true });
    rewrite(segment, SECOND, (entry) => (entry.type === 'Checkpoint' ? { ...entry, type: 'Header' } : entry));
    // At this time the first of its records is half an hour old.
    const early = await verifyDirectory(directory, [], { now: () => Date.parse('2026-03-01T10:30:00Z') });
    expect(early.out).toMatch(
      /^1 writer, (\d+) records \(\1 of them signed by no checkpoint yet\), 0 checkpoints, .*: no findings\n$/,
    );
    expect(early.code).toBe(EXIT.ok);
    const late = await verifyDirectory(directory);
    expect(findingsOf(late)).toEqual([expect.stringMatching(`Missing ${SECOND} 1-`)]);
    expect(late.code).toBe(EXIT.found);
  });

  test('findings as data', async () => {
    const directory = copy();
    rmSync(segmentsOf(directory, FIRST)[1] ?? '');
    const { out } = await verifyDirectory(directory, ['-o', 'json']);
    const { out: yaml } = await verifyDirectory(directory, ['-o', 'yaml']);
    expect(JSON.parse(out)).toMatchObject({
      summary: { writers: 2 },
      findings: [
        { kind: 'Missing', writer: FIRST },
        { kind: 'Missing', message: 'records are missing' },
      ],
    });
    expect(yaml).toContain('kind: Missing');
  });

  test('shows its progress to a person', async () => {
    let time = 0;
    const many = join(root, 'many');
    await writeLogs(many, KEY, 900);
    const outcome = await verifyDirectory(many, withRegistry(), { isTerminal: true, now: () => (time += 1_000) });
    expect(outcome.error).toContain('\rVerified 256 records');
    expect((await verifyDirectory(many, withRegistry())).error).toBe('');
  });
});

describe('keys', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, out, error } = await chaperone(['verify', '--directory', honest, ...args]);
    expect({ code, out }).toEqual({ code: EXIT.failed, out: '' });
    return error;
  };

  test('have to be given: a log does not vouch for itself', async () => {
    expect(await refused()).toMatch(/^Error: a log cannot vouch for itself: give --public-key/);
  });

  test('are public ones', async () => {
    const file = join(root, 'private.pem');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file]);
    const error = await refused('--public-key', file);
    expect(error).toMatch(/holds a private key\. Leave it where it is, and give its public half: openssl pkey -in/);
    const command = /openssl .*$/m.exec(error)?.[0] ?? '';
    writeFileSync(join(root, 'public.pem'), execFileSync('sh', ['-c', command]));
    const { code, out } = await chaperone(['verify', '--directory', honest, '--public-key', join(root, 'public.pem')]);
    expect(code).toBe(EXIT.found);
    expect(out).toContain('UnknownKey');
  });

  test('are Ed25519', async () => {
    const file = join(root, 'rsa.pem');
    const rsa = execFileSync('openssl', ['genpkey', '-algorithm', 'rsa'], { stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(file, execFileSync('openssl', ['pkey', '-pubout'], { input: rsa }));
    expect(await refused('--public-key', file)).toMatch(/holds no Ed25519 public key/);
    expect(await refused('--public-key', registryFile)).toMatch(/holds no Ed25519 public key/);
  });

  test('of the registry are given apart', async () => {
    expect(await refused('--public-key', keyFile, '--registry', registryFile)).toMatch(/give --registry-key/);
    const other = publicKeyFile(root, 'other.pem', newSigningKey());
    const outcome = await verifyDirectory(honest, ['--registry', registryFile, '--registry-key', other]);
    expect(findingsOf(outcome)).toEqual(['ForgedRegistry <none> <none>']);
  });

  test('of the registry suffice: it names those of the writers', async () => {
    const outcome = await chaperone(['verify', '--directory', honest, ...withRegistry()]);
    expect(outcome).toMatchObject({ code: EXIT.ok, error: '' });
  });
});

describe('Elasticsearch', () => {
  let client: Client;
  let uses = 0;

  beforeAll(() => {
    client = newClient({ node: inject('elasticsearchUrl'), requestTimeout: 60_000 });
  });
  afterAll(() => client.close());

  /** Another copy of the log in Elasticsearch, to be tampered with. */
  async function shipped(): Promise<string> {
    const namespace = `cli_verify_${process.pid}_${++uses}`;
    await shipRecords(inject('elasticsearchUrl'), namespace, await entriesOf(honest));
    return namespace;
  }

  const verifyIn = (namespace: string, ...args: string[]): Promise<Outcome> =>
    chaperone(
      ['verify', '--elasticsearch', inject('elasticsearchUrl'), '--data-stream-namespace', namespace].concat(
        ['--public-key', keyFile],
        args,
      ),
    );

  async function documentOf(namespace: string, id: string): Promise<StoredDocument> {
    const found = await client.search<Source>({
      index: `logs-*-${namespace}`,
      query: { ids: { values: [id] } },
      seq_no_primary_term: true,
    });
    const [hit] = found.hits.hits;
    if (hit?._source === undefined) throw new Error(`there is no ${id}`);
    const { _index, _seq_no = 0, _primary_term = 0, _source } = hit;
    return { place: { index: _index, if_seq_no: _seq_no, if_primary_term: _primary_term }, source: _source };
  }

  interface StoredDocument {
    /** Documents of data streams are replaced only by those who name the version that they replace. */
    readonly place: { readonly index: string; readonly if_seq_no: number; readonly if_primary_term: number };
    readonly source: Source;
  }

  interface Source extends Record<string, unknown> {
    readonly event: Readonly<Record<string, unknown>> & { readonly original: string };
  }

  async function replace(namespace: string, id: string, change: (source: Source) => Source): Promise<void> {
    const { place, source } = await documentOf(namespace, id);
    await client.index({ ...place, id, document: change(source), refresh: true });
  }

  async function remove(namespace: string, query: NonNullable<estypes.QueryDslQueryContainer>): Promise<void> {
    const found = await client.search({ index: `logs-*-${namespace}`, query, size: 1_000, _source: false });
    expect(found.hits.hits.length).toBeGreaterThan(0);
    const operations = found.hits.hits.map(({ _index, _id }) => ({ delete: { _index, _id: _id ?? '' } }));
    await client.bulk({ operations, refresh: true });
  }

  test('with an honest log has no findings', async () => {
    const outcome = await verifyIn(await shipped(), ...withRegistry());
    expect(outcome).toMatchObject({ code: EXIT.ok, error: '' });
    expect(outcome.out).toBe((await verifyDirectory(honest, withRegistry())).out);
  });

  const TAMPERED: Readonly<
    Record<string, { readonly tamper: (namespace: string) => Promise<void>; readonly finding: string }>
  > = {
    'a record was altered': {
      tamper: (namespace) =>
        replace(namespace, `${FIRST}:7`, (source) => ({
          ...source,
          event: { ...source.event, original: edited(source) },
        })),
      finding: `Altered ${FIRST} 7`,
    },
    'a record was altered, and its hash with it': {
      tamper: (namespace) =>
        replace(namespace, `${FIRST}:7`, (source) => {
          const original = edited(source);
          return { ...source, event: { ...source.event, original, hash: eventHash(original) } };
        }),
      finding: `Altered ${FIRST} 7`,
    },
    'a hash was altered': {
      tamper: (namespace) =>
        replace(namespace, `${SECOND}:3`, (source) => ({
          ...source,
          event: { ...source.event, hash: '0'.repeat(64) },
        })),
      finding: `Altered ${SECOND} 3`,
    },
    'a record was removed': {
      tamper: (namespace) => remove(namespace, { ids: { values: [`${FIRST}:12`] } }),
      finding: `Missing ${FIRST} 12`,
    },
    'two records have changed places': {
      tamper: async (namespace) => {
        const [fifth, sixth] = [`${FIRST}:5`, `${FIRST}:6`] as const;
        const { source: other } = await documentOf(namespace, sixth);
        const { source: one } = await documentOf(namespace, fifth);
        await replace(namespace, fifth, () => ({ ...other, event: { ...other.event, sequence: 5 } }));
        await replace(namespace, sixth, () => ({ ...one, event: { ...one.event, sequence: 6 } }));
      },
      finding: `Reordered ${FIRST} 5`,
    },
    'a second record has the number of one': {
      tamper: async (namespace) => {
        const { source } = await documentOf(namespace, `${FIRST}:5`);
        const document = { ...source, event: { ...source.event, original: edited(source) } };
        const index = `logs-kubernetes.audit_logs-${namespace}`;
        await client.create({ index, id: 'another', document, refresh: true });
      },
      finding: `DuplicatedWithDifference ${FIRST} 5`,
    },
    'the end was cut off': {
      tamper: (namespace) =>
        remove(namespace, {
          bool: {
            filter: [{ term: { 'chaperone.integrity.writer': SECOND } }, { range: { 'event.sequence': { gt: 30 } } }],
          },
        }),
      finding: `TruncatedTail ${SECOND} 31-41`,
    },
    'a writer was removed': {
      tamper: async (namespace) => {
        await remove(namespace, { term: { 'chaperone.integrity.writer': SECOND } });
        await remove(namespace, { term: { 'chaperone.checkpoint.writer': SECOND } });
      },
      finding: `DroppedWriter ${SECOND} 1-41`,
    },
    'a checkpoint was altered': {
      tamper: (namespace) =>
        replace(namespace, `${FIRST}:checkpoint:2`, (source) => ({
          ...source,
          event: { ...source.event, original: source.event.original.replace('"count":10', '"count":9') },
        })),
      finding: `ForgedCheckpoint ${FIRST} 11-20`,
    },
    'all checkpoints of a writer were removed': {
      tamper: (namespace) => remove(namespace, { term: { 'chaperone.checkpoint.writer': SECOND } }),
      finding: `Missing ${SECOND} 1-41`,
    },
    'a document lost its number': {
      tamper: (namespace) =>
        replace(namespace, `${FIRST}:9`, (source) => ({ ...source, event: { original: source.event.original } })),
      finding: 'Malformed <none> <none>',
    },
  };

  for (const [name, { tamper, finding }] of Object.entries(TAMPERED)) {
    test(`in which ${name}`, async () => {
      const namespace = await shipped();
      await tamper(namespace);
      const outcome = await verifyIn(namespace, ...withRegistry());
      expect(findingsOf(outcome)).toContain(finding);
      expect(outcome.code).toBe(EXIT.found);
    });
  }

  test('in which fields beside the record were altered, if it is asked', async () => {
    const namespace = await shipped();
    const all = [...withRegistry(), '--all-fields'];
    expect(await verifyIn(namespace, ...all)).toMatchObject({ code: EXIT.ok, error: '' });
    await replace(namespace, `${FIRST}:7`, (source) => ({ ...source, user: { name: 'somebody@example.com' } }));
    expect(await verifyIn(namespace, ...withRegistry())).toMatchObject({ code: EXIT.ok });
    const outcome = await verifyIn(namespace, ...all);
    expect(findingsOf(outcome)).toEqual([`Altered ${FIRST} 7`]);
    expect(outcome.out).toMatch(/what it says, \.ds-logs-\S+ user\.(?:name|id|group)/);
    expect(outcome.code).toBe(EXIT.found);
  });

  test('that has refused the text of a record is told apart', async () => {
    const namespace = `cli_verify_${process.pid}_${++uses}`;
    await shipRecords(inject('elasticsearchUrl'), namespace, await entriesOf(honest), (entry) =>
      entry.kind === 'Record' && entry.writer === FIRST && entry.sequence === 8 ? 'WithoutOriginal' : 'Full',
    );
    const outcome = await verifyIn(namespace, ...withRegistry());
    expect(findingsOf(outcome)).toEqual([`Missing ${FIRST} 8`]);
    expect(outcome.error).toMatch(/^Note: 1 document is without the text of its record/);
  });

  test('without a registry, whose key is given', async () => {
    const outcome = await verifyIn(await shipped(), '--registry-key', keyFile);
    expect(outcome.error).toMatch(/^Error: --registry-key: the records come without a registry/);
    expect(outcome.code).toBe(EXIT.failed);
  });
});

const edited = ({ event }: { readonly event: { readonly original: string } }): string =>
  event.original.replace('203.0.113.7', '203.0.113.8');

/** Writes a segment anew, with checksums that are right. */
function rewrite(path: string, writer: string, change: (entry: Entry) => Entry): void {
  const bytes = readFileSync(path);
  const seed = seedOf(writer);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const peeked = peekEntry(bytes, at, bytes.length, seed);
    if (peeked.kind !== 'Entry') break;
    const entry = change(decodeEntry(bytes, at, peeked.type, peeked.size));
    const part = Buffer.alloc(sizeOf(entry));
    encodeEntry(part, 0, entry, part.length, { seed, batch: peeked.batch });
    parts.push(part);
    at += peeked.size;
  }
  writeFileSync(path, Buffer.concat(parts));
}
