import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { Rejection, type RejectionCode } from './rejection.ts';
import { requestAttributes, type RequestAttributes } from './request-attributes.ts';

function accepted(request: string): RequestAttributes {
  const [method = '', target = ''] = request.split(/ (.*)/s);
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

function rejected(request: string): RejectionCode | undefined {
  const [method = '', target = ''] = request.split(/ (.*)/s);
  const attributes = requestAttributes({ method, target });
  return attributes instanceof Rejection ? attributes.code : undefined;
}

describe('a request that could be read in two ways is refused', () => {
  const cases: Record<string, { requests: readonly string[]; code: RejectionCode }> = {
    'a target that is no path': {
      requests: [
        'GET http://kubernetes/api/v1/pods',
        'GET *',
        'GET ',
        'GET kubernetes:443',
        'GET //api/v1/pods',
        'GET ?x',
      ],
      code: 'TargetForm',
    },
    'characters that a client must encode': {
      requests: [
        'GET /api/v1/pods#x',
        'GET /api\\v1',
        'GET /é',
        'GET /a b',
        'GET /a\tb',
        'GET /?a=é',
        'GET /\u007f',
        'GET /?a\\',
      ],
      code: 'TargetCharacter',
    },
    'escapes in a path that are none': {
      requests: ['GET /a%', 'GET /a%4', 'GET /a%zz', 'GET /%%41'],
      code: 'PathEscape',
    },
    'bytes in a path that are no UTF-8': {
      requests: ['GET /%ff', 'GET /%c0%af', 'GET /%ed%a0%80'],
      code: 'PathEncoding',
    },
    'escapes in a path that need not be': {
      requests: [
        'GET /api/v1/%70ods',
        'GET /%61pi',
        'GET /x%2Dy',
        'GET /x%7e',
        'GET /api/v1/namespaces/d/pods/p/%65xec',
      ],
      code: 'PathEscapedUnreserved',
    },
    'control characters in a path': {
      requests: ['GET /a%00', 'GET /a%0a', 'GET /a%7f', 'GET /a%C2%85', 'GET /api/v1/namespaces/d/pods/p/proxy/%0d%0a'],
      code: 'PathControlCharacter',
    },
    'empty segments': {
      requests: ['GET /api//v1', 'GET /api/v1/pods//', 'GET /a//', 'GET /api/v1/namespaces/d/pods/p/exec//'],
      code: 'PathSegmentEmpty',
    },
    'dot segments, even after proxy': {
      requests: [
        'GET /./api',
        'GET /api/..',
        'GET /../',
        'GET /a%20b/..',
        'GET /api/v1/namespaces/d/pods/p/proxy/../x',
        'GET /api/v1/namespaces/d/pods/p/proxy/a%2F..%2Fb',
        'GET /api/v1/namespaces/d/pods/p/proxy/%2e%2e',
      ],
      code: 'PathSegmentDots',
    },
    'separators within a segment': {
      requests: [
        'GET /a%2Fb',
        'GET /a%2fb',
        'GET /a%25',
        'GET /a%252Fb',
        'GET /api/v1/namespaces/d/pods/p%2Fproxy/x',
        'GET /api/v1/watch/pods/proxy/a%2Fb',
        'GET /api/v1/namespaces/x/proxy/a%2Fb',
        'GET /a/b/c/d/proxy/x%2Fy',
      ],
      code: 'PathSegmentSeparator',
    },
    'semicolons in a query': { requests: ['GET /api/v1/pods?watch=true;x=1', 'GET /?;'], code: 'QuerySemicolon' },
    'escapes in a query that are none': {
      requests: ['GET /?a=%zz', 'GET /?%=1', 'GET /?a=1&b=%4'],
      code: 'QueryEscape',
    },
    'bytes in a query that are no UTF-8': { requests: ['GET /?a=%ff', 'GET /?%c0%af'], code: 'QueryEncoding' },
    'a NUL in a query': { requests: ['GET /api/v1/pods?labelSelector=a%00,b'], code: 'QueryControlCharacter' },
    'values that contradict each other': {
      requests: [
        'GET /api/v1/pods?watch=0&watch=1',
        'GET /api/v1/pods?fieldSelector=metadata.name=a&fieldSelector=metadata.name=b',
        'DELETE /api/v1/namespaces/d/pods/p?dryRun=All&dryRun=',
        'GET /api/v1/namespaces/d/pods/p/exec?command=a&container=x&container=y',
        'GET /api/v1/pods?w%61tch=0&watch=1',
      ],
      code: 'ParameterAmbiguous',
    },
    'methods that nobody needs': {
      requests: ['TRACE /', 'CONNECT /', 'get /', 'PROPFIND /x', ' /'],
      code: 'MethodUnknown',
    },
    'OPTIONS on a resource': { requests: ['OPTIONS /api/v1/pods'], code: 'MethodOnResource' },
    'the proxy prefix': {
      requests: ['GET /api/v1/proxy/nodes/n', 'POST /apis/g/v1/proxy/x'],
      code: 'LegacyProxyPrefix',
    },
    'the watch prefix with other methods than GET': {
      requests: ['DELETE /api/v1/watch/pods/p', 'HEAD /api/v1/watch/pods', 'POST /api/v1/watch/pods'],
      code: 'LegacyWatchMethod',
    },
    'a prefix that nothing follows': {
      requests: ['GET /api/v1/watch', 'GET /apis/g/v1/proxy/'],
      code: 'LegacyPrefixAlone',
    },
    'too many parameters': { requests: [`GET /?${'a&'.repeat(1_000)}`], code: 'TooManyParameters' },
    'a target that is too long': { requests: [`GET /${'a'.repeat(65_536)}`], code: 'TargetTooLong' },
  };
  const rows = Object.entries(cases).flatMap(([sentence, { requests, code }]) =>
    requests.map((request) => [sentence, request.slice(0, 80), request, code] as const),
  );
  test.each(rows)('%s: %s', (_, _shown, request, code) => {
    expect(rejected(request)).toBe(code);
  });
});

describe('what is legal is accepted', () => {
  const cases: Record<string, { request: string; want: Partial<RequestAttributes> }> = {
    'a blank and colons in a name': {
      request: 'GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode%20a',
      want: {
        name: 'system:node a',
        upstreamTarget: '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node%20a',
      },
    },
    'another script': {
      request: 'GET /api/v1/nodes/%E6%97%A5',
      want: { name: '日', upstreamTarget: '/api/v1/nodes/%E6%97%A5' },
    },
    'characters that need no escape and those that do': {
      request: 'GET /api/v1/nodes/a;b,c!(d)\'*<"',
      want: { name: 'a;b,c!(d)\'*<"', upstreamTarget: "/api/v1/nodes/a%3Bb%2Cc!(d)'*%3C%22" },
    },
    'three dots': { request: 'GET /api/v1/nodes/...', want: { name: '...' } },
    'one slash at the end': {
      request: 'GET /api/v1/pods/?limit=1',
      want: { resource: 'pods', path: '/api/v1/pods/', upstreamTarget: '/api/v1/pods/?limit=1' },
    },
    'the root': { request: 'GET /', want: { path: '/', isResourceRequest: false, upstreamTarget: '/' } },
    'a query whose order, repetition and escapes matter': {
      request: 'POST /api/v1/namespaces/d/pods/p/exec?command=sh&tty=&command=-c&command=a+b%2Bc&&x',
      want: { upstreamTarget: '/api/v1/namespaces/d/pods/p/exec?command=sh&tty=&command=-c&command=a+b%2Bc&&x' },
    },
    'a question mark alone': { request: 'GET /api/v1/pods?', want: { upstreamTarget: '/api/v1/pods' } },
    'a second question mark is part of the query': {
      request: 'GET /api/v1/pods?x=a?b',
      want: { upstreamTarget: '/api/v1/pods?x=a?b' },
    },
    'a parameter repeated with one value': { request: 'GET /api/v1/pods?watch=1&watch=1', want: { verb: 'watch' } },
    'unknown parameters repeated': { request: 'GET /apis/metrics/v1/pods?q=1&q=2', want: { verb: 'list' } },
    'after proxy, empty segments and encoded separators': {
      request: 'GET /api/v1/namespaces/d/pods/p/proxy//a%2Fb/%2541/?watch=0&watch=1',
      want: {
        subresource: 'proxy',
        parts: ['pods', 'p', 'proxy', '', 'a', 'b', '%41'],
        upstreamTarget: '/api/v1/namespaces/d/pods/p/proxy//a/b/%2541/?watch=0&watch=1',
      },
    },
    'OPTIONS where no resource is': { request: 'OPTIONS /version', want: { verb: 'options' } },
    'the watch prefix for GET': { request: 'GET /api/v1/watch/pods', want: { verb: 'watch', verbFromPath: true } },
  };
  test.each(Object.entries(cases))('%s', (_, { request, want }) => {
    expect(accepted(request)).toMatchObject(want);
  });

  test('as long and as many as the limits say', () => {
    expect(rejected(`GET /${'a'.repeat(DEFAULT_LIMITS.targetLength - 1)}`)).toBeUndefined();
    expect(rejected(`GET /?${'a&'.repeat(DEFAULT_LIMITS.parameters - 1)}`)).toBeUndefined();
    const limits = { ...DEFAULT_LIMITS, targetLength: 5 };
    expect(requestAttributes({ method: 'GET', target: '/1234', limits })).toMatchObject({ path: '/1234' });
    expect(requestAttributes({ method: 'GET', target: '/12345', limits })).toMatchObject({ code: 'TargetTooLong' });
  });
});

describe('the verb to judge', () => {
  const cases: Record<string, { request: string; verb: string; judged: string }> = {
    'exec over WebSocket': { request: 'GET /api/v1/namespaces/d/pods/p/exec', verb: 'get', judged: 'create' },
    'exec over SPDY': { request: 'POST /api/v1/namespaces/d/pods/p/exec', verb: 'create', judged: 'create' },
    attach: { request: 'GET /api/v1/namespaces/d/pods/p/attach', verb: 'get', judged: 'create' },
    'port-forward': { request: 'GET /api/v1/namespaces/d/pods/p/portforward', verb: 'get', judged: 'create' },
    'a proxied DELETE': { request: 'DELETE /api/v1/nodes/n/proxy/x', verb: 'delete', judged: 'create' },
    'a proxy of another group': { request: 'PUT /apis/g/v1/things/t/proxy', verb: 'update', judged: 'create' },
    logs: { request: 'GET /api/v1/namespaces/d/pods/p/log', verb: 'get', judged: 'get' },
    'an object called exec': { request: 'GET /api/v1/namespaces/d/pods/exec', verb: 'get', judged: 'get' },
    'a path with exec in it': { request: 'GET /a/b/c/exec', verb: 'get', judged: 'get' },
  };
  test.each(Object.entries(cases))('%s', (_, { request, verb, judged }) => {
    expect(accepted(request)).toMatchObject({ verb, judgedVerb: judged });
  });
});

describe('a request is long-running', () => {
  test.each([
    'GET /api/v1/pods?watch=1',
    'GET /api/v1/watch/pods',
    'GET /api/v1/namespaces/d/pods/p/log',
    'POST /api/v1/namespaces/d/pods/p/exec',
    'POST /api/v1/namespaces/d/pods/p/attach',
    'POST /api/v1/namespaces/d/pods/p/portforward',
    'GET /api/v1/namespaces/d/services/s/proxy/x',
    'GET /debug/pprof/profile',
  ])('%s', (request) => expect(accepted(request).longRunning).toBe(true));

  test.each(['GET /api/v1/pods', 'GET /api/v1/pods/log', 'GET /debug/pprof', 'GET /version', 'POST /api/v1/pods'])(
    '%s is not',
    (request) => expect(accepted(request).longRunning).toBe(false),
  );
});

describe('the attack table: a naive reader takes each of these for something else', () => {
  test('an empty namespace would list the Secrets of all namespaces', () => {
    expect(rejected('GET /api/v1/namespaces//secrets')).toBe('PathSegmentEmpty');
  });

  test('an encoded slash would turn the get of a pod into an exec', () => {
    expect(rejected('GET /api/v1/namespaces/d/pods/p%2Fexec?command=id')).toBe('PathSegmentSeparator');
    expect(rejected('GET /api/v1/namespaces/d/pods/p/exec%2F?command=id')).toBe('PathSegmentSeparator');
  });

  test('an escaped letter would hide an exec', () => {
    expect(rejected('GET /api/v1/namespaces/d/pods/p/%65xec?command=id')).toBe('PathEscapedUnreserved');
  });

  test('a slash at the end leaves an exec an exec', () => {
    expect(accepted('GET /api/v1/namespaces/d/pods/p/exec/?command=id')).toMatchObject({
      resource: 'pods',
      subresource: 'exec',
      judgedVerb: 'create',
    });
    expect(rejected('GET /api/v1/namespaces/d/pods/p/exec//?command=id')).toBe('PathSegmentEmpty');
  });

  test.each(['..', '%2e%2e', '%2E%2e', '.%2e', '.', '%2e'])('a namespace %s would be folded or listed', (namespace) => {
    expect(rejected(`GET /api/v1/namespaces/${namespace}/secrets`)).toMatch(/^Path(?:SegmentDots|EscapedUnreserved)$/);
  });

  test.each(['//api/v1/secrets', 'http://x/api/v1/secrets', 'HTTP://x/api/v1/secrets', '///api/v1/secrets'])(
    'the target %s would name a host',
    (target) => expect(rejected(`GET ${target}`)).toBe('TargetForm'),
  );

  test('a delete is a delete, whatever its query says: a body replaces those options', () => {
    expect(accepted('DELETE /api/v1/namespaces/d/pods/x?dryRun=All').verb).toBe('delete');
    expect(accepted('DELETE /api/v1/namespaces/d/pods?dryRun=All').verb).toBe('deletecollection');
  });

  test('a create has no name: it is in the body', () => {
    expect(accepted('POST /api/v1/namespaces/d/pods')).toMatchObject({ verb: 'create', name: '' });
  });

  test('apply and PUT keep their verbs: whether they create is not in the path', () => {
    expect(accepted('PATCH /api/v1/namespaces/d/pods/x').judgedVerb).toBe('patch');
    expect(accepted('PUT /api/v1/namespaces/d/pods/x').judgedVerb).toBe('update');
  });

  test('the name of a proxied Service is compared as RBAC does, scheme and port included', () => {
    for (const name of ['https:svc:443', 'https%3Asvc%3A443'])
      expect(accepted(`GET /api/v1/namespaces/d/services/${name}/proxy`)).toMatchObject({
        name: 'https:svc:443',
        subresource: 'proxy',
        judgedVerb: 'create',
      });
  });

  test('list, watch and deletecollection have no name, unless a selector of list and watch demands one', () => {
    expect(accepted('GET /api/v1/secrets').name).toBe('');
    expect(accepted('GET /api/v1/secrets?watch').name).toBe('');
    expect(accepted('GET /api/v1/secrets?fieldSelector=metadata.name%3Ddb-pass').name).toBe('db-pass');
    expect(accepted('GET /api/v1/secrets?fieldSelector=metadata.name!%3Ddb-pass').name).toBe('');
    expect(accepted('DELETE /api/v1/secrets?fieldSelector=metadata.name%3Ddb-pass').name).toBe('');
  });

  test.each([
    ['pods', 'ephemeralcontainers'],
    ['pods', 'eviction'],
    ['pods', 'binding'],
    ['serviceaccounts', 'token'],
    ['deployments', 'scale'],
    ['certificatesigningrequests', 'approval'],
  ])('%s/%s is not lost: it is no write of the object alone', (resource, subresource) => {
    expect(accepted(`POST /api/v1/namespaces/d/${resource}/x/${subresource}`)).toMatchObject({ resource, subresource });
  });
});

describe('the target that goes upstream', () => {
  const segment = fc.oneof(
    fc.constantFrom('api', 'v1', 'namespaces', 'pods', 'proxy', 'watch', '', '%2F'),
    fc.webSegment(),
  );
  const target = fc
    .tuple(fc.array(segment, { maxLength: 8 }), fc.webQueryParameters())
    .map(([segments, query]) => `/${segments.join('/')}?${query}`);

  test('is read as what it was built from', () => {
    let compared = 0;
    fc.assert(
      fc.property(target, (text) => {
        const attributes = requestAttributes({ method: 'GET', target: text });
        if (attributes instanceof Rejection) return;
        compared += 1;
        expect(requestAttributes({ method: 'GET', target: attributes.upstreamTarget })).toEqual(attributes);
      }),
      { seed: 1, numRuns: 2_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
