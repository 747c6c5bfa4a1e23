import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentMemory } from '../bench/memory.ts';
import { startApiServerFront, type ApiServerFront } from '../faults/api-server-front.ts';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { gatewayContext, type GatewayContext } from '../proxy/gateway-context.ts';

const MEBIBYTE = 1_048_576;
const LIST_BYTES = 200 * MEBIBYTE;
const MAX_EXTRA_MIB = 64;
const MAX_BLOCK_SECONDS = 0.05;
const PATH = '/api/v1/namespaces/large-lists/secrets';
/** Some as large as etcd takes them, most not. */
const SIZES: readonly number[] = [...Array.from({ length: 40 }, () => 15_000), 700_000];
const PLACEHOLDER = Buffer.from('[MASKED:large-lists]').toString('base64');

let running: TestGateway;
let front: ApiServerFront;
let context: GatewayContext;
let client: GatewayClient;
const tokens = { masked: '', plain: '' };

beforeAll(async () => {
  running = await startTestGateway('large-lists', {
    overrides: async ({ controlPlane }) => {
      front = await startApiServerFront(controlPlane);
      return { apiServer: front.url };
    },
  });
  context = gatewayContext(running);
  client = newGatewayClient(context);
  for (const group of ['masked', 'plain'] as const)
    tokens[group] = await client.token({ user: `${group}@example.com`, groups: ['agents', group] });
  await client.applyPolicy('large-lists', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [{ name: 'secrets', action: 'Allow', verbs: ['list'], apiGroups: [''], resources: ['secrets'] }],
  });
  const match = { apiGroups: [''], resources: ['secrets'], subjects: [{ kind: 'Group', name: 'masked' }] };
  const spec = { match, fields: ['data.*'], targets: ['Audit', 'Response'] };
  const rule = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'MaskingRule', metadata: { name: 'large-lists' }, spec };
  await client.kubectl(['apply', '--server-side', '--filename=-'], rule);
  const args = ['wait', 'maskingrule', 'large-lists', '--for=condition=Enforced', '--timeout=20s'];
  if ((await client.kubectl(args)).code !== 0) throw new Error('the rule is not enforced');
}, 120_000);

afterAll(async () => {
  await client?.close();
  await running?.stop();
  await front?.close();
}, 60_000);

const secretOf = (index: number, value: string): string =>
  JSON.stringify({
    metadata: {
      name: `secret-${index}`,
      namespace: 'large-lists',
      uid: `uid-${index}`,
      resourceVersion: String(index),
    },
    data: { value },
    type: 'Opaque',
  });

/** A list of Secrets as an API server writes it; at its end, how many there were. */
function* list(value: (size: number) => string): Generator<Buffer> {
  yield Buffer.from('{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[');
  for (let index = 0, bytes = 0; bytes < LIST_BYTES; index++) {
    const size = SIZES[index % SIZES.length] ?? 0;
    bytes += (size * 4) / 3;
    yield Buffer.from(`${index === 0 ? '' : ','}${secretOf(index, value(size))}`);
  }
  yield Buffer.from(']}\n');
}

const values = new Map(SIZES.map((size) => [size, randomBytes(size).toString('base64')]));

interface Passed {
  readonly sha256: string;
  readonly mebibytes: number;
  readonly extraMiB: number;
  readonly blockSeconds: number;
  readonly seconds: number;
}

async function longestBlock(): Promise<number> {
  const metrics = await (await fetch(`${context.adminUrl}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/mu.exec(metrics)?.[1]);
}

/** Reads the list through the gateway. A slow client stops reading now and then, for longer than buffers last. */
async function pass(token: string, { slow }: { readonly slow: boolean }): Promise<Passed> {
  const pid = running.supervisor.running().find(({ name }) => name === 'gateway')?.pid ?? 0;
  front.fault(({ url }) => url.startsWith(PATH), {
    kind: 'Answer',
    body: () => list((size) => values.get(size) ?? ''),
  });
  const dispatcher = new Agent({ allowH2: false, connect: { ca: readFileSync(context.caFile) } });
  // The peak counts from here on.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = residentMemory(pid).now;
  await longestBlock();
  const started = performance.now();
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const { statusCode, body } = await request(`${context.url}${PATH}`, { dispatcher, headers });
  expect(statusCode).toBe(200);
  const hash = createHash('sha256');
  let bytes = 0;
  let pauses = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('no bytes');
    hash.update(chunk);
    bytes += chunk.length;
    if (slow && bytes > (pauses + 1) * 20_000) {
      pauses += 1;
      await sleep(pauses < 8 ? 250 : 0);
    }
  }
  const seconds = (performance.now() - started) / 1_000;
  await dispatcher.close();
  return {
    sha256: hash.digest('hex'),
    mebibytes: bytes / MEBIBYTE,
    extraMiB: residentMemory(pid).peak - before,
    blockSeconds: await longestBlock(),
    seconds,
  };
}

function digestOf(value: (size: number) => string): string {
  const hash = createHash('sha256');
  for (const chunk of list(value)) hash.update(chunk);
  return hash.digest('hex');
}

test.each([
  ['fast', false],
  ['slow', true],
])(
  'a list of 200 MiB passes a %s client masked, in little memory and without blocking others',
  { timeout: 180_000, retry: 2 },
  async (_, slow) => {
    const plain = await pass(tokens.plain, { slow });
    expect(plain.sha256).toBe(digestOf((size) => values.get(size) ?? ''));
    const masked = await pass(tokens.masked, { slow });
    const figures = JSON.stringify({ plain: { ...plain, sha256: '' }, masked: { ...masked, sha256: '' } });
    if (process.env['FIGURES'] !== undefined) process.stdout.write(`${figures}\n`);
    expect(masked.sha256).toBe(digestOf(() => PLACEHOLDER));
    expect(masked.extraMiB, figures).toBeLessThan(MAX_EXTRA_MIB);
    // On a busy machine it is others that block: what passes unmasked tells how much, and not every time.
    expect(masked.blockSeconds, figures).toBeLessThan(Math.max(MAX_BLOCK_SECONDS, 2 * plain.blockSeconds));
  },
);
