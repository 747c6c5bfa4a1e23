import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from './logger.ts';
import type { HealthCheck } from './health.ts';
import { AdminBodyError, newAdminServer, type AdminRoute, type AdminServer } from './admin-server.ts';

let server: AdminServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const check = (name: string, failure?: string): HealthCheck => ({ name, check: () => failure });

async function start(
  readinessChecks: readonly HealthCheck[],
  metrics?: () => Promise<{ contentType: string; body: string }>,
  routes: readonly AdminRoute[] = [],
): Promise<string> {
  server = newAdminServer({
    host: '127.0.0.1',
    port: 0,
    livenessChecks: [check('ping')],
    readinessChecks,
    metrics: metrics ?? (async () => ({ contentType: 'text/plain', body: '' })),
    routes,
    logger: newLogger({ level: 'error', stream: newLogLines().stream }),
  });
  return (await server.listen()).url;
}

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

describe('health', () => {
  test('says ok in one word, and every check by name when asked to', async () => {
    const url = await start([check('cache'), check('leader')]);
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, text: 'ok' });
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, text: 'ok' });
    expect(await get(`${url}/readyz?verbose`)).toEqual({
      status: 200,
      text: '[+]cache ok\n[+]leader ok\nreadyz check passed\n',
    });
  });

  test('is 503 with the reason where one check fails, while the process itself is in order', async () => {
    const broken: HealthCheck = {
      name: 'broken',
      check() {
        throw new Error('internal detail');
      },
    };
    const url = await start([check('cache', 'not synced yet'), check('leader'), broken]);
    expect(await get(`${url}/readyz`)).toEqual({
      status: 503,
      text: '[-]cache failed: not synced yet\n[+]leader ok\n[-]broken failed: the check itself failed\nreadyz check failed\n',
    });
    expect((await get(`${url}/healthz`)).status).toBe(200);
  });

  test('can be asked for one check, or without some', async () => {
    const url = await start([check('cache', 'not synced yet'), check('leader', 'none')]);
    expect((await get(`${url}/readyz/cache`)).status).toBe(503);
    expect((await get(`${url}/readyz?exclude=cache`)).status).toBe(503);
    expect(await get(`${url}/readyz?exclude=cache&exclude=leader&verbose`)).toEqual({
      status: 200,
      text: '[+]cache excluded: ok\n[+]leader excluded: ok\nreadyz check passed\n',
    });
    expect((await get(`${url}/readyz/unknown`)).status).toBe(404);
    expect((await get(`${url}/else`)).status).toBe(404);
  });
});

test('a port that is taken is an error, not a silent server', async () => {
  const url = new URL(await start([]));
  const second = newAdminServer({
    host: '127.0.0.1',
    port: Number(url.port),
    livenessChecks: [],
    readinessChecks: [],
    metrics: async () => ({ contentType: 'text/plain', body: '' }),
    logger: newLogger({ level: 'error', stream: newLogLines().stream }),
  });
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('closing does not wait for a client that holds its connection', async () => {
  const url = new URL(await start([]));
  const socket = connect(Number(url.port), url.hostname);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  await server?.close();
  await closed;
  await expect(fetch(`${url.href}healthz`)).rejects.toThrow('fetch failed');
});

describe('metrics', () => {
  test('are served as they are collected', async () => {
    const url = await start([], async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }));
    expect(await get(`${url}/metrics`)).toEqual({ status: 200, text: 'up 1\n' });
  });

  test('that cannot be collected are a 500 without detail', async () => {
    const url = await start([], () => Promise.reject(new Error('internal detail')));
    expect(await get(`${url}/metrics`)).toEqual({ status: 500, text: 'internal error' });
  });
});

describe('a route', () => {
  const echo: AdminRoute = {
    path: '/echo',
    maxBodyBytes: 64,
    async answer({ rawHeaders, body }) {
      if (rawHeaders.includes('stranger')) return { status: 401, body: 'nothing was read' };
      try {
        return { status: 200, headers: { 'x-route': 'echo' }, body: await body() };
      } catch (error) {
        if (error instanceof AdminBodyError) return { status: error.status, body: error.message };
        throw error;
      }
    },
  };
  const broken: AdminRoute = {
    path: '/broken',
    maxBodyBytes: 64,
    answer: () => Promise.reject(new Error('internal detail')),
  };

  async function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    const url = await start([], undefined, [echo, broken]);
    const all = { 'content-type': 'application/json', ...headers };
    const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: all });
    return { status: response.status, text: await response.text(), header: response.headers.get('x-route') };
  }

  test('is given JSON and answers with JSON', async () =>
    expect(await post('/echo', '{"a":[1]}')).toEqual({ status: 200, text: '{"a":[1]}', header: 'echo' }));

  test.each<[string, string, Readonly<Record<string, string>>, number]>([
    ['that is too large', JSON.stringify('x'.repeat(64)), {}, 413],
    ['that is no JSON', '{"secret', {}, 400],
    ['that is no object', '"secret"', {}, 400],
    ['of another media type', '{}', { 'content-type': 'text/plain' }, 415],
    ['that is compressed', '{}', { 'content-encoding': 'gzip' }, 415],
  ])('is told of a body %s, and nothing of what it holds', async (_, body, headers, status) => {
    const answer = await post('/echo', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('secret');
  });

  test('may answer a stranger without reading', async () =>
    expect(await post('/echo', '{"a":', { 'x-who': 'stranger' })).toMatchObject({ status: 401 }));

  test('that fails is a 500 without detail', async () =>
    expect(await post('/broken', '{}')).toMatchObject({ status: 500, text: 'internal error' }));

  test('takes POST alone', async () => {
    const url = await start([], undefined, [echo]);
    expect(await get(`${url}/echo`)).toEqual({ status: 405, text: 'only POST is served here' });
  });
});
