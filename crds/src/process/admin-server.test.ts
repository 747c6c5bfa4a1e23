import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from './logger.ts';
import type { HealthCheck } from './health.ts';
import { newAdminServer, type AdminServer } from './admin-server.ts';

let server: AdminServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const check = (name: string, failure?: string): HealthCheck => ({ name, check: () => failure });

async function start(
  readinessChecks: readonly HealthCheck[],
  metrics?: () => Promise<{ contentType: string; body: string }>,
): Promise<string> {
  server = newAdminServer({
    host: '127.0.0.1',
    port: 0,
    livenessChecks: [check('ping')],
    readinessChecks,
    metrics: metrics ?? (async () => ({ contentType: 'text/plain', body: '' })),
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
