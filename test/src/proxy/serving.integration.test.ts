import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest, Agent, type RequestOptions } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';
import { gatewayContext, type GatewayContext } from './gateway-context.ts';
import { newStreamOpener, type OpenStream, type StreamOpener } from './open-stream.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
/** The machine may be busy. */
const WAIT = { timeout: 10_000 };
const WATCH = `${PATH}?watch=true`;

let running: TestGateway;
let context: GatewayContext;
let client: GatewayClient;
let opener: StreamOpener;

beforeAll(async () => {
  running = await startTestGateway('serving', {
    overrides: {
      configuration: {
        listen: { clientAddress: { source: 'XForwardedFor', trustedProxies: ['127.0.0.0/8'] } },
        admin: { explainGroups: ['auditors'] },
        limits: { concurrentCalls: 2, concurrentStreams: 20 },
        streams: { maxDuration: '8s' },
        drain: { delay: '2s', timeout: '10s' },
      },
    },
  });
  context = gatewayContext(running);
  client = newGatewayClient(context);
  opener = newStreamOpener(context);
  await client.applyPolicy('serving', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] }],
  });
}, 120_000);

afterAll(async () => {
  await opener?.close();
  await client?.close();
  await running?.stop();
});

const tokenOf = (user: string, groups: string[] = ['agents']): Promise<string> => client.token({ user, groups });

async function open(token: string): Promise<OpenStream> {
  const stream = await opener.open(WATCH, token);
  expect(stream.status).toBe(200);
  return stream;
}

/** Calls of one user as the access log has them. */
function logged(user: string): Record<string, unknown>[] {
  const lines = readFileSync(join(context.logDirectory, 'gateway.log'), 'utf8').split('\n');
  return lines
    .filter((line) => line.includes('"Served a call"') && line.includes(`"user":"${user}"`))
    .map((line) => {
      const fields: unknown = JSON.parse(line);
      return isRecord(fields) ? fields : {};
    });
}

async function metric(series: string): Promise<number> {
  const text = await (await fetch(`${context.adminUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length),
  );
}

/** A request whose body the test sends by hand. */
function begin(options: RequestOptions) {
  const outgoing = httpsRequest({
    host: '127.0.0.1',
    port: new URL(context.url).port,
    ca: readFileSync(context.caFile),
    ...options,
  });
  const answer = new Promise<{ status: number | undefined; headers: IncomingMessage['headers']; text: string }>(
    (resolve, reject) => {
      outgoing.once('error', reject);
      outgoing.once('response', (response: IncomingMessage) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
    },
  );
  // Whoever waits for it is told of an error; a request that the test breaks off has nobody.
  answer.catch(() => undefined);
  return { outgoing, answer };
}

test('the access log tells who did what and from where, and holds no token, query or body', async () => {
  const token = await tokenOf('logged@example.com');
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'logged' }, data: { a: 'body-of-the-call' } };
  const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7' };
  const path = `${PATH}?fieldManager=query-of-the-call`;
  expect(await client.call({ method: 'POST', path, token, body, headers })).toMatchObject({ status: 201 });
  await vi.waitFor(() => expect(logged('logged@example.com')).toHaveLength(1), WAIT);
  const [line = {}] = logged('logged@example.com');
  expect(line).toMatchObject({
    clientAddress: '203.0.113.7',
    verb: 'create',
    resource: 'configmaps',
    namespace: 'default',
    verdict: 'Allow',
    status: 201,
  });
  const text = JSON.stringify(line);
  for (const secret of ['body-of-the-call', 'query-of-the-call', token, token.split('.')[2] ?? ''])
    expect(text).not.toContain(secret);
});

describe('one caller', () => {
  test('has so many calls at a time, and then 429 with a time to wait, while others are served', async () => {
    const [token, other] = await Promise.all([tokenOf('busy@example.com'), tokenOf('other@example.com')]);
    const slow = new Set<ClientRequest>();
    const holdTwo = (): void => {
      while (slow.size < 2) {
        const { outgoing, answer } = begin({
          method: 'POST',
          path: PATH,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': 200 },
        });
        outgoing.write('{');
        slow.add(outgoing);
        // It may itself have been the one too many, beside the call that looks.
        answer.finally(() => slow.delete(outgoing)).catch(() => undefined);
      }
    };
    await vi.waitFor(async () => {
      holdTwo();
      await sleep(200);
      const refused = await client.call({ path: PATH, token });
      expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
      expect(refused.json()).toMatchObject({ kind: 'Status', reason: 'TooManyRequests', code: 429 });
    }, WAIT);
    expect(await client.call({ path: PATH, token: other })).toMatchObject({ status: 200 });
    for (const outgoing of slow) outgoing.destroy();
    await vi.waitFor(async () => expect(await client.call({ path: PATH, token })).toMatchObject({ status: 200 }), WAIT);
  });

  test('has so many streams at a time, counted apart from calls and given back when they end', async () => {
    const token = await tokenOf('watcher@example.com');
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(token)));
    const refused = await client.call({ path: WATCH, token });
    expect(refused).toMatchObject({ status: 429 });
    expect(await client.call({ path: PATH, token })).toMatchObject({ status: 200 });
    expect(await metric('chaperone_live_streams{kind="watch"}')).toBe(20);
    for (const stream of streams) stream.close();
    await vi.waitFor(async () => expect(await metric('chaperone_live_streams{kind="watch"}')).toBe(0), WAIT);
    (await open(token)).close();
  });
});

test('a watch ends as the API server ends one when it has lasted as long as streams may', async () => {
  const stream = await open(await tokenOf('lasting@example.com'));
  const started = performance.now();
  expect(await stream.end).toMatchObject({ clean: true });
  expect(performance.now() - started).toBeGreaterThan(7_000);
  expect(performance.now() - started).toBeLessThan(9_500);
  expect(stream.text()).not.toContain('ERROR');
  expect(await metric('chaperone_streams_ended_total{kind="watch",reason="StreamTooLong"}')).toBeGreaterThanOrEqual(1);
});

describe('the serving certificate', () => {
  const address = () => ({
    host: '127.0.0.1',
    port: Number(new URL(context.url).port),
    ca: readFileSync(context.caFile),
  });

  async function dial(): Promise<TLSSocket> {
    const socket = connect({ ...address(), servername: 'localhost' });
    socket.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', () => resolve()).once('error', reject));
    return socket;
  }

  async function served(): Promise<string> {
    const socket = await dial();
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  const file = (name: string): string => join(running.directories.root, 'gateway', name);

  test('that is replaced is served to new connections, old ones go on, and broken files change nothing', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const token = await tokenOf('certificate@example.com');
    const headers = { authorization: `Bearer ${token}` };
    const call = async () => {
      const { outgoing, answer } = begin({ path: PATH, headers, agent });
      outgoing.end();
      return { ...(await answer), socket: outgoing.socket };
    };
    const first = await call();
    expect(first.status).toBe(200);
    const before = await served();
    const failures = await metric('chaperone_tls_reloads_total{outcome="failed"}');

    writeFileSync(file('tls.crt'), 'not a certificate');
    await vi.waitFor(
      async () => expect(await metric('chaperone_tls_reloads_total{outcome="failed"}')).toBe(failures + 1),
      { timeout: 10_000 },
    );
    expect(await served()).toBe(before);

    const next = await running.controlPlane.credentials.authority.issue({
      commonName: 'chaperone',
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    writeFileSync(file('tls.key'), next.key);
    writeFileSync(file('tls.crt'), next.certificate);
    await vi.waitFor(async () => expect(await served()).not.toBe(before), { timeout: 10_000 });
    const second = await call();
    expect(second.status).toBe(200);
    expect(second.socket).toBe(first.socket);
    agent.destroy();
  });
});

test('only members of the groups that are named for it have calls of others explained', async () => {
  const ask = async (groups: string[]) => {
    const answer = await fetch(`${context.adminUrl}/explain`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await tokenOf('asks@example.com', groups)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ method: 'GET', target: PATH, user: { username: 'else@example.com', groups: ['agents'] } }),
    });
    const body: unknown = await answer.json();
    return { status: answer.status, body };
  };
  expect(await ask(['agents'])).toMatchObject({ status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
  expect(await ask(['auditors'])).toMatchObject({
    status: 200,
    body: { user: 'else@example.com', sentence: 'Allowed by rule config of policy serving.' },
  });
});

test('SIGTERM: not ready at once, calls served for a while, then answers that close, streams that end one by one, and an end', async () => {
  const token = await tokenOf('drained@example.com');
  const headers = { authorization: `Bearer ${token}` };
  const streams = await Promise.all(Array.from({ length: 15 }, () => open(token)));
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = () => {
    const { outgoing, answer } = begin({ path: PATH, headers, agent: keepAlive });
    outgoing.end();
    return answer;
  };
  expect(await call()).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'under-way' } });
  const slow = begin({
    method: 'POST',
    path: PATH,
    headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length },
  });
  slow.outgoing.write(body.slice(0, 10));
  const record = running.supervisor.running().find(({ name }) => name === 'gateway');
  process.kill(record?.pid ?? Number.NaN, 'SIGTERM');

  await vi.waitFor(async () => {
    const ready = await fetch(`${context.adminUrl}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('this replica is shutting down')]);
  });
  // Whoever has not noticed yet is served as before, on new connections too.
  expect(await client.call({ path: PATH, token })).toMatchObject({ status: 200 });
  expect(await call()).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
  expect(streams.some((stream) => stream.hasEnded())).toBe(false);

  const ends = await Promise.all(streams.map(({ end }) => end));
  expect(ends.every(({ clean }) => clean)).toBe(true);
  expect(streams.every((stream) => !stream.text().includes('ERROR'))).toBe(true);
  const times = ends.map(({ at }) => at);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(20);
  await expect(client.call({ path: PATH, token: await tokenOf('late@example.com') })).rejects.toThrow(
    /ECONNREFUSED|closed/u,
  );

  slow.outgoing.end(body.slice(10));
  expect(await slow.answer).toMatchObject({ status: 201, headers: { connection: 'close' } });
  await vi.waitFor(() => expect(running.supervisor.running().map(({ name }) => name)).not.toContain('gateway'), {
    timeout: 5_000,
  });
  keepAlive.destroy();
});
