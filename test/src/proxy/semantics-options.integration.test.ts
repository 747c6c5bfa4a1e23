import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { messageOf, newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;

const NAMESPACE = 'semantics-options';
const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const target = `${maps}/target`;
const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets`;

const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});

beforeAll(async () => {
  scene = await newScene('options');
  await scene.enforce('options', [
    rule('only-dry', {
      verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
      resources: ['configmaps'],
      ...when('dry', 'request.dryRun'),
    }),
    rule('secrets', { verbs: ['*'], resources: ['secrets'] }),
    deny('at-once', {
      verbs: ['delete'],
      resources: ['secrets'],
      ...when('grace', 'has(request.options.gracePeriodSeconds) && request.options.gracePeriodSeconds == 0'),
    }),
    deny('of-any-version', {
      verbs: ['delete'],
      resources: ['secrets'],
      ...when('preconditions', "has(request.options.preconditions) && request.options.preconditions.uid == 'any'"),
    }),
    deny('without-bound', {
      verbs: ['list'],
      resources: ['secrets'],
      ...when('limit', '!has(request.options.limit) || request.options.limit > 10'),
    }),
    deny('force', {
      verbs: ['patch', 'create'],
      resources: ['secrets'],
      ...when('force', 'has(request.options.force) && bool(request.options.force)'),
    }),
    deny('as-somebody', {
      verbs: ['create'],
      resources: ['secrets'],
      ...when(
        'manager',
        "has(request.options.fieldManager) && request.options.fieldManager == 'kubectl-client-side-apply'",
      ),
    }),
  ]);
});

afterAll(() => scene.end());

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' };
const protobuf = (write: (writer: BinaryWriter) => void): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    message((writer) => {
      const type = message((inner) =>
        inner.tag(1, WireType.LengthDelimited).string('v1').tag(2, WireType.LengthDelimited).string('DeleteOptions'),
      );
      writer.tag(1, WireType.LengthDelimited).bytes(type).tag(2, WireType.LengthDelimited).bytes(message(write));
    }),
  ]);

describe('the dry run of a delete', () => {
  const exists = async (): Promise<boolean> =>
    (await scene.client.kubectl(['get', 'configmap', 'target', `--namespace=${NAMESPACE}`])).code === 0;
  beforeEach(() =>
    scene.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'target', namespace: NAMESPACE } }),
  );

  const cases: Readonly<Record<string, readonly [Partial<CallRequest>, string]>> = {
    'is asked for by the query where there is no body': [{ path: `${target}?dryRun=All` }, 'made'],
    'is asked for in the body': [{ body: { dryRun: ['All'] } }, 'made'],
    'is asked for in a body of protobuf': [
      { headers: PROTOBUF, body: protobuf((writer) => writer.tag(5, WireType.LengthDelimited).string('All')) },
      'made',
    ],
    'is not asked for by the query where there is a body': [{ path: `${target}?dryRun=All`, body: {} }, 'not allowed'],
    'nor where the body says something else': [
      { path: `${target}?dryRun=All`, body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 } },
      'not allowed',
    ],
    'nor where the body is protobuf': [
      { path: `${target}?dryRun=All`, headers: PROTOBUF, body: protobuf(() => undefined) },
      'not allowed',
    ],
    'nor where the body has the name in another case': [
      { path: `${target}?dryRun=All`, body: { DryRun: ['All'] } },
      'not allowed',
    ],
    'is not asked for by an empty list': [{ body: { dryRun: [] } }, 'not allowed'],
    'is not asked for by what is no dry run': [{ path: `${target}?dryRun=true` }, 'not allowed'],
    'of a collection: by the query': [{ path: `${maps}?dryRun=All` }, 'made'],
    'of a collection: not by the query where there is a body': [
      { path: `${maps}?dryRun=All`, body: {} },
      'not allowed',
    ],
    'is asked for in YAML, too': [{ headers: { 'content-type': 'application/yaml' }, body: 'dryRun: [All]' }, 'made'],
    'is not read from YAML that says it twice': [
      { headers: { 'content-type': 'application/yaml' }, body: 'dryRun: [All]\ndryRun: []' },
      'answered 400',
    ],
    'is not read from a patch': [
      { headers: { 'content-type': 'application/apply-patch+yaml' }, body: 'dryRun: [All]' },
      'answered 415',
    ],
    'is not read from a body with a name twice': [{ body: '{"dryRun":["All"],"dryRun":[]}' }, 'answered 400'],
    'is not read from a body with something behind it': [{ body: '{"dryRun":["All"]}{}' }, 'answered 400'],
    'is not read from JSON under the type of protobuf': [
      { headers: PROTOBUF, body: '{"dryRun":["All"]}' },
      'answered 400',
    ],
  };
  test.each(Object.entries(cases))('%s; the object stays', async (_, [call, expected]) => {
    expect(await scene.outcome({ method: 'DELETE', path: target, ...call })).toBe(expected);
    expect(await exists()).toBe(true);
  });

  test('is what the API server makes of it: with a body the query is ignored, and the object is gone', async () => {
    await scene.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'gone', namespace: NAMESPACE } });
    const answer = await scene.call({ method: 'DELETE', path: `${secrets}/gone?dryRun=All`, body: {} });
    expect(answer.status).toBe(200);
    expect(await scene.client.kubectl(['get', 'secret', 'gone', `--namespace=${NAMESPACE}`])).toMatchObject({
      code: 1,
    });
  });

  test('whose body cannot be read never reaches the API server', async () => {
    const answer = await scene.call({ method: 'DELETE', path: target, body: '{"dryRun":["All"],"dryRun":[]}' });
    expect(messageOf(answer)).toContain('no name twice');
    expect(await scene.reached(answer)).toEqual([]);
  });
});

describe('request.dryRun', () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry' } };
  test.each([
    ['is true of a dry run', `${maps}?dryRun=All`, 'made'],
    ['is false without one', maps, 'not allowed'],
    ['is false for a value that the API server refuses', `${maps}?dryRun=yes`, 'not allowed'],
  ])('%s', async (_, path, expected) => {
    expect(await scene.outcome({ method: 'POST', path, body })).toBe(expected);
  });
});

describe('request.options are those in force', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 'made-' } };
  const merged = { headers: { 'content-type': 'application/merge-patch+json' }, body: {} };
  const gone = { method: 'DELETE', path: `${secrets}/none` } as const;

  const cases: Readonly<Record<string, readonly [CallRequest, string]>> = {
    'of a delete by its query': [{ ...gone, path: `${gone.path}?gracePeriodSeconds=0` }, 'denied by at-once'],
    'of a delete by its query, another value': [{ ...gone, path: `${gone.path}?gracePeriodSeconds=1` }, 'answered 404'],
    'of a delete by its body': [{ ...gone, body: { gracePeriodSeconds: 0 } }, 'denied by at-once'],
    'of a delete by its body, which replaces the query': [
      { ...gone, path: `${gone.path}?gracePeriodSeconds=0`, body: { gracePeriodSeconds: 5 } },
      'answered 404',
    ],
    'of a delete by a body in protobuf': [
      { ...gone, headers: PROTOBUF, body: protobuf((writer) => writer.tag(1, WireType.Varint).int64(0)) },
      'denied by at-once',
    ],
    'preconditions of a query': [{ ...gone, path: `${gone.path}?uid=any` }, 'denied by of-any-version'],
    'preconditions of a body': [{ ...gone, body: { preconditions: { uid: 'any' } } }, 'denied by of-any-version'],
    'a number is a number': [{ path: `${secrets}?limit=10` }, 'made'],
    'a number compares as one': [{ path: `${secrets}?limit=11` }, 'denied by without-bound'],
    'what is not given is not there': [{ path: secrets }, 'denied by without-bound'],
    'what does not decode is refused': [{ path: `${secrets}?limit=ten` }, 'answered 400'],
    'a boolean is true for any word': [
      { method: 'PATCH', path: `${secrets}/none?force=no`, ...merged },
      'denied by force',
    ],
    'a boolean is false for false': [
      { method: 'PATCH', path: `${secrets}/none?force=False`, ...merged },
      'answered 422',
    ],
    'what the call does not know is not there': [
      { method: 'POST', path: `${secrets}?force=true`, body: secret },
      'made',
    ],
    'the field manager': [
      { method: 'POST', path: `${secrets}?fieldManager=kubectl-client-side-apply`, body: secret },
      'denied by as-somebody',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call)).toBe(expected);
  });
});
