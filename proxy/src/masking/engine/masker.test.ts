import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { callTo, maskingOfRules, maskJson } from '@chaperone/test/masking/rules';
import { decodeJson } from '../codec/json-document.ts';
import { LAST_APPLIED } from './always-on.ts';
import { BODY, JSON_PATCH, OBJECT, type Shape } from './shape.ts';
import type { MaskedCall } from './masking.ts';

const SEED = 'zebra-velvet-4711';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const SECRET = '[MASKED:secret]';

interface Case {
  readonly resource: string;
  readonly rules?: readonly BundleMaskingRule[];
  readonly call?: Partial<MaskedCall>;
  readonly shape?: Shape;
  readonly body: unknown;
  readonly want: unknown;
}

const secret = (extra: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'payments' },
  data: { password: base64(SEED) },
  ...extra,
});
const maskedSecret = (extra: object = {}): object => ({ ...secret({ data: { password: SECRET } }), ...extra });

/** Put together here, so that no scanner takes it for a token. */
const keyToken = (end: string): string => ['ghp', `x7Kd92LmVq4TzR8bN1cYf6HsJg0WuEaP3${end}`].join('_');

const helmRelease = base64(
  gzipSync(
    JSON.stringify({
      name: 'shop',
      config: { token: 'config-token-93' },
      manifest: `---\napiVersion: v1\nkind: Secret\nstringData:\n  password: ${SEED}\n---\nkind: ConfigMap\n`,
    }),
  ).toString('base64'),
);

describe('in records, with no rule, it masks', () => {
  const cases: Record<string, Case> = {
    'the values of a Secret, not its keys': { resource: 'secrets', body: secret(), want: maskedSecret() },
    'data and stringData of a Secret that does not say its kind': {
      resource: 'secrets',
      body: { metadata: { name: 'db' }, data: { a: base64(SEED) }, stringData: { b: SEED } },
      want: { metadata: { name: 'db' }, data: { a: SECRET }, stringData: { b: SECRET } },
    },
    'values of a Secret that are no texts': {
      resource: 'secrets',
      body: { data: { a: 1, b: true, c: null, d: { e: [SEED] } } },
      want: { data: { a: SECRET, b: SECRET, c: null, d: { e: [SECRET] } } },
    },
    'data of a Secret that is no object': { resource: 'secrets', body: { data: [SEED] }, want: { data: [SECRET] } },
    'the items of a SecretList, which have no kind': {
      resource: 'secrets',
      body: { kind: 'SecretList', apiVersion: 'v1', items: [{ metadata: { name: 'a' }, data: { x: base64(SEED) } }] },
      want: { kind: 'SecretList', apiVersion: 'v1', items: [{ metadata: { name: 'a' }, data: { x: SECRET } }] },
    },
    'Secrets in a List of several kinds': {
      resource: 'configmaps',
      body: { kind: 'List', apiVersion: 'v1', items: [secret(), { kind: 'ConfigMap', data: { a: 'b' } }] },
      want: { kind: 'List', apiVersion: 'v1', items: [maskedSecret(), { kind: 'ConfigMap', data: { a: 'b' } }] },
    },
    'a Secret in the template of a custom resource': {
      resource: 'example.com/bundles',
      body: { kind: 'Bundle', spec: { objects: [{ template: secret() }] } },
      want: { kind: 'Bundle', spec: { objects: [{ template: maskedSecret() }] } },
    },
    'the object of a watch event': {
      resource: 'secrets',
      body: { type: 'DELETED', object: secret() },
      want: { type: 'DELETED', object: maskedSecret() },
    },
    'a minted token': {
      resource: 'serviceaccounts/token',
      body: { kind: 'TokenRequest', spec: { audiences: ['a'] }, status: { token: SEED } },
      want: { kind: 'TokenRequest', spec: { audiences: ['a'] }, status: { token: '[MASKED:token]' } },
    },
    'the token of a review': {
      resource: 'authentication.k8s.io/tokenreviews',
      body: { spec: { token: SEED } },
      want: { spec: { token: '[MASKED:token]' } },
    },
    'what kubectl applied last, as the object that it is': {
      resource: 'secrets',
      body: secret({ metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(secret()) } } }),
      want: maskedSecret({ metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(maskedSecret()) } } }),
    },
    'what kubectl applied last, whole, where it is no JSON': {
      resource: 'secrets',
      body: { metadata: { annotations: { [LAST_APPLIED]: `{"data":{"password":"${base64(SEED)}` } } },
      want: { metadata: { annotations: { [LAST_APPLIED]: SECRET } } },
    },
    'what kubectl applied last, in metadata alone': {
      resource: 'secrets',
      body: {
        kind: 'PartialObjectMetadataList',
        items: [
          {
            kind: 'PartialObjectMetadata',
            metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ stringData: { a: SEED } }) } },
          },
        ],
      },
      want: {
        kind: 'PartialObjectMetadataList',
        items: [
          {
            kind: 'PartialObjectMetadata',
            metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ stringData: { a: SECRET } }) } },
          },
        ],
      },
    },
    'annotations of a Secret that may hold anything, not those that cannot': {
      resource: 'secrets',
      body: { metadata: { annotations: { 'a.b/c': SEED, 'meta.helm.sh/release-name': 'shop' }, labels: { a: 'b' } } },
      want: { metadata: { annotations: { 'a.b/c': SECRET, 'meta.helm.sh/release-name': 'shop' }, labels: { a: 'b' } } },
    },
    'a value of a Secret wherever else the body has it, in any form': {
      resource: 'secrets',
      body: secret({ metadata: { name: 'db', labels: { copy: SEED, encoded: base64(SEED) } } }),
      want: maskedSecret({
        metadata: { name: 'db', labels: { copy: '[MASKED:known-value]', encoded: '[MASKED:known-value]' } },
      }),
    },
    'the message of an event about a Secret, not of another': {
      resource: 'events',
      body: {
        kind: 'List',
        items: [
          { kind: 'Event', involvedObject: { kind: 'Secret' }, message: SEED },
          { kind: 'Event', regarding: { kind: 'Secret' }, note: SEED },
          { kind: 'Event', involvedObject: { kind: 'Pod' }, message: 'Pulled' },
        ],
      },
      want: {
        kind: 'List',
        items: [
          { kind: 'Event', involvedObject: { kind: 'Secret' }, message: '[MASKED:secret-event]' },
          { kind: 'Event', regarding: { kind: 'Secret' }, note: '[MASKED:secret-event]' },
          { kind: 'Event', involvedObject: { kind: 'Pod' }, message: 'Pulled' },
        ],
      },
    },
    'a release of Helm, and the values in it': {
      resource: 'secrets',
      body: {
        type: 'helm.sh/release.v1',
        metadata: { name: 'sh.helm.release.v1.shop.v1', labels: { copy: SEED } },
        data: { release: helmRelease },
      },
      want: {
        type: 'helm.sh/release.v1',
        metadata: { name: 'sh.helm.release.v1.shop.v1', labels: { copy: '[MASKED:known-value]' } },
        data: { release: SECRET },
      },
    },
    'a release of Helm in a ConfigMap': {
      resource: 'configmaps',
      body: { metadata: { labels: { owner: 'helm' } }, data: { release: 'e30=', other: 'x' } },
      want: { metadata: { labels: { owner: 'helm' } }, data: { release: '[MASKED:compressed]', other: 'x' } },
    },
    'the manifest of a Secret in a text': {
      resource: 'configmaps',
      body: { data: { 'all.yaml': `apiVersion: v1\nkind: Secret\ndata:\n  a: ${base64(SEED)}\n` } },
      want: { data: { 'all.yaml': SECRET } },
    },
    'a Secret in JSON in a text, as the object that it is': {
      resource: 'configmaps',
      body: { data: { 'all.json': JSON.stringify([secret()]) } },
      want: { data: { 'all.json': JSON.stringify([maskedSecret()]) } },
    },
    'the values of a JSON Patch of a Secret': {
      resource: 'secrets',
      shape: JSON_PATCH,
      body: [
        { op: 'add', path: '/data/a', value: SEED },
        { op: 'test', path: '/data', value: { a: SEED } },
        { op: 'replace', path: '', value: secret() },
        { op: 'add', path: '/stringData/a~1b', value: SEED },
        { op: 'add', path: '/metadata/annotations/a.b~1c', value: SEED },
        { op: 'add', path: '/metadata/annotations/helm.sh~1hook', value: 'pre-install' },
        { op: 'add', path: '/metadata/annotations', value: { x: SEED } },
        { op: 'add', path: 'data', value: SEED },
        { op: 'add', path: '/metadata/labels/a', value: 'b' },
      ],
      want: [
        { op: 'add', path: '/data/a', value: SECRET },
        { op: 'test', path: '/data', value: { a: SECRET } },
        { op: 'replace', path: '', value: maskedSecret() },
        { op: 'add', path: '/stringData/a~1b', value: SECRET },
        { op: 'add', path: '/metadata/annotations/a.b~1c', value: SECRET },
        { op: 'add', path: '/metadata/annotations/helm.sh~1hook', value: 'pre-install' },
        { op: 'add', path: '/metadata/annotations', value: { x: SECRET } },
        { op: 'add', path: 'data', value: SECRET },
        { op: 'add', path: '/metadata/labels/a', value: 'b' },
      ],
    },
    'the values of a merge patch of a Secret, not that one goes away': {
      resource: 'secrets',
      shape: OBJECT,
      body: { data: { a: SEED, b: null } },
      want: { data: { a: SECRET, b: null } },
    },
    'what a detector finds in a key, which stays one of its object': {
      resource: 'configmaps',
      body: { data: { [keyToken('Qm4')]: 'x', [keyToken('Wp8')]: 'y' } },
      want: { data: { '[MASKED:github-token]': 'x', '[MASKED:github-token]#2': 'y' } },
    },
  };
  test.each(Object.entries(cases))('%s', (_sentence, { resource, rules = [], call, shape = BODY, body, want }) => {
    const { audit } = maskingOfRules(...rules).maskingOf(callTo(resource, call));
    const masked = maskJson(audit, body, shape);
    expect(masked.json).toEqual(want);
    expect(maskJson(audit, masked.json, shape).text).toBe(masked.text);
  });
});

test('an object may be as deep as the API server takes it', () => {
  const { audit } = maskingOfRules().maskingOf(callTo('secrets'));
  const deep = (value: string): string => `{"data":${'{"a":'.repeat(9_000)}"${value}"${'}'.repeat(9_000)}}`;
  const document = decodeJson(Buffer.from(deep(SEED)));
  expect(document.encode(audit.mask(document.root, BODY).edits).toString()).toBe(deep(SECRET));
});
