import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startFaultProxy, type FaultProxy } from '@chaperone/test/faults/fault-proxy';
import {
  ApiError,
  ConnectionError,
  InvalidCallError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isTooManyRequests,
  RequestTimeoutError,
  ResponseError,
  retryAfterSeconds,
} from './api-error.ts';
import { newConnection, type CallObservation } from './connection.ts';
import { configMaps, deployments, leases, namespaces, pods, secrets } from './kinds.ts';
import { kubeConfigFromFile, kubeConfigFromString, type KubeConfig } from './kubeconfig.ts';
import { newClient, type Client } from './resource-client.ts';

let admin: KubeConfig;
let client: Client;
let namespace: string;
let proxy: FaultProxy;
let faulty: Client;
const observations: CallObservation[] = [];

const clientOf = (kubeConfig: KubeConfig, options: { readonly requestTimeoutMs?: number } = {}): Client =>
  newClient({
    connection: newConnection({
      kubeConfig,
      userAgent: 'client-test',
      observe: (call) => observations.push(call),
      ...options,
    }),
    fieldManager: 'client-test',
  });

beforeAll(async () => {
  admin = kubeConfigFromFile(inject('adminKubeconfig'));
  client = clientOf(admin);
  proxy = await startFaultProxy(inject('adminKubeconfig'));
  faulty = clientOf(kubeConfigFromString(proxy.kubeconfig), { requestTimeoutMs: 1_000 });
  const created = await client.resource(namespaces).create({ metadata: { generateName: 'client-' } });
  namespace = created.metadata.name;
});

afterAll(async () => {
  await Promise.all([client.connection.close(), faulty.connection.close(), proxy.close()]);
});

/** What a call was refused with. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.unreachable('the call succeeded'),
    (error: unknown) => error,
  );
}

describe('reading and writing', () => {
  test('an object is created, read, listed, replaced and deleted', async () => {
    const api = client.resource(configMaps);
    const created = await api.create({ metadata: { name: 'life', namespace }, data: { step: '1' } });
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { step: '1' } });
    expect(created.metadata.creationTimestamp).toMatch(/^20\d\d-/);
    await api.replace({ ...created, data: { step: '2' } });
    const read = await api.get({ name: 'life', namespace });
    expect(read.data).toEqual({ step: '2' });
    const { items, resourceVersion } = await api.list({ namespace, fieldSelector: 'metadata.name=life' });
    expect(items).toEqual([read]);
    expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(read.metadata.resourceVersion));
    await api.delete({ name: 'life', namespace });
    expect(isNotFound(await refusal(api.get({ name: 'life', namespace })))).toBe(true);
  });

  test('a replace with an outdated resourceVersion is a conflict, one without is not even sent', async () => {
    const api = client.resource(configMaps);
    const first = await api.create({ metadata: { name: 'conflict', namespace } });
    await api.replace({ ...first, data: { by: 'someone else' } });
    const error = await refusal(api.replace({ ...first, data: { by: 'me' } }));
    expect(isConflict(error)).toBe(true);
    expect(isAlreadyExists(error)).toBe(false);
    const blind = await refusal(api.replace({ metadata: { name: 'conflict', namespace } }));
    expect(blind).toBeInstanceOf(InvalidCallError);
  });

  test('a second create of one name already exists, which is no conflict', async () => {
    const api = client.resource(configMaps);
    await api.create({ metadata: { name: 'twice', namespace } });
    const error = await refusal(api.create({ metadata: { name: 'twice', namespace } }));
    expect(isAlreadyExists(error)).toBe(true);
    expect(isConflict(error)).toBe(false);
  });

  test('a merge patch removes by null, a JSON patch obeys its test, an apply creates and takes over by force', async () => {
    const api = client.resource(configMaps);
    const name = { name: 'patched', namespace };
    await api.apply({ metadata: name, data: { a: '1', b: '2' } }, { fieldManager: 'first' });
    const merged = await api.mergePatch(name, { data: { a: null, c: '3' } });
    expect(merged.data).toEqual({ b: '2', c: '3' });
    await api.jsonPatch(name, [
      { op: 'test', path: '/data/b', value: '2' },
      { op: 'replace', path: '/data/b', value: '4' },
    ]);
    const failed = await refusal(api.jsonPatch(name, [{ op: 'test', path: '/data/b', value: '2' }]));
    expect(isInvalid(failed)).toBe(true);
    const conflict = await refusal(api.apply({ metadata: name, data: { b: '5' } }, { fieldManager: 'second' }));
    expect(isConflict(conflict)).toBe(true);
    const forced = await api.apply({ metadata: name, data: { b: '5' } }, { fieldManager: 'second', force: true });
    expect(forced.data).toEqual({ b: '5', c: '3' });
  });

  test('the status is written apart from the rest', async () => {
    const api = client.resource(deployments);
    const labels = { app: 'x' };
    await api.create({
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'none' }] } },
      },
    });
    const condition = { type: 'Tried', status: 'True', reason: 'ByTest', message: 'm' };
    await api.mergePatch(
      { name: 'web', namespace },
      { spec: { replicas: 3 }, status: { conditions: [condition] } },
      { subresource: 'status' },
    );
    const read = await api.get({ name: 'web', namespace });
    expect(read.spec?.replicas).toBe(0);
    expect(read.status?.conditions).toEqual(expect.arrayContaining([expect.objectContaining(condition)]));
  });

  test('a delete with the uid of a former object leaves the present one', async () => {
    const api = client.resource(configMaps);
    const former = await api.create({ metadata: { name: 'reborn', namespace } });
    await api.delete({ name: 'reborn', namespace }, { uid: former.metadata.uid });
    await api.create({ metadata: { name: 'reborn', namespace } });
    expect(isConflict(await refusal(api.delete({ name: 'reborn', namespace }, { uid: former.metadata.uid })))).toBe(
      true,
    );
    expect((await api.get({ name: 'reborn', namespace })).metadata.name).toBe('reborn');
  });

  test('a field that the schema does not know is refused instead of dropped', async () => {
    const spec = { holderIdentity: 'me', holderIdentiti: 'me' };
    const misspelt = { metadata: { name: 'typo', namespace }, spec };
    const error = await refusal(client.resource(leases).create(misspelt));
    expect(error).toMatchObject({ status: 400, reason: 'BadRequest' });
  });

  test('pages make up one list, also where the history that the next page needs is gone', async () => {
    const api = faulty.resource(configMaps);
    const labels = { paged: 'yes' };
    await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((name) => api.create({ metadata: { name: `page-${name}`, namespace, labels } })),
    );
    const options = { namespace, labelSelector: 'paged=yes', pageSize: 2 };
    expect((await api.list(options)).items).toHaveLength(5);
    const expired = JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired' });
    proxy.answer(({ query }) => query.has('continue'), { status: 410, body: expired });
    expect((await api.list(options)).items.map(({ metadata }) => metadata.name)).toEqual([
      'page-a',
      'page-b',
      'page-c',
      'page-d',
      'page-e',
    ]);
  });
});

describe('connections', () => {
  test('a hundred calls in a row share their connections; calls at the same time do not, as HTTP/1.1 has it', async () => {
    const { port } = new URL(inject('kubeApiUrl'));
    const before = establishedTo(port);
    const own = clientOf(admin);
    const call = (): Promise<unknown> =>
      own.resource(configMaps).list({ namespace, fieldSelector: 'metadata.name=none' });
    for (let count = 0; count < 100; count += 1) {
      await call();
    }
    // Two where a call starts before the pool has taken the connection of the one before back.
    expect(establishedTo(port) - before).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 10 }, call));
    expect(establishedTo(port) - before).toBeGreaterThanOrEqual(10);
    await own.connection.close();
  });

  test('whoever closed the connection gets an error, not a hanging call', async () => {
    const own = clientOf(admin);
    await own.connection.close();
    expect(await refusal(own.resource(namespaces).list())).toBeInstanceOf(ConnectionError);
  });

  test('a server whose certificate another authority signed is not talked to', async () => {
    const text = readFileSync(inject('adminKubeconfig'), 'utf8');
    const stranger = kubeConfigFromString(text);
    const cluster = stranger.getCurrentCluster();
    stranger.clusters = cluster === null ? [] : [{ name: cluster.name, server: cluster.server, skipTLSVerify: false }];
    const own = clientOf(stranger);
    const error = await refusal(own.resource(namespaces).list());
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(/CERT|VERIFY|SIGNATURE|SELF_SIGNED/);
    await own.connection.close();
  });
});

describe('refusals and faults', () => {
  test('a caller without rights is forbidden', async () => {
    const [user] = admin.getUsers();
    expect(user).toBeDefined();
    const nobody = kubeConfigFromFile(inject('adminKubeconfig'));
    nobody.users = nobody.users.map((one) => ({ ...one, impersonateUser: 'nobody' }));
    const own = clientOf(nobody);
    expect(isForbidden(await refusal(own.resource(pods).list()))).toBe(true);
    await own.connection.close();
  });

  test('429 tells how long to wait', async () => {
    proxy.answer(() => true, { status: 429, headers: { 'retry-after': '7' } });
    const error = await refusal(faulty.resource(namespaces).list());
    expect(isTooManyRequests(error)).toBe(true);
    expect(retryAfterSeconds(error)).toBe(7);
  });

  test('an answer in HTML is an error with its code and nothing of its text', async () => {
    proxy.answer(() => true, { status: 502, body: '<html>secret page</html>' });
    const error = await refusal(faulty.resource(namespaces).list());
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 502, reason: '' });
    expect(inspect(error)).not.toContain('secret page');
  });

  test('a success that is not JSON, or not the object asked for, is no success', async () => {
    proxy.answer(() => true, { status: 200, body: 'hello' });
    expect(await refusal(faulty.resource(namespaces).list())).toBeInstanceOf(ResponseError);
    proxy.answer(() => true, { status: 200, body: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}' });
    expect(await refusal(faulty.resource(namespaces).get({ name: 'x' }))).toBeInstanceOf(ResponseError);
  });

  test('a server that does not answer is given up after the timeout of the call', async () => {
    await proxy.refuse();
    expect(await refusal(faulty.resource(namespaces).list())).toBeInstanceOf(ConnectionError);
    await proxy.accept();
    const started = performance.now();
    const slow = faulty.resource(configMaps).list({ namespace, timeoutMs: 1 });
    expect(await refusal(slow)).toBeInstanceOf(RequestTimeoutError);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('an abort ends the call with the reason of the signal', async () => {
    const stop = new AbortController();
    const call = refusal(client.resource(namespaces).list({ signal: stop.signal }));
    const reason = new Error('stopped by the caller');
    stop.abort(reason);
    expect(await call).toBe(reason);
  });

  test('an error about a Secret repeats nothing that the server said about it', async () => {
    const error = await refusal(
      client
        .resource(secrets)
        .create({ metadata: { name: 'Bad_Name', namespace }, stringData: { key: 'hunter2-value' } }),
    );
    expect(error).toMatchObject({ name: 'ApiError', status: 422, reason: 'Invalid' });
    for (const view of [inspect(error, { depth: 10 }), JSON.stringify(error), String(error)]) {
      expect(view).not.toContain('hunter2');
      expect(view).not.toContain('Bad_Name');
    }
  });

  test('every call is observed with its method and status', () => {
    const statuses = new Set(observations.map(({ method, status }) => `${method} ${status}`));
    expect([...statuses]).toEqual(
      expect.arrayContaining(['GET 200', 'POST 200', 'POST 409', 'PATCH 422', 'GET 403', 'GET 0', 'DELETE 409']),
    );
  });
});

/** TCP connections of this process to a local port, as the kernel counts them. */
function establishedTo(port: string): number {
  const hexPort = Number(port).toString(16).toUpperCase().padStart(4, '0');
  const inodes = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' });
  const mine = new Set([...inodes.matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode));
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , remote, state, , , , , , inode]) =>
        remote?.endsWith(`:${hexPort}`) === true && state === '01' && mine.has(inode),
    ).length;
}
