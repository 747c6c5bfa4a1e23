import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApiServerFront, type ApiServerFront } from '../faults/api-server-front.ts';
import { auditedCalls, type AuditedCall } from './audited-calls.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';
import { gatewayContext } from './gateway-context.ts';
import { newStreamOpener } from './open-stream.ts';
import { startOwnGateway, type OwnGateway } from './own-gateway.ts';
import { portsOf, tcpConnections } from './tcp-table.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const READS = 100;
const WRITES = 30;
const OPERATOR = 'system:serviceaccount:chaperone-system:chaperone-operator';

let running: TestGateway;
let front: ApiServerFront;
/** Before an API server that closes connections. */
let closing: OwnGateway;
let ending: OwnGateway;
let client: GatewayClient;
let ca: string;
let token: string;

const configMap = (name: string): unknown => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const audited = (): AuditedCall[] => auditedCalls(join(running.options.directory, 'audit.log'));

beforeAll(async () => {
  running = await startTestGateway('interruptions', { apiserverArguments: ['--goaway-chance=0.02'] });
  const context = gatewayContext(running);
  client = newGatewayClient(context);
  ca = readFileSync(context.caFile, 'utf8');
  token = await client.token({ user: 'interruptions@example.com', groups: ['agents'] });
  await client.applyPolicy('interruptions', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] }],
  });
  const created = await client.call({ method: 'POST', path: PATH, token, body: configMap('standing') });
  if (created.status !== 201) throw new Error(`the ConfigMap to read was answered with ${created.text}`);
  front = await startApiServerFront(running.controlPlane);
  // All before one of the tests takes the policies away, on which these then go on for long.
  [closing, ending] = await Promise.all([
    startOwnGateway(running, { name: 'closing', apiServer: front.url, until: '/readyz' }),
    startOwnGateway(running, { name: 'ending', until: '/readyz' }),
  ]);
}, 120_000);

afterAll(async () => {
  closing?.terminate();
  await Promise.all([client?.close(), closing?.exited]);
  await front?.close();
  await running?.stop();
});

/** Runs so many calls, so many at a time, and counts what came of them. */
async function tally(
  calls: number,
  together: number,
  call: (at: number) => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let at = next++; at < calls; at = next++) {
      const outcome = String(await call(at).catch((error: unknown) => error));
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: together }, loop));
  return outcomes;
}

/** Calls of a client that may speak HTTP/2. */
function newCaller(url: string) {
  const agent = new Agent({ connect: { ca }, allowH2: true });
  return {
    async call(path: string, method: 'GET' | 'POST' = 'GET', body?: unknown): Promise<number> {
      const answer = await request(`${url}${path}`, {
        dispatcher: agent,
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      await answer.body.dump();
      return answer.statusCode;
    },
    close: () => agent.destroy(),
  };
}

/** How often each of these calls reached the API server. */
function timesOf(calls: readonly AuditedCall[], key: (call: AuditedCall) => string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const call of calls) times.set(key(call), (times.get(key(call)) ?? 0) + 1);
  return times;
}

describe.concurrent('a gateway', () => {
  test('before an API server that sends HTTP/2 clients away fails none of its own, and repeats nothing', async () => {
    const { url } = running.controlPlane;
    const { hostname, port } = new URL(running.product.gateway.url);
    const socket = connectTls({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2', 'http/1.1'] });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();

    // Directly, to see that it does send them away. Nobody has to be known to read the version.
    let sentAway = 0;
    for (let session = 0; session < 4; session++) {
      const direct = connectHttp2(url, { ca });
      direct.on('error', () => undefined);
      direct.on('goaway', () => (sentAway += 1));
      for (let call = 0; call < 100 && !direct.closed && !direct.destroyed; call++)
        await new Promise((resolve) => {
          const stream = direct.request({ ':path': '/version' });
          stream.on('error', () => undefined).once('close', resolve);
          stream.resume().end();
        });
      direct.destroy();
    }
    expect(sentAway).toBeGreaterThan(0);

    const caller = newCaller(running.product.gateway.url);
    expect(await tally(2_000, 16, (at) => caller.call(`${PATH}/standing?goaway=${at}`))).toEqual({ 200: 2_000 });
    await caller.close();
    await vi.waitFor(() => {
      const seen = timesOf(
        audited().filter(({ uri }) => uri.includes('goaway=')),
        ({ uri }) => uri,
      );
      expect([seen.size, Math.max(...seen.values())]).toEqual([2_000, 1]);
    });
  });

  describe('before an API server that closes connections at any time', () => {
    test.each([
      ['after an answer that says so', () => ({ kind: 'Close' }) as const],
      ['while they are idle', () => ({ kind: 'CloseIdle', milliseconds: Math.random() * 3 }) as const],
    ])('%s: no read fails, no write is sent twice or told to have failed that did not', async (how, fault) => {
      const mark = how.replaceAll(' ', '-');
      for (let time = 0; time < 1_000; time++)
        front.fault(({ url }) => url.includes(mark) && Math.random() < 0.5, fault());
      const caller = newCaller(closing.context.url);
      const statuses = new Map<string, number>();
      const [reads] = await Promise.all([
        tally(READS, 4, (at) => caller.call(`${PATH}/standing?read=${at}&${mark}`)),
        tally(WRITES, 2, async (at) => {
          const name = `${mark}-${at}`;
          statuses.set(name, await caller.call(`${PATH}?${mark}`, 'POST', configMap(name)));
        }),
      ]);
      await caller.close();
      expect(reads).toEqual({ 200: READS });
      // Where the connection was closed as a write went out nobody can know.
      expect([...new Set(statuses.values())].filter((status) => status !== 201 && status !== 504)).toEqual([]);
      await vi.waitFor(() => {
        const writes = audited().filter(({ verb, uri }) => verb === 'create' && uri.includes(mark));
        const created = timesOf(writes, ({ name }) => name);
        for (const [name, status] of statuses) {
          const most = status === 201 ? [1] : [undefined, 1];
          expect(most, `times that ${name} was sent, which was answered with ${status}`).toContain(created.get(name));
        }
      });
      const sent = front.requests.filter(({ url }) => url.includes(mark));
      const byAuditID = new Map<string, number>();
      for (const { method, auditID } of sent)
        if (method === 'POST') byAuditID.set(auditID, (byAuditID.get(auditID) ?? 0) + 1);
      expect(Math.max(...byAuditID.values())).toBe(1);
    });
  });

  test('that is told to end under load answers, or breaks off what was not begun, and leaves nothing behind', async () => {
    const gateway = ending;
    const opener = newStreamOpener(gateway.context);
    const watches = await Promise.all(
      Array.from({ length: 60 }, () => opener.open(`${PATH}?watch=true&labelSelector=none`, token)),
    );
    const caller = newCaller(gateway.context.url);
    const statuses = new Map<string, number | 'broken'>();
    let ended = false;
    const load = tally(20_000, 8, async (at) => {
      if (ended) return;
      const name = `ending-${at}`;
      try {
        statuses.set(name, await caller.call(PATH, 'POST', configMap(name)));
      } catch {
        statuses.set(name, 'broken');
        ended = true;
      }
    });
    await vi.waitFor(() => expect(statuses.size).toBeGreaterThan(100), { timeout: 15_000 });
    const apiServerPort = Number(new URL(running.controlPlane.url).port);
    const ports = portsOf(gateway.pid, apiServerPort);
    expect(ports.size).toBeGreaterThanOrEqual(60);
    gateway.terminate();
    expect(await gateway.exited).toBe(0);
    ended = true;
    await Promise.all([load, caller.close()]);

    const ends = await Promise.all(watches.map(({ end }) => end));
    await opener.close();
    expect(ends.every(({ clean }) => clean)).toBe(true);
    const times = ends.map(({ at }) => at).toSorted((left, right) => left - right);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(150);

    expect([...new Set(statuses.values())].filter((status) => ![201, 503, 'broken'].includes(status))).toEqual([]);
    const existing = new Set((await client.kubectl(['get', 'configmaps', '--output=name'])).stdout.split('\n'));
    for (const [name, status] of statuses)
      expect(existing.has(`configmap/${name}`), `that ${name} is there, which came to ${status}`).toBe(status === 201);
    await vi.waitFor(() => {
      const created = timesOf(
        audited().filter(({ verb, name }) => verb === 'create' && statuses.has(name)),
        ({ name }) => name,
      );
      expect(created.size).toBe([...statuses.values()].filter((status) => status === 201).length);
      expect(Math.max(...created.values())).toBe(1);
    });
    await vi.waitFor(() => {
      const left = tcpConnections().filter(
        ({ localPort, remotePort, state }) => localPort === apiServerPort && ports.has(remotePort) && state !== 6,
      );
      expect(left).toEqual([]);
    });
  });

  test(
    'without policies serves nobody and says so; with ones that are gone or damaged it goes on for a bounded time',
    { timeout: 60_000 },
    async () => {
      // It would mend at once what this test spoils.
      await running.supervisor.stop('operator');
      const asOperator = async (args: readonly string[], input?: unknown): Promise<string> => {
        const result = await client.kubectl([`--as=${OPERATOR}`, '--namespace=chaperone-system', ...args], input);
        expect(result).toMatchObject({ code: 0 });
        return result.stdout;
      };
      const published = await asOperator(['get', 'configmap', BUNDLE_HEAD, '--output=json']);
      const head = parseConfigMap(published);
      const publish = async (data: ConfigMap['data']): Promise<void> => {
        const { labels = {} } = head.metadata ?? {};
        const written = { ...head, data, metadata: { name: BUNDLE_HEAD, labels } };
        await asOperator(['apply', '--server-side', '--force-conflicts', '--filename=-'], written);
      };
      const withdraw = (): Promise<string> => asOperator(['delete', 'configmap', BUNDLE_HEAD]);

      await withdraw();
      const gateway = await startOwnGateway(running, {
        name: 'missing',
        configuration: { policies: { maxStaleness: '8s' } },
        until: '/healthz',
      });
      const own = newGatewayClient(gateway.context);
      const ready = async (): Promise<number> => (await fetch(`${gateway.context.adminUrl}/readyz`)).status;
      const serves = (status: number): Promise<void> =>
        vi.waitFor(
          async () => {
            expect(await own.call({ path: `${PATH}/standing`, token })).toMatchObject({ status });
            expect(await ready()).toBe(status);
          },
          { timeout: 20_000, interval: 100 },
        );
      for (const [method, path] of CALLS) {
        const refused = await own.call({ method, path, token });
        expect(refused.json()).toMatchObject({
          kind: 'Status',
          reason: 'ServiceUnavailable',
          code: 503,
          message: expect.stringMatching(/no policies have been loaded yet: .*logs of its operator/u) as unknown,
        });
        expect(refused.headers['retry-after']).toBeUndefined();
      }
      expect(await ready()).toBe(503);

      await publish(head.data);
      await serves(200);

      // A head that names what has other content than it should.
      const damaged = `${BUNDLE_HEAD}-${'0'.repeat(24)}`;
      const part = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: damaged }, binaryData: { part: 'AAAA' } };
      await asOperator(['create', '--filename=-'], part);
      const began = performance.now();
      const zeros = '0'.repeat(64);
      await publish({ ...head.data, revision: zeros, parts: JSON.stringify([zeros]) });
      await vi.waitFor(() => expect(gateway.log()).toContain('Policies cannot be loaded'), { timeout: 5_000 });
      await withdraw();
      await serves(200);
      await serves(503);
      expect(performance.now() - began).toBeGreaterThan(7_500);
      const stale = await own.call({ path: `${PATH}/standing`, token });
      expect(stale.text).toContain('what its operator publishes is missing or damaged');
      await publish(head.data);
      await serves(200);

      await own.close();
      gateway.terminate();
      expect(await gateway.exited).toBe(0);
    },
  );
});

function parseConfigMap(text: string): ConfigMap {
  const object: unknown = JSON.parse(text);
  if (typeof object !== 'object' || object === null) throw new TypeError('no object');
  return object;
}

const CALLS = [
  ['GET', `${PATH}/standing`],
  ['GET', `${PATH}?watch=true`],
  ['POST', PATH],
  ['GET', '/version'],
  ['GET', '/apis'],
] as const;
