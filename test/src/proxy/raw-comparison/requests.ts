import type { RawRequest } from './exchange.ts';

/** What a test has put into the cluster before. */
export interface Fixture {
  readonly namespace: string;
  /** At which nothing in the namespace changes any more: lists at it are the same bytes whenever they are read. */
  readonly resourceVersion: string;
  /** The ConfigMap `settings`, as the API server gave it. */
  readonly settings: { readonly json: Buffer; readonly yaml: Buffer; readonly protobuf: Buffer };
}

export interface ComparedRequest extends RawRequest {
  /** The answer is about a new object: its uid and times are new as well. */
  readonly newObject?: boolean;
  /** Reads what other tests change too, or ages: only a difference that stays is one. */
  readonly shared?: boolean;
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const METADATA = `${PROTOBUF};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json`;
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

export function reads({ namespace, resourceVersion }: Fixture): Record<string, ComparedRequest> {
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const settings = `${configMaps}/settings`;
  const exact = `resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`;
  return {
    'an object': { path: settings },
    'an object, indented': { path: `${settings}?pretty=true` },
    'an object, indented for a browser': { path: settings, headers: { 'User-Agent': 'Mozilla/5.0' } },
    'an object in YAML': { path: settings, headers: { Accept: 'application/yaml' } },
    'an object in protobuf': { path: settings, headers: { Accept: PROTOBUF } },
    'an object as a table': { path: settings, headers: { Accept: TABLE }, shared: true },
    'an object in a format that nobody serves': { path: settings, headers: { Accept: 'text/html' } },
    'an object in CBOR': { path: settings, headers: { Accept: 'application/cbor' } },
    'an object, first choice not served': { path: settings, headers: { Accept: 'application/cbor,application/json' } },
    'only the head of an object': { method: 'HEAD', path: settings },
    'only the head of nothing': { method: 'HEAD', path: `${configMaps}/none` },
    'an object that is not there': { path: `${configMaps}/none` },
    'an object that is not there, in protobuf': { path: `${configMaps}/none`, headers: { Accept: PROTOBUF } },
    'an object that is not there, in YAML': { path: `${configMaps}/none`, headers: { Accept: 'application/yaml' } },
    'a list': { path: `${configMaps}?${exact}&labelSelector=size%3Dsmall` },
    'a list in protobuf': { path: `${configMaps}?${exact}`, headers: { Accept: PROTOBUF } },
    'a list as a table': { path: `${configMaps}?${exact}`, headers: { Accept: TABLE }, shared: true },
    'a list as a table with objects': {
      path: `${configMaps}?${exact}&includeObject=Object`,
      headers: { Accept: TABLE },
      shared: true,
    },
    'a list of metadata in protobuf': { path: `${configMaps}?${exact}`, headers: { Accept: METADATA } },
    'a list in YAML': { path: `${configMaps}?${exact}&limit=3`, headers: { Accept: 'application/yaml' } },
    'a list in pieces, not compressed': { path: `${configMaps}?${exact}` },
    'a list, compressed': { path: `${configMaps}?${exact}`, headers: { 'Accept-Encoding': 'gzip' } },
    'a list in protobuf, compressed': {
      path: `${configMaps}?${exact}`,
      headers: { Accept: PROTOBUF, 'Accept-Encoding': 'gzip' },
    },
    'a short list, which is not compressed': {
      path: `${configMaps}?${exact}&labelSelector=size%3Dsmall`,
      headers: { 'Accept-Encoding': 'gzip' },
    },
    'a list in an encoding that nobody serves': {
      path: `${configMaps}?${exact}`,
      headers: { 'Accept-Encoding': 'br' },
    },
    'a page of a list': { path: `${configMaps}?${exact}&limit=2` },
    'a page after nothing': { path: `${configMaps}?limit=2&continue=nonsense` },
    'a list at a version that is long gone': { path: `${configMaps}?resourceVersion=1&resourceVersionMatch=Exact` },
    'a list at a version that will be': { path: `${configMaps}?resourceVersion=999999999&timeout=1s` },
    'a list with options that cannot be': { path: `${configMaps}?resourceVersionMatch=Exact` },
    'a list with a selector that cannot be': { path: `${configMaps}?labelSelector=a%3Db%3Dc` },
    'a list with a field that cannot be selected': { path: `${configMaps}?fieldSelector=data.a%3Db` },
    'a deprecated kind, with its warning': { path: `/api/v1/namespaces/${namespace}/endpoints?${exact}` },
    'a version that is not served': { path: `/apis/apps/v9/namespaces/${namespace}/deployments` },
    'a path that is not served': { path: '/nothing/here' },
    'a resource by a method that it does not have': { method: 'PUT', path: configMaps, body: '{}' },
    'an answer to a page of another origin': { path: settings, headers: { Origin: 'https://example.com' } },
    'the list of paths': { path: '/', shared: true },
    'the version': { path: '/version' },
    'health in words': { path: '/livez?verbose' },
    'health that is not there': { path: '/healthz/none' },
    'the versions of the core': { path: '/api' },
    'the groups': { path: '/apis', shared: true },
    'a group': { path: '/apis/apps' },
    'the resources of a version': { path: '/apis/apps/v1' },
    'all resources of the core': { path: '/api', headers: { Accept: DISCOVERY } },
    'all resources, compressed': {
      path: '/apis',
      headers: { Accept: DISCOVERY, 'Accept-Encoding': 'gzip' },
      shared: true,
    },
    'the schemas': { path: '/openapi/v3', shared: true },
    'the schemas of a version': { path: '/openapi/v3/apis/batch/v1', headers: { 'Accept-Encoding': 'gzip' } },
    'the schemas of a version in protobuf': {
      path: '/openapi/v3/apis/batch/v1',
      headers: { Accept: 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf' },
    },
    'the schemas of a version that is not served': { path: '/openapi/v3/apis/none/v1' },
    'the schemas as they were, in protobuf': {
      path: '/openapi/v2',
      headers: {
        Accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
        'Accept-Encoding': 'gzip',
      },
      shared: true,
    },
    'metrics, as their first lines cannot differ': { method: 'HEAD', path: '/metrics' },
  };
}

/**
 * What the gateway itself answers, as its rights are for what is served: the API server refuses to impersonate for anything
 * else before it looks whether it is there.
 */
export function notServed({ namespace }: Fixture): Record<string, ComparedRequest & { readonly code: number }> {
  const core = `/api/v1/namespaces/${namespace}`;
  return {
    'a resource that is not served': { path: `${core}/nothings`, code: 404 },
    'a subresource that is not served': { path: `${core}/configmaps/settings/status`, code: 404 },
    'a subresource by a method that it does not have': {
      method: 'DELETE',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/web/scale`,
      code: 405,
    },
  };
}

/** Answers that a client keeps, and asks whether they still hold. */
export const KEPT: Readonly<Record<string, RawRequest>> = {
  'all resources of the core': { path: '/api', headers: { Accept: DISCOVERY } },
  'the schemas of a version': { path: '/openapi/v3/apis/batch/v1' },
  'the schemas of a version, compressed': { path: '/openapi/v3/apis/batch/v1', headers: { 'Accept-Encoding': 'gzip' } },
};

export function writes({ namespace, settings }: Fixture): Record<string, ComparedRequest> {
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const path = `${configMaps}/settings`;
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const json = { 'Content-Type': 'application/json' };
  const patch = (type: string, body: string): RawRequest => ({
    method: 'PATCH',
    path: `${path}?dryRun=All&fieldManager=raw`,
    headers: { 'Content-Type': type },
    body,
  });
  return {
    'create, as a dry run': {
      method: 'POST',
      path: `${configMaps}?dryRun=All`,
      headers: json,
      body: JSON.stringify({ metadata: { name: 'new' }, data: { text: 'ünï <&> \u2028' } }),
      newObject: true,
    },
    'create in YAML, as a dry run': {
      method: 'POST',
      path: `${configMaps}?dryRun=All`,
      headers: { 'Content-Type': 'application/yaml', Accept: 'application/yaml' },
      body: 'metadata: {name: new}\ndata: {yes: "on", number: "0777"}\n',
      newObject: true,
    },
    'create what is there': {
      method: 'POST',
      path: configMaps,
      headers: json,
      body: '{"metadata":{"name":"settings"}}',
    },
    'create of another kind': {
      method: 'POST',
      path: configMaps,
      headers: json,
      body: '{"kind":"Pod","apiVersion":"v1"}',
    },
    'create without a name': { method: 'POST', path: configMaps, headers: json, body: '{}' },
    'create of what is no JSON': { method: 'POST', path: configMaps, headers: json, body: '{"metadata":' },
    'create without a body': { method: 'POST', path: configMaps, headers: json },
    'create in a type that nobody reads': {
      method: 'POST',
      path: configMaps,
      headers: { 'Content-Type': 'text/plain' },
      body: 'a',
    },
    'create in CBOR': {
      method: 'POST',
      path: configMaps,
      headers: { 'Content-Type': 'application/cbor' },
      body: Buffer.from([0xa0]),
    },
    'create in protobuf that is none': {
      method: 'POST',
      path: configMaps,
      headers: { 'Content-Type': PROTOBUF },
      body: 'k8s\0nonsense',
    },
    'create of what is not valid': {
      method: 'POST',
      path: deployments,
      headers: json,
      body: '{"metadata":{"name":"bad"},"spec":{"replicas":-1}}',
    },
    'create with fields that nobody knows, each with its warning': {
      method: 'POST',
      path: `${configMaps}?dryRun=All&fieldValidation=Warn`,
      headers: json,
      body: '{"metadata":{"name":"new","nothing":1},"nothing":2,"data":{"a":"1","a":"2"}}',
      newObject: true,
    },
    'create with fields that nobody knows, refused': {
      method: 'POST',
      path: `${configMaps}?dryRun=All&fieldValidation=Strict`,
      headers: json,
      body: '{"metadata":{"name":"new","nothing":1},"nothing":2}',
    },
    'create in a namespace that is not there': {
      method: 'POST',
      path: '/api/v1/namespaces/none/configmaps',
      headers: json,
      body: '{"metadata":{"name":"new"}}',
    },
    'review of an access': {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      headers: json,
      body: '{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}',
      newObject: true,
    },
    'review of oneself': {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: json,
      body: '{}',
      newObject: true,
    },
    'update that changes nothing': { method: 'PUT', path, headers: json, body: settings.json },
    'update in YAML': { method: 'PUT', path, headers: { 'Content-Type': 'application/yaml' }, body: settings.yaml },
    'update in protobuf': {
      method: 'PUT',
      path,
      headers: { 'Content-Type': PROTOBUF, Accept: PROTOBUF },
      body: settings.protobuf,
    },
    'update of an older version': {
      method: 'PUT',
      path,
      headers: json,
      body: '{"metadata":{"name":"settings","resourceVersion":"1"}}',
    },
    'update of what is not there': {
      method: 'PUT',
      path: `${configMaps}/none`,
      headers: json,
      body: '{"metadata":{"name":"none","resourceVersion":"1"}}',
    },
    'patch by JSON Patch': {
      ...patch('application/json-patch+json', '[{"op":"add","path":"/data/b","value":"1"}]'),
      newObject: true,
    },
    'patch by JSON Patch whose test fails': patch(
      'application/json-patch+json',
      '[{"op":"test","path":"/data/a","value":"0"}]',
    ),
    'patch by merge': { ...patch('application/merge-patch+json', '{"data":{"a":null}}'), newObject: true },
    'patch by merge that changes nothing': patch('application/merge-patch+json', '{"data":{"a":"1"}}'),
    'patch by strategic merge': {
      ...patch('application/strategic-merge-patch+json', '{"data":{"b":"1"}}'),
      newObject: true,
    },
    'patch by apply': {
      ...patch('application/apply-patch+yaml', 'apiVersion: v1\nkind: ConfigMap\ndata: {c: "1"}\n'),
      newObject: true,
    },
    'patch by apply, in conflict': patch(
      'application/apply-patch+yaml',
      'apiVersion: v1\nkind: ConfigMap\ndata: {a: "9"}\n',
    ),
    'patch in a type that nobody reads': patch('application/json', '{}'),
    'patch of what is not there': { ...patch('application/merge-patch+json', '{}'), path: `${configMaps}/none` },
    'delete, as a dry run': {
      method: 'DELETE',
      path,
      headers: json,
      body: '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}',
    },
    'delete of another version': {
      method: 'DELETE',
      path,
      headers: json,
      body: '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"resourceVersion":"1"}}',
    },
    'delete of what is not there': { method: 'DELETE', path: `${configMaps}/none` },
    'delete of a collection, as a dry run': {
      method: 'DELETE',
      path: `${configMaps}?labelSelector=size%3Dsmall`,
      headers: json,
      body: '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}',
      newObject: true,
    },
  };
}
