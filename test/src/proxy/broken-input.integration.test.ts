import { readFile, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { mintToken } from '@chaperone/e2e/issuer/issue-token';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newRawClient, type Part, type RawClient } from './attack-connection.ts';
import { BROKEN_INPUT_CLASSES } from './attack-inventory.ts';
import { BROKEN_INPUTS, type BrokenInput, type TokenMaterial } from './broken-input.ts';
import { get, withToken } from './broken-input-requests.ts';
import { gatewayContext } from './gateway-context.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

/**
 * A gateway of its own, whose timeouts are short, whose memory is watched and whose connections are counted. The API
 * server is a real one; what is broken is what comes in.
 */

/** What a gateway that has been through all of it may hold more than before; its heap is never given back whole. */
const MAX_GROWTH = 128 * 1_048_576;

let gateway: TestGateway;
let client: GatewayClient;
let raw: RawClient;
let material: TokenMaterial;
let pid: number;
let before: number;

beforeAll(async () => {
  gateway = await startTestGateway('broken-input', {
    overrides: {
      configuration: {
        limits: {
          handshakeTimeout: '1s',
          headersTimeout: '1s',
          requestTimeout: '2s',
          bodyTimeout: '1500ms',
          idleTimeout: '1s',
          bodyBytes: 1_048_576,
        },
      },
    },
  });
  const context = gatewayContext(gateway);
  client = newGatewayClient(context);
  raw = newRawClient(context);
  pid = gateway.supervisor.running().find(({ name }) => name === 'gateway')?.pid ?? 0;
  const mint: TokenMaterial['mint'] = (request) =>
    mintToken(context.issuerDirectory, {
      user: 'broken@example.com',
      groups: ['agents', 'broken'],
      expiresIn: 3_600,
      ...request,
    });
  material = { good: await mint({}), mint };
  await client.applyPolicy('broken-input', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'broken' }],
    rules: [
      { name: 'maps', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] },
      { name: 'exec', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    ],
  });
  await expectService();
  before = await residentBytes();
});

afterAll(async () => {
  await client?.close();
  await gateway?.stop();
});

describe.each(BROKEN_INPUT_CLASSES)('%s', (kind) => {
  const inputs = Object.entries(BROKEN_INPUTS[kind]);
  const came = new Map<string, ReturnType<typeof cameOf>>();

  // All at once, as the slow ones take their time.
  beforeAll(async () => {
    for (const [name, input] of inputs) came.set(name, cameOf(input));
    await Promise.allSettled(came.values());
  });

  test.each(inputs)('%s', async (name, input) => {
    const result = await came.get(name);
    expect([input.outcome].flat(), result?.text).toContain(result?.outcome);
    expect(result, result?.text).toMatchObject({ isTold: true, closed: input.staysOpen !== true });
  });

  test('the next call is served', expectService);
});

describe('after all of it', () => {
  test('no connection is left', async () => {
    await expect.poll(connections, { timeout: 10_000 }).toEqual([]);
  });

  test('memory is bounded, also where it is all done again', async () => {
    const hungry = [...Object.values(BROKEN_INPUTS.oversized), ...Object.values(BROKEN_INPUTS['header floods'])];
    for (let round = 0; round < 3; round += 1) await Promise.all(hungry.map((input) => cameOf(input)));
    expect((await residentBytes()) - before).toBeLessThan(MAX_GROWTH);
  });

  test('nothing went wrong inside', async () => {
    const log = await readFile(gateway.supervisor.logFile('gateway'), 'utf8');
    const errors = log.split('\n').filter((line) => line.includes('"level":"error"'));
    expect(errors).toEqual([]);
    expect(log).not.toContain(material.good.slice(0, 60));
    expect(log).not.toContain('base64url.bearer');
  });
});

async function cameOf(input: BrokenInput) {
  const token = (await input.token?.(material)) ?? material.good;
  const parts = input.parts.map((part) => (typeof part === 'string' ? withToken(part, token) : part));
  if (input.bare === true)
    return { outcome: (await bareExchange(parts, input.end)) ? 'closed' : 'open', isTold: true, closed: true };
  const { answers, text, closed } = await raw.exchange(parts, {
    untilClosed: input.staysOpen !== true,
    ...(input.end === undefined ? {} : { end: input.end }),
  });
  const [answer] = answers;
  if (answer === undefined) return { outcome: closed && text === '' ? 'closed' : `cut: ${text}`, isTold: true, closed };
  return { outcome: answer.status, isTold: answer.status < 400 || isStatus(answer.body, answer.status), closed, text };
}

function isStatus(body: string, code: number): boolean {
  const value: unknown = JSON.parse(body);
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'Status' &&
    'code' in value &&
    value.code === code
  );
}

/** Writes to a connection without TLS. Resolves to whether it was ended from the other side. */
function bareExchange(parts: readonly Part[], end = false): Promise<boolean> {
  const { hostname, port } = new URL(gateway.product.gateway.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts)
        if (typeof part !== 'number') socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
      if (end) socket.end();
    });
    const timer = setTimeout(() => finish(false), 10_000);
    function finish(ended: boolean): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(ended);
    }
    socket.resume();
    socket.once('close', () => finish(true)).once('error', () => finish(true));
  });
}

/** The next caller notices nothing. */
async function expectService(): Promise<void> {
  const { answers } = await raw.exchange([withToken(get('/version'), material.good)]);
  expect(answers.map(({ status }) => status)).toEqual([200]);
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** The gateway's connections with callers, as the kernel has them. */
async function connections(): Promise<string[]> {
  const local = `:${Number(new URL(gateway.product.gateway.url).port).toString(16).toUpperCase().padStart(4, '0')}`;
  const files = await readdir(`/proc/${pid}/fd`);
  expect(files.length).toBeGreaterThan(0);
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
  return table.split('\n').filter((line) => {
    const [, address = '', , state] = line.trim().split(/\s+/);
    // 0A listens, 06 is TIME_WAIT: the kernel's alone.
    return address.endsWith(local) && state !== '0A' && state !== '06';
  });
}
