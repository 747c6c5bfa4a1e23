import { jsonText } from '@chaperone/proxy/masking/codec/json-text';
import { decodeProtobuf, decodeProtobufWatchFrame } from '@chaperone/proxy/masking/codec/protobuf/decode-protobuf';
import type { Edits, TextValue, Value } from '@chaperone/proxy/masking/document';
import { KubeConfig } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { Agent, request, type Dispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { parseJson, withoutEmpty } from './protobuf-samples.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const NAMESPACE = 'masking-protobuf';
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const PATIENCE = { timeout: 20_000, interval: 100 };
const NO_EDITS: Edits = new Map();

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

let agent: Agent;

beforeAll(async () => {
  const config = new KubeConfig();
  config.loadFromFile(inject('adminKubeconfig'));
  const user = config.getCurrentUser();
  const read = (data: string | undefined, file: string | undefined): Buffer =>
    data === undefined ? readFileSync(file ?? '') : Buffer.from(data, 'base64');
  agent = new Agent({
    allowH2: false,
    connect: {
      ca: readFileSync(inject('kubeApiCa')),
      cert: read(user?.certData, user?.certFile),
      key: read(user?.keyData, user?.keyFile),
    },
  });
  await create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const data = { password: Buffer.from('hunter2').toString('base64'), empty: '' };
  await create(SECRETS, { metadata: { name: 'kept', annotations: { note: 'écru' } }, type: 'Opaque', data });
  await create(SECRETS, { metadata: { name: 'edited', annotations: { note: 'écru' } }, type: 'Opaque', data });
  const resources = { limits: { memory: '1.5Gi', cpu: '250m' } };
  const probe = { httpGet: { path: '/', port: 'web', httpHeaders: [{ name: 'Authorization', value: 'Basic a' }] } };
  const ports = [{ name: 'web', containerPort: 80 }];
  const env = [
    { name: 'A', value: 'b' },
    { name: 'C', valueFrom: { secretKeyRef: { name: 'kept', key: 'password' } } },
  ];
  const containers = [{ name: 'c', image: 'example.com/none', resources, ports, env, livenessProbe: probe }];
  const volumes = [{ name: 'v', projected: { sources: [{ secret: { name: 'kept' } }] } }];
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers, volumes } };
  await create(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
    metadata: { name: 'web' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template,
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    },
  });
  await create(`/api/v1/namespaces/${NAMESPACE}/pods`, {
    metadata: { name: 'alone' },
    spec: { ...template.spec, serviceAccountName: 'default', automountServiceAccountToken: false },
  });
}, 60_000);

afterAll(async () => {
  await call('DELETE', `/api/v1/namespaces/${NAMESPACE}`, 'application/json');
  await agent.close();
});

async function call(
  method: Dispatcher.HttpMethod,
  path: string,
  accept: string,
  body?: Buffer,
  type = 'application/json',
): Promise<Answer> {
  const answer = await request(`${inject('kubeApiUrl')}${path}`, {
    dispatcher: agent,
    method,
    headers: { accept, ...(body === undefined ? {} : { 'content-type': type }) },
    body: body ?? null,
  });
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type']),
    body: Buffer.from(await answer.body.arrayBuffer()),
  };
}

async function create(path: string, object: object): Promise<void> {
  // The ServiceAccount that a pod needs comes a moment after its namespace.
  await vi.waitFor(async () => {
    const answer = await call('POST', path, 'application/json', Buffer.from(JSON.stringify(object)));
    expect([201, 409], answer.body.toString()).toContain(answer.status);
  }, PATIENCE);
}

const comparable = (json: string): unknown => withoutEmpty(parseJson(json));

/** The text at a path of keys and indices. */
function at(root: Value, ...path: readonly (string | number)[]): TextValue {
  let value: Value | undefined = root;
  for (const step of path) {
    if (value?.kind === 'object') value = value.members.find(({ key }) => key.text === step)?.value;
    else value = value?.kind === 'list' ? value.items[Number(step)] : undefined;
  }
  if (value?.kind !== 'text') throw new TypeError(`no text at ${path.join('.')}`);
  return value;
}

describe('what the API server answers in protobuf is read as what it answers in JSON, and keeps its bytes', () => {
  const paths: Readonly<Record<string, string>> = {
    'a Secret': `${SECRETS}/kept`,
    Secrets: SECRETS,
    'a Pod': `/api/v1/namespaces/${NAMESPACE}/pods/alone`,
    'a Deployment': `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`,
    'its Scale': `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web/scale`,
    ReplicaSets: `/apis/apps/v1/namespaces/${NAMESPACE}/replicasets`,
    'a Status of what is not there': `${SECRETS}/missing`,
    Namespaces: '/api/v1/namespaces',
    ServiceAccounts: '/api/v1/serviceaccounts',
    Services: '/api/v1/services',
    ConfigMaps: '/api/v1/configmaps',
    ClusterRoles: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    CustomResourceDefinitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    APIServices: '/apis/apiregistration.k8s.io/v1/apiservices',
    FlowSchemas: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    ValidatingAdmissionPolicies: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    'a list of what there is none of': '/apis/batch/v1/cronjobs',
  };

  test.each(Object.entries(paths))('%s', async (_, path) => {
    // Controllers may write between the two reads.
    await vi.waitFor(async () => {
      const protobuf = await call('GET', path, PROTOBUF);
      const json = await call('GET', path, 'application/json');
      expect(protobuf.type).toBe(PROTOBUF);
      const document = decodeProtobuf(protobuf.body, {});
      expect(comparable(jsonText(document.root, NO_EDITS))).toEqual(comparable(json.body.toString()));
      expect(document.encode(NO_EDITS).equals(protobuf.body)).toBe(true);
      expect(document.unknownFields).toBe(0);
    }, PATIENCE);
  });

  test('PartialObjectMetadata', async () => {
    const as = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const { body } = await call('GET', `${SECRETS}/kept`, `${PROTOBUF};${as}`);
    const json = await call('GET', `${SECRETS}/kept`, `application/json;${as}`);
    const document = decodeProtobuf(body, {});
    expect(comparable(jsonText(document.root, NO_EDITS))).toEqual(comparable(json.body.toString()));
    expect(document.encode(NO_EDITS).equals(body)).toBe(true);
  });

  test('a PartialObjectMetadataList, whose items say their kind in JSON alone', async () => {
    const as = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { body } = await call('GET', SECRETS, `${PROTOBUF};${as}`);
    const json = await call('GET', SECRETS, `application/json;${as}`);
    const document = decodeProtobuf(body, {});
    const type = '"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",';
    expect(json.body.includes(type)).toBe(true);
    const withoutTypes = json.body.toString().replaceAll(type, '');
    expect(comparable(jsonText(document.root, NO_EDITS))).toEqual(comparable(withoutTypes));
    expect(document.encode(NO_EDITS).equals(body)).toBe(true);
  });

  test('a Table is not served in protobuf: the API server refuses to', async () => {
    const table = await call('GET', SECRETS, `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1`);
    expect({ status: table.status, type: table.type }).toEqual({ status: 406, type: 'application/json' });
  });

  test('a minted token', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default/token`;
    const { status, body } = await call('POST', path, PROTOBUF, Buffer.from('{"spec":{"expirationSeconds":600}}'));
    expect(status).toBe(201);
    const document = decodeProtobuf(body, {});
    const token = at(document.root, 'status', 'token');
    expect(token.text.split('.')).toHaveLength(3);
    const masked = document.encode(new Map([[token, '[masked]']]));
    expect(masked.includes(token.text)).toBe(false);
    expect(at(decodeProtobuf(masked, {}).root, 'status', 'token').text).toBe('[masked]');
  });
});

test('a Secret that was edited is taken back by the API server, with the edits in it', async () => {
  const read = await call('GET', `${SECRETS}/edited`, PROTOBUF);
  const document = decodeProtobuf(read.body, {});
  const long = 'x'.repeat(40_000);
  const edits = new Map([
    [at(document.root, 'data', 'password'), Buffer.from(long).toString('base64')],
    [at(document.root, 'data', 'empty'), Buffer.from('filled').toString('base64')],
    [at(document.root, 'metadata', 'annotations', 'note'), ''],
  ]);
  const written = await call('PUT', `${SECRETS}/edited`, PROTOBUF, document.encode(edits), PROTOBUF);
  expect(written.status, written.body.toString('latin1')).toBe(200);
  const stored: unknown = JSON.parse((await call('GET', `${SECRETS}/edited`, 'application/json')).body.toString());
  expect(stored).toMatchObject({
    metadata: { annotations: { note: '' } },
    data: { password: Buffer.from(long).toString('base64'), empty: Buffer.from('filled').toString('base64') },
  });
});

test('a watch: events with objects and a bookmark are read and keep their bytes, also with an edit', async () => {
  const frames = await watchFrames(
    `${SECRETS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
    3,
  );
  const types = frames.map((frame) => {
    const document = decodeProtobufWatchFrame(frame);
    expect(document.encode(NO_EDITS).equals(frame)).toBe(true);
    const type = at(document.root, 'type').text;
    if (type === 'ADDED') expectMasked(frame);
    return `${type} ${at(document.root, 'object', 'kind').text}`;
  });
  expect(types.toSorted()).toEqual(['ADDED Secret', 'ADDED Secret', 'BOOKMARK Secret']);
});

function expectMasked(frame: Buffer): void {
  const document = decodeProtobufWatchFrame(frame);
  const password = at(document.root, 'object', 'data', 'password');
  const text = Buffer.from('masked').toString('base64');
  const masked = document.encode(new Map([[password, text]]));
  expect(masked.readUInt32BE(0)).toBe(masked.length - 4);
  expect(at(decodeProtobufWatchFrame(masked).root, 'object', 'data', 'password').text).toBe(text);
}

/** The first frames of a watch, each with its length. */
async function watchFrames(path: string, count: number): Promise<Buffer[]> {
  const { body } = await request(`${inject('kubeApiUrl')}${path}&timeoutSeconds=10`, {
    dispatcher: agent,
    headers: { accept: `${PROTOBUF};stream=watch` },
  });
  const frames: Buffer[] = [];
  let rest = Buffer.alloc(0);
  const chunks: AsyncIterable<Buffer> = body;
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    while (frames.length < count && rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    if (frames.length === count) break;
  }
  return frames;
}
