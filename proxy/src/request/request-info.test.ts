import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { parseQuery } from './query.ts';
import { Rejection } from './rejection.ts';
import { readRequestInfo, type RequestInfo } from './request-info.ts';

/** Reads a decoded path with a query; the path may be one that parsePath refuses. */
function read(method: string, target: string): RequestInfo | undefined {
  const [path = '', raw = ''] = target.split('?');
  const query = parseQuery(raw, DEFAULT_LIMITS);
  if (query instanceof Rejection) throw query;
  return readRequestInfo(method, path, query)?.info;
}

type Row = readonly [request: string, verb: string, resource: string, name: string, namespace: string];

describe('readRequestInfo', () => {
  // verb, [group/]resource[/subresource], name, namespace
  const resources: Record<string, Row> = {
    'a collection without a namespace is listed': ['GET /api/v1/namespaces', 'list', 'namespaces', '', ''],
    'a Namespace is in the namespace of its own name': ['GET /api/v1/namespaces/a', 'get', 'namespaces', 'a', 'a'],
    'a collection in a namespace': ['GET /api/v1/namespaces/a/pods', 'list', 'pods', '', 'a'],
    'an object in a namespace': ['GET /api/v1/namespaces/a/pods/p', 'get', 'pods', 'p', 'a'],
    'HEAD of an object is a get': ['HEAD /api/v1/namespaces/a/pods/p', 'get', 'pods', 'p', 'a'],
    'a collection over all namespaces': ['GET /api/v1/pods', 'list', 'pods', '', ''],
    'HEAD of a collection is a list': ['HEAD /api/v1/pods', 'list', 'pods', '', ''],
    'a group of its own': ['GET /apis/batch/v1/jobs/j/scale', 'get', 'batch/jobs/scale', 'j', ''],
    'the proxy prefix is a verb': ['GET /api/v1/proxy/namespaces/a/pods/p', 'proxy', 'pods', 'p', 'a'],
    'the proxy prefix knows no subresource': ['GET /api/v1/proxy/namespaces/a/pods/p/x/y', 'proxy', 'pods', 'p', 'a'],
    'the watch prefix is a verb': ['GET /api/v1/watch/pods', 'watch', 'pods', '', ''],
    'the watch prefix is a verb whatever the method': ['DELETE /api/v1/watch/pods/p', 'watch', 'pods', 'p', ''],
    'the watch prefix in a namespace': ['GET /api/v1/watch/namespaces/a/pods', 'watch', 'pods', '', 'a'],
    'watch=true': ['GET /api/v1/pods?watch=true', 'watch', 'pods', '', ''],
    'watch=1': ['GET /api/v1/namespaces/a/pods?watch=1', 'watch', 'pods', '', 'a'],
    'watch without a value is true': ['GET /api/v1/pods?watch', 'watch', 'pods', '', ''],
    'watch=no is true': ['GET /api/v1/pods?watch=no', 'watch', 'pods', '', ''],
    'watch=false': ['GET /api/v1/pods?watch=false', 'list', 'pods', '', ''],
    'watch=0': ['GET /api/v1/namespaces/a/pods?watch=0', 'list', 'pods', '', 'a'],
    'watch=FALSE': ['GET /api/v1/pods?watch=FALSE', 'list', 'pods', '', ''],
    'the first of several watch values counts': ['GET /api/v1/pods?watch=0&watch=1', 'list', 'pods', '', ''],
    'a named object is not watched': ['GET /api/v1/namespaces/a/pods/p?watch=true', 'get', 'pods', 'p', 'a'],
    'a watch whose options do not decode is a watch': ['GET /api/v1/pods?watch=1&limit=x', 'watch', 'pods', '', ''],
    'watch=false with options that do not decode': ['GET /api/v1/pods?watch=false&limit=x', 'list', 'pods', '', ''],
    'a subresource': ['GET /api/v1/namespaces/a/pods/p/status', 'get', 'pods/status', 'p', 'a'],
    'what follows proxy is none of ours': ['GET /api/v1/namespaces/a/pods/p/proxy/x', 'get', 'pods/proxy', 'p', 'a'],
    'finalize is a Namespace’s own': ['PUT /api/v1/namespaces/a/finalize', 'update', 'namespaces/finalize', 'a', 'a'],
    'status is a Namespace’s own': ['PUT /api/v1/namespaces/a/status', 'update', 'namespaces/status', 'a', 'a'],
    'status is a Namespace’s own in every group': [
      'PUT /apis/x/v1/namespaces/a/status',
      'update',
      'x/namespaces/status',
      'a',
      'a',
    ],
    PATCH: ['PATCH /api/v1/namespaces/a/pods/p', 'patch', 'pods', 'p', 'a'],
    'DELETE of an object': ['DELETE /api/v1/namespaces/a/pods/p', 'delete', 'pods', 'p', 'a'],
    POST: ['POST /apis/apps/v1/namespaces/a/deployments', 'create', 'apps/deployments', '', 'a'],
    'DELETE of a collection over all namespaces': ['DELETE /api/v1/nodes', 'deletecollection', 'nodes', '', ''],
    'DELETE of all Namespaces': ['DELETE /api/v1/namespaces', 'deletecollection', 'namespaces', '', ''],
    'DELETE of a collection in a namespace': ['DELETE /apis/x/v1/namespaces/a/y', 'deletecollection', 'x/y', '', 'a'],
    'a method without meaning has no verb': ['OPTIONS /api/v1/pods', '', 'pods', '', ''],
    'an empty namespace is no namespace': ['GET /api/v1/namespaces//secrets', 'list', 'secrets', '', ''],
    'slashes at both ends are none': ['GET //api/v1/namespaces/a/pods/p/exec//', 'get', 'pods/exec', 'p', 'a'],
  };
  test.each(Object.entries(resources))('%s', (_, [request, verb, resource, name, namespace]) => {
    const [method = '', target = ''] = request.split(' ');
    const info = read(method, target);
    const groupOf = info?.apiGroup === '' ? '' : `${info?.apiGroup}/`;
    const subresource = info?.subresource === '' ? '' : `/${info?.subresource}`;
    expect({ ...info, resource: `${groupOf}${info?.resource}${subresource}` }).toMatchObject({
      isResourceRequest: true,
      verb,
      resource,
      name,
      namespace,
    });
  });

  const others: Record<string, string> = {
    'the root': '/',
    'no path at all': '',
    'the prefix alone': '/api',
    'a version': '/api/v1',
    'a version with a slash': '/api/v1/',
    'a group': '/apis/apps',
    'a group and its version': '/apis/apps/v1',
    'a group and its version with a slash': '/apis/apps/v1/',
    'another prefix': '/healthz/v1/pods',
  };
  test.each(Object.entries(others))('%s is no resource', (_, path) => {
    expect(read('GET', path)).toMatchObject({ isResourceRequest: false, verb: 'get', path, parts: [] });
  });

  test.each(['/api/v1/watch', '/apis/apps/v1/proxy/', '/api/v1/watch//'])('%s cannot be read', (path) => {
    expect(read('GET', path)).toBeUndefined();
  });

  test('the parts are all segments from the resource on', () => {
    expect(read('GET', '/api/v1/namespaces/a/pods/p/proxy/x//y')?.parts).toEqual(['pods', 'p', 'proxy', 'x', '', 'y']);
  });

  const path = '/apis/g/v1/things';
  const selectors: Record<string, { request: string; want: Partial<RequestInfo> }> = {
    'no selector': { request: `GET ${path}`, want: { name: '', fieldSelector: '', labelSelector: '' } },
    'a selector for a name gives the name': {
      request: `GET ${path}?fieldSelector=metadata.name=n`,
      want: { verb: 'list', name: 'n', fieldSelector: 'metadata.name=n' },
    },
    'under watch too': {
      request: `GET ${path}?watch=true&fieldSelector=metadata.name=n`,
      want: { verb: 'watch', name: 'n' },
    },
    'another field gives none': {
      request: `GET ${path}?fieldSelector=a=b&labelSelector=c=d`,
      want: { name: '', fieldSelector: 'a=b', labelSelector: 'c=d' },
    },
    'a name that no path may hold gives none': {
      request: `GET ${path}?fieldSelector=metadata.name=a/b`,
      want: { name: '', fieldSelector: 'metadata.name=a/b' },
    },
    'an invalid selector gives none and is kept': {
      request: `GET ${path}?fieldSelector=metadata.name=n,x&watch=true`,
      want: { verb: 'watch', name: '', fieldSelector: 'metadata.name=n,x' },
    },
    'another option that does not decode costs the name': {
      request: `GET ${path}?fieldSelector=metadata.name=n&timeoutSeconds=soon`,
      want: { verb: 'list', name: '', fieldSelector: 'metadata.name=n' },
    },
    'deletecollection keeps selectors and has no name': {
      request: `DELETE ${path}?fieldSelector=metadata.name=n&labelSelector=c=d`,
      want: { verb: 'deletecollection', name: '', fieldSelector: 'metadata.name=n', labelSelector: 'c=d' },
    },
    'the first of several counts': {
      request: `GET ${path}?fieldSelector=metadata.name=n&fieldSelector=metadata.name=m&labelSelector=a=b&labelSelector=c=d`,
      want: { name: 'n', fieldSelector: 'metadata.name=n', labelSelector: 'a=b' },
    },
    'a named get has none': {
      request: `GET ${path}/n?fieldSelector=a=b&labelSelector=a=b`,
      want: { verb: 'get', fieldSelector: '', labelSelector: '' },
    },
    'the watch prefix has none': {
      request: 'GET /apis/g/v1/watch/things?fieldSelector=metadata.name=n&labelSelector=a=b',
      want: { verb: 'watch', name: '', fieldSelector: '', labelSelector: '' },
    },
  };
  test.each(Object.entries(selectors))('selectors: %s', (_, { request, want }) => {
    const [method = '', target = ''] = request.split(' ');
    expect(read(method, target)).toMatchObject(want);
  });
});
