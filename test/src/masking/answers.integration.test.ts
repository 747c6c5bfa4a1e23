import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
