import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import { describe, expect, test } from 'vitest';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { newApiCatalog } from './api-catalog.ts';

function attributesOf(line: string): RequestAttributes {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

const dryRun = { parameters: [{ name: 'dryRun', in: 'query' }] };
const documentOf = (resource: string): object => ({
  paths: {
    [`/apis/example.com/v1/namespaces/{namespace}/${resource}`]: { post: dryRun },
    [`/apis/example.com/v1/namespaces/{namespace}/${resource}/{name}`]: { put: dryRun, patch: {} },
  },
});

/** An API server that serves one group, and counts what it is asked. */
function setUp({ aggregated = false, trusted = false } = {}) {
  const clock = newFakeClock();
  const asked: string[] = [];
  const failures: unknown[] = [];
  const server = { hash: '1', resource: 'things', down: false };
  const catalog = newApiCatalog({
    connection: {
      async request({ path }) {
        asked.push(path);
        if (server.down) throw new Error('down');
        if (path === '/openapi/v3')
          return {
            paths: {
              'apis/example.com/v1': { serverRelativeURL: `/openapi/v3/apis/example.com/v1?hash=${server.hash}` },
            },
          };
        if (path === '/apis/apiregistration.k8s.io/v1/apiservices')
          return { items: [{ spec: { group: 'example.com', version: 'v1', ...(aggregated ? { service: {} } : {}) } }] };
        return documentOf(server.resource);
      },
    },
    clock,
    aggregatedGroups: trusted ? ['example.com'] : [],
    failed: (error) => failures.push(error),
  });
  return { clock, asked, failures, server, catalog };
}

const CREATE = attributesOf('POST /apis/example.com/v1/namespaces/d/things');

describe('whether an operation knows dry runs', () => {
  test.each([
    ['POST /apis/example.com/v1/namespaces/d/things', true],
    ['PUT /apis/example.com/v1/namespaces/d/things/t', true],
    ['PATCH /apis/example.com/v1/namespaces/d/things/t', false],
    ['POST /apis/example.com/v1/namespaces/d/things/t', false],
    ['DELETE /apis/example.com/v1/namespaces/d/things/t', false],
    ['PUT /apis/example.com/v1/namespaces/d/things/t/status', false],
    ['POST /apis/example.com/v2/namespaces/d/things', false],
    ['POST /apis/elsewhere.com/v1/namespaces/d/things', false],
    ['POST /api/v1/namespaces/d/things', false],
  ])('%s: %s', async (line, expected) => {
    expect(await setUp().catalog.knowsDryRun(attributesOf(line))).toBe(expected);
  });

  test('is never left to an aggregated server', async () => {
    expect(await setUp({ aggregated: true }).catalog.knowsDryRun(CREATE)).toBe(false);
  });

  test('is left to one that is trusted to honour them', async () => {
    expect(await setUp({ aggregated: true, trusted: true }).catalog.knowsDryRun(CREATE)).toBe(true);
  });

  test('is denied while the API server is away, and what was read too long ago', async () => {
    const { catalog, server, clock, failures } = setUp();
    server.down = true;
    expect(await catalog.knowsDryRun(CREATE)).toBe(false);
    expect(failures).toHaveLength(1);
    server.down = false;
    await clock.advance(2_000);
    expect(await catalog.knowsDryRun(CREATE)).toBe(true);
    server.down = true;
    await clock.advance(299_000);
    expect(await catalog.knowsDryRun(CREATE)).toBe(true);
    await clock.advance(2_000);
    expect(await catalog.knowsDryRun(CREATE)).toBe(false);
  });
});

describe('what the cluster serves', () => {
  test('is asked for once by any number of calls', async () => {
    const { catalog, asked } = setUp();
    expect(await Promise.all([1, 2, 3].map(() => catalog.scopeOf(CREATE)))).toEqual(Array(3).fill('Namespaced'));
    expect(asked).toHaveLength(3);
    expect(catalog.knownScope(CREATE)).toBe('Namespaced');
    expect(asked).toHaveLength(3);
  });

  test('is not known without asking before somebody has asked', () => {
    const { catalog, asked } = setUp();
    expect(catalog.knownScope(CREATE)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('is read anew for a resource that is not known, but no more often than every two seconds', async () => {
    const { catalog, asked, server, clock } = setUp();
    const gadgets = attributesOf('GET /apis/example.com/v1/gadgets');
    expect(await catalog.scopeOf(gadgets)).toBeUndefined();
    const before = asked.length;
    server.hash = '2';
    server.resource = 'gadgets';
    for (let times = 0; times < 100; times += 1) expect(await catalog.scopeOf(gadgets)).toBeUndefined();
    expect(asked).toHaveLength(before);
    await clock.advance(2_000);
    expect(await catalog.scopeOf(gadgets)).toBe('Namespaced');
    expect(asked.slice(before)).toHaveLength(3);
  });

  test('follows what changes, and asks for nothing that has not', async () => {
    const { catalog, asked, server, clock } = setUp();
    const stop = new AbortController();
    const running = catalog.run(stop.signal);
    await settle();
    expect(await catalog.scopeOf(CREATE)).toBe('Namespaced');
    await clock.advance(30_000);
    expect(asked.filter((path) => path.includes('hash='))).toHaveLength(1);
    server.hash = '2';
    server.resource = 'gadgets';
    await clock.advance(30_000);
    expect(catalog.knownScope(CREATE)).toBeUndefined();
    expect(await catalog.scopeOf(CREATE)).toBeUndefined();
    stop.abort();
    await running;
  });
});
