import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { everythingFor } from './clients-paths.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';
import { comparable } from './raw-comparison/declared-headers.ts';
import { rawPaths, type Exchange, type RawAnswer, type RawPaths, type RawRequest } from './raw-comparison/exchange.ts';
import { createFixture } from './raw-comparison/fixture.ts';
import { KEPT, notServed, reads, writes, type ComparedRequest, type Fixture } from './raw-comparison/requests.ts';

const GROUP = 'raw-comparison';
const NOTHING: Fixture = {
  namespace: '',
  resourceVersion: '',
  settings: { json: Buffer.of(), yaml: Buffer.of(), protobuf: Buffer.of() },
};
const SHARED_ATTEMPTS = 5;

let client: GatewayClient;
let paths: RawPaths;
let fixture: Fixture;

beforeAll(async () => {
  const context = inject('gateway');
  client = newGatewayClient(context);
  const caller = { user: 'raw-comparison@example.com', groups: ['agents', GROUP] };
  paths = await rawPaths(context, { ...caller, token: await client.token(caller) });
  [fixture] = await Promise.all([createFixture(client, paths.direct), client.applyPolicy(GROUP, everythingFor(GROUP))]);
});

afterAll(async () => {
  await client.kubectl(['delete', 'namespace', fixture.namespace, '--wait=false']);
  await client.deletePolicy(GROUP);
  paths.close();
  await client.close();
});

/** An answer as it is compared; bytes of which nothing is known to differ stay bytes. */
function shown(answer: RawAnswer, { newObject = false }: ComparedRequest): unknown {
  const { status, statusMessage, body, trailers } = answer;
  const text = body.toString('latin1');
  return {
    status: `${status} ${statusMessage}`,
    headers: comparable(answer.headers),
    body: newObject ? withoutNewness(text) : text,
    trailers,
  };
}

/** uid and times, which are as long in every object, and of a list the version of the whole cluster. */
const withoutNewness = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, '<uid>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replace(/("kind":"\w+List","apiVersion":"\w+","metadata":\{"resourceVersion":)"\d+"/, '$1"<version>"');

async function compare(request: ComparedRequest): Promise<{ readonly direct: unknown; readonly gateway: unknown }> {
  for (let attempt = 1; ; attempt += 1) {
    const answers = { direct: await paths.direct(request), gateway: await paths.gateway(request) };
    const compared = { direct: shown(answers.direct, request), gateway: shown(answers.gateway, request) };
    const same = JSON.stringify(compared.direct) === JSON.stringify(compared.gateway);
    if (same || request.shared !== true || attempt === SHARED_ATTEMPTS) return compared;
  }
}

describe('an answer is the same bytes under the same headers, but for those that are declared', () => {
  test.for(Object.keys(reads(NOTHING)))('read of %s', async (name) => {
    const { direct, gateway } = await compare(reads(fixture)[name] ?? { path: '' });
    expect(gateway).toEqual(direct);
  });

  test.for(Object.keys(writes(NOTHING)))('%s', async (name) => {
    const { direct, gateway } = await compare(writes(fixture)[name] ?? { path: '' });
    expect(gateway).toEqual(direct);
  });
});

describe('an answer of the gateway in place of the API server is the same body', () => {
  test.for(Object.keys(notServed(NOTHING)))('to a call of %s', async (name) => {
    const request = notServed(fixture)[name] ?? { path: '', code: 0 };
    const [direct, gateway] = [await paths.direct(request), await paths.gateway(request)];
    expect(gateway.body.toString('utf8')).toBe(direct.body.toString('utf8'));
    expect([gateway.status, direct.status]).toEqual([request.code, request.code]);
    expect(headerOf(gateway, 'content-type')).toBe(headerOf(direct, 'content-type'));
  });

  test('but for a group that is not served: a Status, where the API server writes plain text', async () => {
    const request = { path: `/apis/nothing.example.com/v1/namespaces/${fixture.namespace}/nothings` };
    const [direct, gateway] = [await paths.direct(request), await paths.gateway(request)];
    expect(direct).toMatchObject({ status: 404, body: Buffer.from('404 page not found\n') });
    expect(gateway.status).toBe(404);
    // What client-go makes of the text.
    expect(JSON.parse(gateway.body.toString('utf8'))).toMatchObject({
      kind: 'Status',
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    });
  });

  test('but for OPTIONS on a resource, which policies cannot speak of', async () => {
    const request: RawRequest = { method: 'OPTIONS', path: `/api/v1/namespaces/${fixture.namespace}/configmaps` };
    const [direct, gateway] = [await paths.direct(request), await paths.gateway(request)];
    expect([gateway.status, direct.status]).toEqual([405, 405]);
  });
});

describe('an answer that is kept is known by its tag, whichever way it came', () => {
  test.for(Object.entries(KEPT))('%s', async ([, request]) => {
    const answers = { direct: await paths.direct(request), gateway: await paths.gateway(request) };
    const tag = headerOf(answers.gateway, 'etag');
    expect(tag).toMatch(/^"?\w+"?$/);
    expect(tag).toBe(headerOf(answers.direct, 'etag'));
    const again: RawRequest = { ...request, headers: { ...request.headers, 'If-None-Match': tag } };
    const { direct, gateway } = await compare(again);
    expect(gateway).toEqual(direct);
    expect(gateway).toMatchObject({ status: '304 Not Modified', body: '' });
  });
});

const headerOf = ({ headers }: RawAnswer, wanted: string): string =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';

describe('a watch is the same frames', () => {
  const kinds: Record<string, RawRequest['headers']> = {
    'in JSON': {},
    'in protobuf': { Accept: 'application/vnd.kubernetes.protobuf;stream=watch' },
    'of metadata': { Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    'in YAML, which is refused': { Accept: 'application/yaml' },
    'asked to be compressed': { 'Accept-Encoding': 'gzip' },
  };

  test('of what changes, in every format', async () => {
    const watching = Object.values(kinds).map((headers = {}) => ({
      path: `/api/v1/namespaces/${fixture.namespace}/secrets?watch=1&resourceVersion=${fixture.resourceVersion}&timeoutSeconds=3`,
      headers,
    }));
    const answers = Promise.all(
      watching.map((request) => Promise.all([paths.direct(request), paths.gateway(request)])),
    );
    const kubectl = async (...args: string[]): Promise<void> => {
      expect(await client.kubectl([...args, `--namespace=${fixture.namespace}`])).toMatchObject({ code: 0 });
    };
    await kubectl('create', 'secret', 'generic', 'watched', '--from-literal=a=1');
    await kubectl('label', 'secret', 'watched', 'changed=yes');
    await kubectl('delete', 'secret', 'watched');
    const told = await answers;
    for (const [at, kind] of Object.keys(kinds).entries()) {
      const [direct, gateway] = told[at] ?? [];
      if (direct === undefined || gateway === undefined) throw new Error(`no answer ${kind}`);
      expect(shown(gateway, watching[at] ?? { path: '' }), kind).toEqual(shown(direct, watching[at] ?? { path: '' }));
      expect(gateway.body.length, kind).toBeGreaterThan(gateway.status === 200 ? 300 : 50);
    }
  });

  test('as tables, but for ages and where columns are told again', async () => {
    // One encoding of an event serves all watchers alike, so that with several the API server tells columns once more.
    const events = ({ body }: RawAnswer): unknown[] =>
      body
        .toString('utf8')
        .trim()
        .split('\n')
        .map((line): unknown =>
          JSON.parse(line, (key, value: unknown): unknown =>
            key === 'columnDefinitions' || (typeof value === 'string' && /^\d+[sm]$/.test(value)) ? undefined : value,
          ),
        );
    const request = {
      path: `/api/v1/namespaces/${fixture.namespace}/configmaps?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1&labelSelector=size%3Dsmall`,
      headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    };
    const [direct, gateway] = await Promise.all([paths.direct(request), paths.gateway(request)]);
    expect(events(gateway)[0]).toEqual(events(direct)[0]);
    expect(events(gateway)[0]).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } });
  });

  test('from a version that is gone', async () => {
    const { direct, gateway } = await compare({
      path: `/api/v1/namespaces/${fixture.namespace}/secrets?watch=1&resourceVersion=1&timeoutSeconds=1`,
    });
    expect(gateway).toEqual(direct);
  });

  test('that begin with all there is, up to the bookmark', async () => {
    const request = {
      path: `/api/v1/namespaces/${fixture.namespace}/configmaps?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1`,
    };
    const [direct, gateway] = await Promise.all([paths.direct(request), paths.gateway(request)]);
    // The bookmark names a version of the whole cluster, in which other tests write. Shortly before its time is up the
    // API server may send further ones, or not.
    const isFurther = (line: string): boolean => line.includes('"BOOKMARK"') && !line.includes('initial-events-end');
    const events = ({ body }: RawAnswer): string[] =>
      body
        .toString('utf8')
        .split('\n')
        .filter((line) => !isFurther(line))
        .map((line) =>
          line.includes('"BOOKMARK"') ? line.replace(/"resourceVersion":"\d+"/, '"resourceVersion":""') : line,
        );
    expect(events(gateway)).toEqual(events(direct));
    expect(events(gateway).filter((line) => line.includes('k8s.io/initial-events-end'))).toHaveLength(1);
  });
});

test('what both ways wrote is the same', async () => {
  const configMaps = `/api/v1/namespaces/${fixture.namespace}/configmaps`;
  const life = async (exchange: Exchange, name: string): Promise<unknown[]> => {
    const object = `${configMaps}/${name}`;
    const json = { 'Content-Type': 'application/json' };
    const merge = { 'Content-Type': 'application/merge-patch+json' };
    const requests: RawRequest[] = [
      {
        method: 'POST',
        path: configMaps,
        headers: json,
        body: JSON.stringify({ metadata: { name }, data: { a: '1' } }),
      },
      { method: 'PATCH', path: object, headers: merge, body: '{"data":{"a":"2"}}' },
      { method: 'PUT', path: object, headers: json, body: JSON.stringify({ metadata: { name }, data: { a: '3' } }) },
      { method: 'DELETE', path: object },
      { path: object },
    ];
    const answers: unknown[] = [];
    for (const request of requests) {
      const { status, body } = await exchange(request);
      const text = withoutNewness(body.toString('utf8')).replaceAll(/"resourceVersion":"\d+"/g, '"resourceVersion":""');
      answers.push({ status, body: text.replaceAll(name, '<name>') });
    }
    return answers;
  };
  expect(await life(paths.gateway, 'life-gateway')).toEqual(await life(paths.direct, 'life-direct'));
});
