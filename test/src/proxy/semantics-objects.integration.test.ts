import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { deny, rule } from '@chaperone/test/policy/builders';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallRequest } from './gateway-client.ts';
import { newScene, type Scene } from './semantics-scene.ts';

let scene: Scene;
let maps: string;
let secrets: string;

const when = (name: string, expression: string): Pick<PolicyRule, 'conditions'> => ({
  conditions: [{ name, expression }],
});

beforeAll(async () => {
  scene = await newScene('objects');
  const inNamespace = `/api/v1/namespaces/${scene.namespace}`;
  maps = `${inNamespace}/configmaps`;
  secrets = `${inNamespace}/secrets`;
  await scene.enforce('objects', [
    rule('maps', { verbs: ['*'], resources: ['configmaps'] }),
    deny('guarded', { verbs: ['*'], resources: ['configmaps'], objectSelector: { matchLabels: { guard: 'yes' } } }),
    deny('locked', {
      verbs: ['update', 'patch', 'delete'],
      resources: ['configmaps'],
      ...when('mode', "has(object.data) && 'mode' in object.data && object.data.mode == 'locked'"),
    }),
    rule('open-secrets', { verbs: ['*'], resources: ['secrets'], objectSelector: { matchLabels: { open: 'yes' } } }),
    rule('namespaces', { verbs: ['*'], resources: ['namespaces'], namespaces: ['semantics-objects-own'] }),
    rule('labelled-namespaces', {
      verbs: ['*'],
      resources: ['namespaces'],
      namespaceSelector: { matchLabels: { 'semantics-objects': 'mine' } },
    }),
  ]);
});

afterAll(async () => {
  await scene.client.kubectl([
    'delete',
    'namespace',
    'semantics-objects-own',
    'semantics-objects-labelled',
    '--ignore-not-found',
    '--wait=false',
  ]);
  await scene.end();
});

const patched = (path: string, type: string, body: unknown): CallRequest => ({
  method: 'PATCH',
  path,
  headers: { 'content-type': `application/${type}` },
  body,
});

const configMap = (name: string, labels: object, data: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: scene.namespace, labels },
  data,
});

describe('objectSelector in Deny matches if the old or the new object does', () => {
  beforeEach(async () => {
    await scene.apply(configMap('guarded', { guard: 'yes' }));
    await scene.apply(configMap('plain', { guard: 'no' }));
  });

  const cases: Readonly<Record<string, readonly [() => CallRequest, string]>> = {
    'the old one, whose label an update takes away': [
      () => ({ method: 'PUT', path: `${maps}/guarded`, body: configMap('guarded', {}) }),
      'denied by guarded',
    ],
    'the new one, to which a patch gives the label': [
      () => patched(`${maps}/plain`, 'merge-patch+json', { metadata: { labels: { guard: 'yes' } } }),
      'denied by guarded',
    ],
    'the one that is created': [
      () => ({ method: 'POST', path: maps, body: configMap('made', { guard: 'yes' }) }),
      'denied by guarded',
    ],
    'the one that is deleted': [() => ({ method: 'DELETE', path: `${maps}/guarded` }), 'denied by guarded'],
    'the one that is read': [() => ({ path: `${maps}/guarded` }), 'denied by guarded'],
    'and not if neither does: a read': [() => ({ path: `${maps}/plain` }), 'made'],
    'and not if neither does: a patch': [
      () => patched(`${maps}/plain`, 'merge-patch+json', { data: { a: 'b' } }),
      'made',
    ],
    'and not if neither does: a delete': [() => ({ method: 'DELETE', path: `${maps}/plain` }), 'made'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call())).toBe(expected);
  });
});

describe('CEL in Deny is asked of the old and of the new object', () => {
  beforeEach(() => scene.apply(configMap('locked', {}, { mode: 'locked' })));

  test('unlocking is refused for what was', async () => {
    const call = patched(`${maps}/locked`, 'merge-patch+json', { data: { mode: 'open' } });
    expect(await scene.outcome(call)).toBe('denied by locked');
  });
  test('deleting is refused for what is', async () => {
    expect(await scene.outcome({ method: 'DELETE', path: `${maps}/locked` })).toBe('denied by locked');
  });
});

describe('objectSelector in Allow matches only if both objects do', () => {
  const secret = (name: string, open: string): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: scene.namespace, labels: { open } },
    stringData: { a: 'b' },
  });
  beforeEach(async () => {
    await scene.apply(secret('open', 'yes'));
    await scene.apply(secret('shut', 'no'));
  });
  const relabelled = (name: string, open: string): CallRequest =>
    patched(`${secrets}/${name}`, 'merge-patch+json', { metadata: { labels: { open } } });

  const cases: Readonly<Record<string, readonly [() => CallRequest, string]>> = {
    'both: a read': [() => ({ path: `${secrets}/open` }), 'made'],
    'both: a patch': [() => patched(`${secrets}/open`, 'merge-patch+json', { stringData: { a: 'c' } }), 'made'],
    'not the old one alone': [() => relabelled('open', 'no'), 'not allowed'],
    'not the new one alone': [() => relabelled('shut', 'yes'), 'not allowed'],
    neither: [() => ({ path: `${secrets}/shut` }), 'not allowed'],
  };
  test.each(Object.entries(cases))('%s', async (_, [call, expected]) => {
    expect(await scene.outcome(call())).toBe(expected);
  });
});

describe('a Namespace is judged', () => {
  const made = (name: string, labels: object): CallRequest => ({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
  });

  test('by its own name, where a rule says namespaces', async () => {
    expect(await scene.outcome(made('semantics-objects-own', {}))).toBe('made');
    expect(await scene.outcome({ path: '/api/v1/namespaces/semantics-objects-own' })).toBe('made');
    expect(await scene.outcome(made('semantics-objects-foreign', {}))).toBe('not allowed');
    expect(await scene.outcome({ path: `/api/v1/namespaces/${scene.namespace}` })).toBe('not allowed');
  });

  test('by its own labels, where a rule says namespaceSelector', async () => {
    const path = '/api/v1/namespaces/semantics-objects-labelled';
    const label = 'semantics-objects';
    const relabelled = (labels: object): CallRequest => patched(path, 'merge-patch+json', { metadata: { labels } });
    expect(await scene.outcome(made('semantics-objects-labelled', { [label]: 'mine' }))).toBe('made');
    expect(await scene.outcome({ path })).toBe('made');
    expect(await scene.outcome(relabelled({ [label]: 'yours' }))).toBe('not allowed');
    expect(await scene.outcome(relabelled({ more: 'labels' }))).toBe('made');
  });
});
