import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane } from '@chaperone/e2e/cluster/control-plane';
import { startIssuer } from '@chaperone/e2e/issuer/issuer';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApiServerFront, type ApiServerFront } from '../faults/api-server-front.ts';
import { gatewayContext, type GatewayContext } from './gateway-context.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
let running: TestGateway;
let front: ApiServerFront;
let context: GatewayContext;
let client: GatewayClient;
let token: string;

const configMap = (name: string): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { text: 'x'.repeat(4_096) },
});
const aboutName =
  (name: string) =>
  ({ url }: { readonly url: string }) =>
    url.includes(name);

beforeAll(async () => {
  running = await startTestGateway('faults', {
    overrides: async ({ controlPlane }) => {
      front = await startApiServerFront(controlPlane);
      return { apiServer: front.url, configuration: { policies: { maxStaleness: '10s' } } };
    },
  });
  context = gatewayContext(running);
  client = newGatewayClient(context);
  token = await client.token({ user: 'faults@example.com', groups: ['agents'] });
  await client.applyPolicy('faults', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] }],
  });
  const created = await client.call({ method: 'POST', path: PATH, token, body: configMap('standing') });
  if (created.status !== 201) throw new Error(`the ConfigMap to read was answered with ${created.text}`);
}, 120_000);

afterAll(async () => {
  await client?.close();
  await running?.stop();
  await front?.close();
});

const seen = (part: string): number => front.requests.filter(aboutName(part)).length;

describe('a connection that breaks', () => {
  test('before a read is answered: the read is sent once more, and nobody notices', async () => {
    front.fault(aboutName('standing?read=1'), { kind: 'BreakBefore' });
    expect(await client.call({ path: `${PATH}/standing?read=1`, token })).toMatchObject({ status: 200 });
    expect(seen('standing?read=1')).toBe(2);
  });

  test('each time a read is sent: the caller is told after the second, and nothing is sent for ever', async () => {
    front.fault(aboutName('standing?read=2'), { kind: 'BreakBefore' }, 10);
    const answer = await client.call({ path: `${PATH}/standing?read=2`, token });
    expect(answer.json()).toMatchObject({ kind: 'Status', code: 502 });
    expect(seen('standing?read=2')).toBe(2);
  });

  test('after a write was carried out: it is not sent again, and the answer says that nobody knows', async () => {
    front.fault(({ method, url }) => method === 'POST' && url.includes('fieldManager=once'), { kind: 'BreakAfter' });
    const answer = await client.call({
      method: 'POST',
      path: `${PATH}?fieldManager=once`,
      token,
      body: configMap('written-once'),
    });
    expect(answer.json()).toMatchObject({ kind: 'Status', reason: 'Timeout', code: 504 });
    expect(answer.text).toContain('whether it was carried out is not known');
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(seen('fieldManager=once')).toBe(1);
    expect(await client.call({ path: `${PATH}/written-once`, token })).toMatchObject({ status: 200 });
  });

  test('inside an answer: the caller sees it break too, and never takes a part for the whole', async () => {
    front.fault(aboutName('standing?read=3'), { kind: 'BreakInside' });
    await expect(client.call({ path: `${PATH}/standing?read=3`, token })).rejects.toThrow(
      /terminated|other side closed|socket/i,
    );
  });
});

describe('an API server that answers', () => {
  test('late is waited for', async () => {
    front.fault(aboutName('standing?read=4'), { kind: 'Delay', milliseconds: 2_000 });
    expect(await client.call({ path: `${PATH}/standing?read=4`, token })).toMatchObject({ status: 200 });
  });

  test('with no HTTP is reported as such', async () => {
    front.fault(aboutName('standing?read=5'), { kind: 'Garbage' }, 2);
    const answer = await client.call({ path: `${PATH}/standing?read=5`, token });
    expect(answer.json()).toMatchObject({ kind: 'Status', code: 502 });
  });

  test('not at all, to a caller who goes away: the connection to it is given up', async () => {
    front.fault(aboutName('standing?read=6'), { kind: 'Silence' });
    const socket = await openCall(`${PATH}/standing?read=6`);
    await vi.waitFor(() => expect(seen('standing?read=6')).toBe(1), { timeout: 5_000 });
    expect(front.open(aboutName('standing?read=6'))).toBe(1);
    socket.destroy();
    await vi.waitFor(() => expect(front.open(aboutName('standing?read=6'))).toBe(0), { timeout: 5_000 });
  });
});

test('a watch whose client goes away is given up at the API server within a second', async () => {
  const watches = (): number => front.open(aboutName('gone=1'));
  const sockets = await Promise.all(
    Array.from({ length: 20 }, () => openCall(`${PATH}?watch=true&allowWatchBookmarks=true&gone=1`)),
  );
  await vi.waitFor(() => expect(watches()).toBe(20), { timeout: 10_000 });
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(() => expect(watches()).toBe(0), { timeout: 1_500, interval: 50 });
});

test('an API server that is down is a 503 at once, and is served again as soon as it is back', async () => {
  await front.refuse();
  const started = performance.now();
  const refused = await client.call({ path: `${PATH}/standing`, token });
  expect(refused.json()).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable', code: 503 });
  expect(performance.now() - started).toBeLessThan(2_000);
  await front.accept();
  expect(await client.call({ path: `${PATH}/standing`, token })).toMatchObject({ status: 200 });
});

test('an API server that is stopped and started again is served again by itself', async () => {
  await running.supervisor.stop('kube-apiserver');
  expect((await client.call({ path: `${PATH}/standing`, token })).status).toBeGreaterThanOrEqual(502);
  await startControlPlane(running.supervisor, running.options);
  await vi.waitFor(
    async () => expect(await client.call({ path: `${PATH}/standing`, token })).toMatchObject({ status: 200 }),
    {
      timeout: 15_000,
    },
  );
}, 60_000);

test('an issuer that is down changes nothing for tokens whose key is known', async () => {
  await running.supervisor.stop('issuer');
  const fresh = await client.token({ user: 'faults@example.com', groups: ['agents'], claims: [['run', 'fresh']] });
  expect(await client.call({ path: `${PATH}/standing`, token: fresh })).toMatchObject({ status: 200 });
  await startIssuer(running.supervisor, {
    directory: running.directories.issuer,
    port: Number(new URL(running.issuer.url).port),
    certificateAuthority: running.controlPlane.credentials.authority,
    audience: running.issuer.audience,
  });
});

test('policies that the API server has not confirmed for too long count no more, and count again once it has', async () => {
  await front.refuse();
  const ready = async (): Promise<number> => (await fetch(`${context.adminUrl}/readyz`)).status;
  await vi.waitFor(
    async () => {
      const refused = await client.call({ path: `${PATH}/standing`, token });
      expect(refused.json()).toMatchObject({ code: 503 });
      expect(refused.text).toContain('not been confirmed');
      expect(await ready()).toBe(503);
    },
    { timeout: 20_000, interval: 250 },
  );
  await front.accept();
  await vi.waitFor(
    async () => {
      expect(await client.call({ path: `${PATH}/standing`, token })).toMatchObject({ status: 200 });
      expect(await ready()).toBe(200);
    },
    { timeout: 20_000, interval: 250 },
  );
}, 60_000);

/** A call whose answer nobody waits for. */
async function openCall(target: string): Promise<{ destroy(): void }> {
  const { hostname, port } = new URL(context.url);
  const socket = connect({ host: hostname, port: Number(port), ca: readFileSync(context.caFile) });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  socket.resume();
  await sleep(10);
  return socket;
}
