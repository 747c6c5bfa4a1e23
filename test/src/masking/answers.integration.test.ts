import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCbor } from '@chaperone/proxy/masking/codec/cbor-document';
import { jsonText } from '@chaperone/proxy/masking/codec/json-text';
import { CborSequenceSplitter } from '@chaperone/proxy/masking/stream/cbor-sequence-splitter';
import { SPLITTER_BOUNDS } from '@chaperone/proxy/masking/stream/splitter';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { CALLERS, NAMESPACE, prepareCluster } from './corpus/corpus-cluster.ts';
import type { Cell } from './corpus/cells.ts';
import { driveCells, failuresOf, leaksOf } from './corpus/drive.ts';
import { ENCODINGS, MEDIA_TYPES, written, type Encoding } from './corpus/encodings.ts';
import { CONFIG_MAP, CUSTOM_RESOURCE, POD, SECRET, type CorpusKind } from './corpus/kinds.ts';
import { encodingsOf, existing, OPERATIONS } from './corpus/operations.ts';
import { newSeedSearch } from './corpus/search.ts';
import { newSeed } from './corpus/seeds.ts';
import { collectionOf, newName, newStage, objectOf, type Stage, type StageCall } from './corpus/stage.ts';

const keys = mkdtempSync(join(tmpdir(), 'fingerprint-keys-'));
const STARTUP_TIMEOUT = 120_000;

let running: TestGateway;
let client: GatewayClient;
let stage: Stage;
let answers: Buffer[];

beforeAll(async () => {
  writeFileSync(join(keys, 'k1'), randomBytes(32));
  running = await startTestGateway('answers', {
    apiserverArguments: ['--feature-gates=CBORServingAndStorage=true'],
    overrides: { configuration: { masking: { fingerprintKeys: keys } } },
  });
  const context = gatewayContext(running);
  client = newGatewayClient(context);
  const token = await client.token({ user: 'corpus@example.com', groups: ['agents', CALLERS] });
  await prepareCluster({ client, token, targets: ['Audit', 'Response'] });
  const plain = newStage(context, { caller: token, judged: token });
  stage = {
    ...plain,
    async through(call) {
      const answer = await plain.through(call);
      answers.push(answer.bytes);
      return answer;
    },
  };
  answers = [];
}, STARTUP_TIMEOUT);

afterAll(async () => {
  await stage?.close();
  await client?.close();
  await running?.stop();
  rmSync(keys, { recursive: true, force: true });
}, 60_000);

async function applyRule(name: string, spec: object): Promise<void> {
  const rule = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'MaskingRule', metadata: { name }, spec };
  expect(await client.kubectl(['apply', '--server-side', '--filename=-'], rule)).toMatchObject({ code: 0 });
  const waited = await client.kubectl(['wait', 'maskingrule', name, '--for=condition=Enforced', '--timeout=20s']);
  expect(waited).toMatchObject({ code: 0 });
}

const cellsOf = (kinds: readonly CorpusKind[]): Cell[] =>
  kinds.flatMap((kind) =>
    OPERATIONS.filter(({ name }) => name !== 'json-patch').flatMap((operation) =>
      encodingsOf(operation, kind).map((encoding): Cell => ({
        kind: kind.name,
        operation: operation.name,
        encoding,
        drive: (on) => operation.drive(on, kind, encoding),
      })),
    ),
  );

test(
  'no caller is shown what a rule masks, by whatever operation and in whatever encoding',
  { timeout: 120_000 },
  async () => {
    await applyRule('corpus-secrets', {
      match: { apiGroups: [''], resources: ['secrets'], namespaces: [NAMESPACE] },
      fields: ['data.*', 'stringData.*'],
      targets: ['Audit', 'Response'],
    });
    const driven = await driveCells(cellsOf([SECRET, CONFIG_MAP, POD, CUSTOM_RESOURCE]), stage);
    expect.soft(failuresOf(driven)).toEqual([]);
    const search = newSeedSearch(driven.flatMap(({ seeds }) => seeds));
    expect
      .soft(
        leaksOf(
          driven,
          answers.flatMap((bytes) => search.search(bytes, 'answer')),
        ),
      )
      .toEqual([]);
    // What came was masked, and not empty.
    expect(answers.filter((bytes) => bytes.includes('MASKED') || bytes.includes('W01BU0tFR')).length).toBeGreaterThan(
      150,
    );
  },
);

describe('what holds nothing to be masked comes through byte for byte, under a rule about other fields:', () => {
  const as = (kind: string) => (type: string) => `${type};as=${kind};g=meta.k8s.io;v=v1`;
  const whole = (type: string): string => type;
  const INITIAL =
    'watch=true&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const reads: readonly (readonly [
    what: string,
    accept: (type: string) => string,
    query: string,
    encodings: readonly Encoding[],
  ])[] = [
    ['a list', whole, 'limit=500', ENCODINGS],
    ['a list, printed for people', whole, 'pretty=true', ['JSON']],
    ['a Table', as('Table'), 'limit=500', ['JSON', 'YAML']],
    ['a Table with objects', as('Table'), 'includeObject=Object', ['JSON', 'YAML']],
    ['metadata', as('PartialObjectMetadataList'), 'limit=500', ENCODINGS],
    ['a watch', whole, 'watch=true&timeoutSeconds=1&resourceVersion=0', ['JSON', 'protobuf', 'CBOR']],
    ['a watch with initial events', whole, INITIAL, ['JSON', 'protobuf', 'CBOR']],
  ];
  const PLAIN: readonly CorpusKind[] = [
    { ...CONFIG_MAP, shapes: [], content: () => ({ immutable: false }) },
    { ...POD, shapes: [], content: POD.content },
    { ...CUSTOM_RESOURCE, shapes: [], content: () => ({ spec: {} }) },
  ];
  const rows = PLAIN.flatMap((kind) =>
    reads.flatMap(([what, accept, query, encodings]) =>
      encodings
        .filter((encoding) => kind.encodings.includes(encoding))
        // A custom resource prints a column that nobody can tell from what the rule masks.
        .filter(() => kind.kind !== 'Vault' || !what.includes('Table'))
        .map(
          (encoding) =>
            [`${what} of ${kind.kind}s in ${encoding}`, kind, accept(MEDIA_TYPES[encoding]), query] as const,
        ),
    ),
  );
  const cells = new Map<CorpusKind, string>();

  beforeAll(async () => {
    for (const kind of PLAIN) {
      const cell = newName();
      cells.set(kind, cell);
      for (let count = 0; count < 20; count++) {
        const metadata = { labels: { cell }, annotations: { note: `"é☃<&>\u2028 ${count}` } };
        const body = written(objectOf(kind, { name: newName(), seeds: [], metadata }), 'JSON');
        await stage.direct({ method: 'POST', path: collectionOf(kind), body, expected: [201] });
      }
    }
  });

  test.concurrent.each(rows)('%s', async (_, kind, accept, query) => {
    const call: StageCall = {
      path: `${collectionOf(kind)}?labelSelector=cell%3D${cells.get(kind) ?? ''}&${query}`,
      accept,
    };
    // The revision of the cluster rises, and a watch may end with one more bookmark, between the one read and the other.
    await vi.waitFor(
      async () => {
        const [direct, through] = await Promise.all([stage.direct(call), stage.through(call)]);
        expect(through.status).toBe(200);
        expect(through.bytes.length).toBeGreaterThan(2_000);
        expect(comparable(through.bytes, accept)).toEqual(comparable(direct.bytes, accept));
        expect(kept(through.headers)).toEqual(kept(direct.headers));
      },
      { timeout: 15_000, interval: 10 },
    );
  });
});

/** The API server writes the members of an object in CBOR in another order each time. */
function comparable(bytes: Buffer, accept: string): unknown {
  if (!accept.startsWith(MEDIA_TYPES.CBOR)) return withoutRevision(bytes);
  const pieces = new CborSequenceSplitter(SPLITTER_BOUNDS).push(bytes);
  return pieces.map((piece): unknown =>
    JSON.parse(withoutRevision(Buffer.from(jsonText(decodeCbor(piece.bytes).root, new Map())))),
  );
}

/** Of a list the cluster's revision, which other tests' writes raise between two reads. */
const withoutRevision = (bytes: Buffer): string =>
  bytes.toString('latin1').replaceAll(/("?resourceVersion"?: ?"?)\d+/gu, '$1');

const CHANGED: ReadonlySet<string> = new Set([
  'audit-id',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  // By who asks.
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
]);
const kept = (headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !CHANGED.has(name)));

describe('a client that takes JSON beside other encodings is answered in JSON:', () => {
  test.each([
    ['application/vnd.kubernetes.protobuf,application/json'],
    ['application/cbor,application/json;q=0.9'],
    ['*/*'],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    ],
  ])('%s', async (accept) => {
    const { name, seeds, appliedSeeds } = await existing(stage, CONFIG_MAP);
    const { headers, bytes } = await stage.through({
      path: `${collectionOf(CONFIG_MAP)}/${name}`,
      accept,
      expected: [200],
    });
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(newSeedSearch([...seeds, ...appliedSeeds]).search(bytes, 'answer')).toEqual([]);
    expect(JSON.parse(bytes.toString())).toMatchObject({ metadata: { name } });
  });
});

describe('fingerprints', () => {
  test('are equal where values are, whatever holds them, by the key of the directory', async () => {
    await applyRule('fingerprinted', {
      match: { apiGroups: [''], resources: ['services'], namespaces: [NAMESPACE] },
      fields: ["metadata.annotations['example.com/key']"],
      replacement: 'Fingerprint',
      targets: ['Audit', 'Response'],
    });
    const [same, other] = [newSeed('Plain').text, newSeed('Plain').text];
    const path = `/api/v1/namespaces/${NAMESPACE}/services`;
    for (const [name, value] of [
      ['a', same],
      ['b', same],
      ['c', other],
    ] as const) {
      const metadata = { name, annotations: { 'example.com/key': value } };
      const body = written({ metadata, spec: { ports: [{ port: 80 }] } }, 'JSON');
      await stage.direct({ method: 'POST', path, body, expected: [201] });
    }
    const shown: (string | undefined)[] = [];
    for (const name of ['a', 'b', 'c']) {
      const { bytes } = await stage.through({ path: `${path}/${name}`, expected: [200] });
      shown.push(/\[MASKED:fingerprinted:k1:[0-9a-f]{16}\]/u.exec(bytes.toString())?.[0]);
    }
    expect(shown[0]).toBeDefined();
    expect(shown[1]).toBe(shown[0]);
    expect(shown[2]).toBeDefined();
    expect(shown[2]).not.toBe(shown[0]);
  });
});
