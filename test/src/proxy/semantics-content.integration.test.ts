import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;

const NAMESPACE = 'semantics-content';
const GROUP = 'content.semantics.example';
const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});
const custom = (plural: string): Partial<PolicyRule> => ({ verbs: ['*'], apiGroups: [GROUP], resources: [plural] });

const definition = (plural: string, kind: string, scope: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${GROUP}` },
  spec: {
    group: GROUP,
    names: { plural, singular: kind.toLowerCase(), kind },
    scope,
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer', format: 'int64', default: 7 } },
              },
            },
          },
        },
      },
    ],
  },
});

beforeAll(async () => {
  scene = await newScene('content');
  await scene.enforce('content', [
    rule('maps', { verbs: ['create', 'update', 'patch', 'get'], resources: ['configmaps'] }),
    deny('locked', {
      verbs: ['create'],
      resources: ['configmaps'],
      ...when('mode', "has(object.data) && 'mode' in object.data && object.data.mode == 'locked'"),
    }),
    deny('managed', {
      verbs: ['create', 'patch'],
      resources: ['configmaps'],
      ...when('manager', "object.metadata.managedFields.exists(m, m.manager == 'forbidden-agent')"),
    }),
    rule('named-service', { verbs: ['create'], resources: ['endpoints'], resourceNames: ['web'] }),
    rule('logs', { verbs: ['get'], resources: ['pods/log'], objectSelector: { matchLabels: { team: 'blue' } } }),
    rule('gears', custom('gears')),
    deny('no-gears-elsewhere', { ...custom('gears'), namespaces: ['semantics-content-elsewhere'] }),
    deny('default-size', { ...custom('gears'), ...when('size', 'object.spec.size == 7') }),
    deny('exact-size', { ...custom('gears'), ...when('size', 'object.spec.size == 9007199254740993') }),
    rule('worlds', custom('worlds')),
    deny('no-worlds-elsewhere', { ...custom('worlds'), namespaces: ['semantics-content-elsewhere'] }),
  ]);
  await scene.apply(definition('gears', 'Gear', 'Namespaced'));
  await scene.apply(definition('worlds', 'World', 'Cluster'));
});

afterAll(async () => {
  await scene.client.kubectl([
    'delete',
    'crd',
    `gears.${GROUP}`,
    `worlds.${GROUP}`,
    '--ignore-not-found',
    '--wait=false',
  ]);
  await scene.end();
});

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).string(value);

/** A ConfigMap as typed Go clients send it. */
function configMapProtobuf(name: string, mode: string): Buffer {
  const raw = message((writer) => {
    writer.tag(1, WireType.LengthDelimited).bytes(message((meta) => text(meta, 1, name)));
    writer.tag(2, WireType.LengthDelimited).bytes(message((entry) => text(text(entry, 1, 'mode'), 2, mode)));
  });
  const type = message((writer) => text(text(writer, 1, 'v1'), 2, 'ConfigMap'));
  const unknown = message((writer) =>
    writer.tag(1, WireType.LengthDelimited).bytes(type).tag(2, WireType.LengthDelimited).bytes(raw),
  );
  return Buffer.concat([Buffer.from('k8s\0', 'latin1'), unknown]);
}

describe('the object of a create is known whatever it is written in', () => {
  const yaml = (mode: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: in-yaml}\ndata: &d {mode: ${mode}}\n`;
  const cases: Readonly<Record<string, readonly [type: string, body: (mode: string) => string | Buffer]>> = {
    JSON: ['application/json', (mode) => JSON.stringify({ metadata: { name: 'j' }, data: { mode } })],
    'JSON with a name twice, of which the API server takes the last': [
      'application/json',
      (mode) => `{"metadata":{"name":"twice"},"data":{"mode":"open","mode":"${mode}"}}`,
    ],
    YAML: ['application/yaml', yaml],
    protobuf: ['application/vnd.kubernetes.protobuf', (mode) => configMapProtobuf('p', mode)],
  };
  test.each(Object.entries(cases))('%s', async (_, [type, body]) => {
    const call = (mode: string): CallRequest => ({
      method: 'POST',
      path: maps,
      headers: { 'content-type': type },
      body: body(mode),
    });
    expect(await scene.outcome(call('locked'))).toBe('denied by locked');
    expect(await scene.outcome(call('open'))).toBe('made');
  });
});

describe('the dry run is made under the name that the call will be made under', () => {
  const body = { metadata: { generateName: 'm-' } };
  test.each([
    ['by its User-Agent', '', { 'user-agent': 'forbidden-agent/1.0 (linux)' }, 'denied by managed'],
    ['by another User-Agent', '', { 'user-agent': 'other-agent/1.0 forbidden-agent/1.0' }, 'made'],
    ['without a User-Agent', '', {}, 'made'],
    ['by its field manager', '?fieldManager=forbidden-agent', {}, 'denied by managed'],
    [
      'by its field manager before its User-Agent',
      '?fieldManager=other',
      { 'user-agent': 'forbidden-agent/1.0' },
      'made',
    ],
  ])('%s', async (_, query, headers, expected) => {
    expect(await scene.outcome({ method: 'POST', path: `${maps}${query}`, headers, body })).toBe(expected);
  });
});

describe('the name of what is created', () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/endpoints`;
  test.each([
    ['is that of the object', { name: 'web' }, 'made'],
    ['another is another', { name: 'db' }, 'not allowed'],
    ['is not known where it is generated', { generateName: 'web' }, 'not allowed (name)'],
  ])('%s', async (_, metadata, expected) => {
    expect(await scene.outcome({ method: 'POST', path, body: { metadata } })).toBe(expected);
  });
});

test('logs are judged by the labels of their pod, and never read beforehand', async () => {
  const wait = ['wait', 'serviceaccount/default', `--namespace=${NAMESPACE}`, '--for=create', '--timeout=20s'];
  expect(await scene.client.kubectl(wait)).toMatchObject({ code: 0 });
  for (const team of ['red', 'blue'])
    await scene.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: team, namespace: NAMESPACE, labels: { team } },
      spec: { nodeName: 'none', containers: [{ name: 'app', image: 'app' }] },
    });
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const refused = await scene.call({ path: `${pods}/red/log?follow=true` });
  expect(messageOf(refused)).toContain('no AgentPolicy allows it');
  expect(await scene.reached(refused)).toEqual([`get ${pods}/red`]);
  const made = await scene.call({ path: `${pods}/blue/log?limitBytes=1` });
  // The log is in the audit log twice: when it begins and when it ends.
  expect([...new Set(await scene.reached(made))]).toEqual([`get ${pods}/blue`, `get ${pods}/blue/log?limitBytes=1`]);
  await scene.client.kubectl(['delete', 'pods', '--all', `--namespace=${NAMESPACE}`, '--force', '--grace-period=0']);
});

describe('custom resources', () => {
  const path = (plural: string, namespace = ''): string =>
    `/apis/${GROUP}/v1/${namespace === '' ? '' : `namespaces/${namespace}/`}${plural}`;
  const gear = (size: string): CallRequest => ({
    method: 'POST',
    path: path('gears', NAMESPACE),
    headers: { 'content-type': 'application/json' },
    body: `{"apiVersion":"${GROUP}/v1","kind":"Gear","metadata":{"generateName":"g-"},"spec":{${size}}}`,
  });

  test('that came a moment ago are looked at by a dry run, defaults and all', async () => {
    // A definition is in OpenAPI some seconds after it is served; until then a dry run is not known.
    await expect.poll(() => scene.outcome(gear('')), { timeout: 20_000, interval: 500 }).toBe('denied by default-size');
    expect(await scene.outcome(gear('"size":8'))).toBe('made');
  });

  test('integers that a double does not hold are compared exactly', async () => {
    expect(await scene.outcome(gear('"size":9007199254740993'))).toBe('denied by exact-size');
    expect(await scene.outcome(gear('"size":9007199254740992'))).toBe('made');
  });

  test('a list of a namespaced one is of all namespaces, of a cluster-scoped one of none', async () => {
    // The API server asks for some patience with the lists of a definition that has just come.
    await expect.poll(() => scene.outcome({ path: path('worlds') })).toBe('made');
    expect(await scene.outcome({ path: path('gears', NAMESPACE) })).toContain('denied by default-size (condition)');
    expect(await scene.outcome({ path: path('gears') })).toContain('denied by no-gears-elsewhere (namespace)');
  });
});

test('RBAC stays the ceiling: what the caller may not read or write itself is not known, and it is told so', async () => {
  const withoutRights = await scene.client.token({ user: 'nobody@semantics.example', groups: [scene.group] });
  const body = { metadata: { name: 'open' }, data: { mode: 'open' } };
  expect(await scene.outcome({ method: 'POST', path: maps, token: withoutRights, body })).toMatch(
    /^denied by locked \(condition\) \[configmaps is forbidden: User "nobody@semantics.example" cannot create resource/,
  );
});

test('a policy in DryRun is told what it would have seen, and the call is made', async () => {
  await scene.enforce(
    'dry',
    [deny('never', { verbs: ['create'], resources: ['configmaps'], ...when('dry', "object.metadata.name == 'seen'") })],
    {
      mode: 'DryRun',
    },
  );
  const made = await scene.call({ method: 'POST', path: maps, body: { metadata: { name: 'seen' }, data: { a: 'b' } } });
  expect(made.status, made.text).toBe(201);
  expect(await scene.reached(made)).toEqual([`create ${maps}?dryRun=All`, `create ${maps}`]);
});
