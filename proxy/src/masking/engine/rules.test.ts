import { describe, expect, test } from 'vitest';
import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { callTo, fingerprints, maskingOfRules, maskJson, ruleFor, ruleOf } from '@chaperone/test/masking/rules';
import { LAST_APPLIED } from './always-on.ts';
import type { MaskedCall } from './masking.ts';
import { BODY, JSON_PATCH, OBJECT, type Shape } from './shape.ts';

const SEED = 'zebra-velvet-4711';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const config = ruleFor('no-config', 'configmaps', { fields: ['data.*', 'binaryData.*'] });
const env = ruleFor('env', 'pods', { fields: ['spec.containers[*].env[*].value'] });
const MASKED = '[MASKED:no-config]';

interface Case {
  readonly resource: string;
  readonly rules: readonly BundleMaskingRule[];
  readonly call?: Partial<MaskedCall>;
  readonly shape?: Shape;
  readonly body: unknown;
  readonly audit: unknown;
  /** 'same' where the caller sees what is there. */
  readonly response: unknown;
}

describe('a rule', () => {
  const pod = (value: unknown): object => ({ spec: { containers: [{ name: 'a', env: [{ name: 'A', value }] }] } });
  const inPayments = ruleFor('there', 'configmaps', { match: { namespaces: ['payments'] }, fields: ['data'] });
  const cases: Record<string, Case> = {
    'masks the fields that it names': {
      resource: 'pods',
      rules: [env],
      body: pod(SEED),
      audit: pod('[MASKED:env]'),
      response: pod('[MASKED:env]'),
    },
    'masks bytes by base64 where clients decode it, in answers alone': {
      resource: 'configmaps',
      rules: [config],
      body: { data: { a: SEED }, binaryData: { b: base64(SEED) } },
      audit: { data: { a: MASKED }, binaryData: { b: MASKED } },
      response: { data: { a: MASKED }, binaryData: { b: base64(MASKED) } },
    },
    'masks the values of Secrets in answers': {
      resource: 'secrets',
      rules: [ruleFor('hide', 'secrets', { fields: ['data.*', 'stringData'] })],
      body: { kind: 'Secret', data: { a: base64(SEED) }, stringData: { b: SEED } },
      audit: { kind: 'Secret', data: { a: '[MASKED:secret]' }, stringData: { b: '[MASKED:secret]' } },
      response: { kind: 'Secret', data: { a: base64('[MASKED:hide]') }, stringData: { b: '[MASKED:hide]' } },
    },
    'leaves the releases of Helm readable for helm': {
      resource: 'secrets',
      rules: [ruleFor('hide', 'secrets', { fields: ['data.*'] })],
      body: { type: 'helm.sh/release.v1', data: { release: base64(SEED) } },
      audit: { type: 'helm.sh/release.v1', data: { release: '[MASKED:secret]' } },
      response: 'same',
    },
    'takes no Secret for a release because of its name': {
      resource: 'secrets',
      rules: [ruleFor('hide', 'secrets', { fields: ['data.*'] })],
      body: { type: 'Opaque', metadata: { name: 'sh.helm.release.v1.x' }, data: { a: base64(SEED) } },
      audit: { type: 'Opaque', metadata: { name: 'sh.helm.release.v1.x' }, data: { a: '[MASKED:secret]' } },
      response: { type: 'Opaque', metadata: { name: 'sh.helm.release.v1.x' }, data: { a: base64('[MASKED:hide]') } },
    },
    'says nothing about answers without that target': {
      resource: 'pods',
      rules: [ruleFor('env', 'pods', { fields: ['spec.containers[*].env[*].value'], targets: ['Audit'] })],
      body: pod(SEED),
      audit: pod('[MASKED:env]'),
      response: 'same',
    },
    'says nothing about other resources': {
      resource: 'secrets',
      rules: [config],
      body: {},
      audit: {},
      response: 'same',
    },
    'says nothing about other callers': {
      resource: 'configmaps',
      rules: [ruleFor('x', 'configmaps', { match: { subjects: [{ kind: 'User', name: 'dana' }] }, fields: ['data'] })],
      body: { data: { a: SEED } },
      audit: { data: { a: SEED } },
      response: 'same',
    },
    'says nothing about other namespaces': {
      resource: 'configmaps',
      rules: [inPayments],
      call: { namespace: 'shop' },
      body: { data: { a: SEED } },
      audit: { data: { a: SEED } },
      response: 'same',
    },
    'of a namespace masks, in a list of all, what is or may be in it': {
      resource: 'configmaps',
      rules: [inPayments],
      call: { namespace: '' },
      body: {
        kind: 'ConfigMapList',
        items: [
          { metadata: { namespace: 'payments' }, data: { a: SEED } },
          { metadata: { namespace: 'shop' }, data: { a: SEED } },
          { metadata: {}, data: { a: SEED } },
        ],
      },
      audit: {
        kind: 'ConfigMapList',
        items: [
          { metadata: { namespace: 'payments' }, data: { a: '[MASKED:there]' } },
          { metadata: { namespace: 'shop' }, data: { a: SEED } },
          { metadata: {}, data: { a: '[MASKED:there]' } },
        ],
      },
      response: {
        kind: 'ConfigMapList',
        items: [
          { metadata: { namespace: 'payments' }, data: { a: '[MASKED:there]' } },
          { metadata: { namespace: 'shop' }, data: { a: SEED } },
          { metadata: {}, data: { a: '[MASKED:there]' } },
        ],
      },
    },
    'of a resource is about its status, which shows the object whole': {
      resource: 'pods/status',
      rules: [env],
      body: pod(SEED),
      audit: pod('[MASKED:env]'),
      response: pod('[MASKED:env]'),
    },
    'masks numbers and booleans by text': {
      resource: 'pods',
      rules: [env],
      body: pod([7, true, null]),
      audit: pod(['[MASKED:env]', '[MASKED:env]', null]),
      response: pod(['[MASKED:env]', '[MASKED:env]', null]),
    },
    'masks what has another shape than its path': {
      resource: 'pods',
      rules: [env],
      body: { spec: { containers: { a: { env: SEED } } } },
      audit: { spec: { containers: { a: { env: '[MASKED:env]' } } } },
      response: { spec: { containers: { a: { env: '[MASKED:env]' } } } },
    },
    'masks no neighbours of another shape below .*': {
      resource: 'configmaps',
      rules: [ruleFor('x', 'configmaps', { fields: ['spec.*.password'] })],
      body: { spec: { replicas: 3, db: { password: SEED } } },
      audit: { spec: { replicas: 3, db: { password: '[MASKED:x]' } } },
      response: { spec: { replicas: 3, db: { password: '[MASKED:x]' } } },
    },
    'masks the copy that kubectl apply keeps': {
      resource: 'pods',
      rules: [env],
      body: { metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(pod(SEED)) } } },
      audit: { metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(pod('[MASKED:env]')) } } },
      response: { metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(pod('[MASKED:env]')) } } },
    },
    'masks the directives of a strategic merge patch': {
      resource: 'example.com/widgets',
      shape: OBJECT,
      rules: [ruleFor('x', 'example.com/widgets', { fields: ['spec.tokens[*]'] })],
      body: { spec: { '$deleteFromPrimitiveList/tokens': [SEED], '$setElementOrder/tokens': [SEED], $patch: 'merge' } },
      audit: {
        spec: {
          '$deleteFromPrimitiveList/tokens': ['[MASKED:x]'],
          '$setElementOrder/tokens': ['[MASKED:x]'],
          $patch: 'merge',
        },
      },
      response: {
        spec: {
          '$deleteFromPrimitiveList/tokens': ['[MASKED:x]'],
          '$setElementOrder/tokens': ['[MASKED:x]'],
          $patch: 'merge',
        },
      },
    },
    'masks the values of a JSON Patch at, above and below its fields': {
      resource: 'pods',
      shape: JSON_PATCH,
      rules: [env],
      body: [
        { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'A', value: SEED } },
        { op: 'replace', path: '/spec/containers/1/env/12/value', value: SEED },
        { op: 'test', path: '/spec/containers', value: [{ env: [{ value: SEED }] }] },
        { op: 'add', path: '/spec/containers/0/env/0/value/x', value: SEED },
        { op: 'add', path: '/spec/nodeName', value: 'n' },
      ],
      audit: [
        { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'A', value: '[MASKED:env]' } },
        { op: 'replace', path: '/spec/containers/1/env/12/value', value: '[MASKED:env]' },
        { op: 'test', path: '/spec/containers', value: [{ env: [{ value: '[MASKED:env]' }] }] },
        { op: 'add', path: '/spec/containers/0/env/0/value/x', value: '[MASKED:env]' },
        { op: 'add', path: '/spec/nodeName', value: 'n' },
      ],
      response: [
        { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'A', value: '[MASKED:env]' } },
        { op: 'replace', path: '/spec/containers/1/env/12/value', value: '[MASKED:env]' },
        { op: 'test', path: '/spec/containers', value: [{ env: [{ value: '[MASKED:env]' }] }] },
        { op: 'add', path: '/spec/containers/0/env/0/value/x', value: '[MASKED:env]' },
        { op: 'add', path: '/spec/nodeName', value: 'n' },
      ],
    },
    'with fingerprints keeps equal values equal, whatever their encoding': {
      resource: 'configmaps',
      rules: [ruleFor('print', 'configmaps', { fields: ['data.*', 'binaryData'], replacement: 'Fingerprint' })],
      body: { data: { a: SEED, b: 'other-value' }, binaryData: { c: base64(SEED) } },
      audit: {
        data: { a: fingerprints('print', SEED), b: fingerprints('print', 'other-value') },
        binaryData: { c: fingerprints('print', SEED) },
      },
      response: {
        data: { a: fingerprints('print', SEED), b: fingerprints('print', 'other-value') },
        binaryData: { c: base64(fingerprints('print', SEED)) },
      },
    },
    'that redacts wins over one that fingerprints, and the first by name': {
      resource: 'configmaps',
      rules: [
        ruleFor('a', 'configmaps', { fields: ['data.x'], replacement: 'Fingerprint' }),
        ruleFor('c', 'configmaps', { fields: ['data'] }),
        ruleFor('b', 'configmaps', { fields: ['data.*'] }),
      ],
      body: { data: { x: SEED } },
      audit: { data: { x: '[MASKED:b]' } },
      response: { data: { x: '[MASKED:b]' } },
    },
    'with patterns masks their matches': {
      resource: 'configmaps',
      rules: [
        ruleOf('ids', { patterns: [{ name: 'customer', regex: 'CUST-[0-9]+' }], targets: ['Audit', 'Response'] }),
      ],
      body: { data: { 'CUST-9': 'of CUST-1 and CUST-2' } },
      audit: { data: { '[MASKED:ids/customer]': 'of [MASKED:ids/customer] and [MASKED:ids/customer]' } },
      response: { data: { '[MASKED:ids/customer]': 'of [MASKED:ids/customer] and [MASKED:ids/customer]' } },
    },
    'with detectors masks their findings in answers': {
      resource: 'configmaps',
      rules: [ruleOf('urls', { detectors: ['ConnectionString'], targets: ['Audit', 'Response'] })],
      body: { data: { url: `postgres://app:${SEED}@db/app` } },
      audit: { data: { url: 'postgres://app:[MASKED:url-password]@db/app' } },
      response: { data: { url: 'postgres://app:[MASKED:url-password]@db/app' } },
    },
    'masks the set elements that managed fields name': {
      resource: 'example.com/widgets',
      rules: [ruleFor('x', 'example.com/widgets', { fields: ['spec.tokens[*]'], targets: ['Audit'] })],
      body: {
        metadata: { managedFields: [{ fieldsV1: { 'f:spec': { 'f:tokens': { [`v:"${SEED}"`]: {} } } } }] },
        spec: { tokens: [SEED] },
      },
      audit: {
        metadata: { managedFields: [{ fieldsV1: { 'f:spec': { 'f:tokens': { 'v:[MASKED:known-value]': {} } } } }] },
        spec: { tokens: ['[MASKED:x]'] },
      },
      response: 'same',
    },
  };
  test.each(Object.entries(cases))(
    '%s',
    (_sentence, { resource, rules, call, shape = BODY, body, audit, response }) => {
      const masking = maskingOfRules(...rules).maskingOf(callTo(resource, call));
      const recorded = maskJson(masking.audit, body, shape);
      expect(recorded.json).toEqual(audit);
      expect(maskJson(masking.audit, recorded.json, shape).text).toBe(recorded.text);
      const answer = (seen: unknown) => (masking.response ? maskJson(masking.response, seen, shape).json : seen);
      const answered = answer(body);
      expect(answered).toEqual(response === 'same' ? body : response);
      expect(answer(answered)).toEqual(answered);
    },
  );
});

test('values are counted by what masked them', () => {
  const masking = maskingOfRules(config, ruleOf('jwt', { detectors: ['JWT'] })).maskingOf(callTo('configmaps'));
  const body = { data: { a: '1', b: '2' }, kind: 'ConfigMap', note: `postgres://a:${SEED}@b/c` };
  expect(maskJson(masking.audit, body).counts).toEqual({ 'no-config': 2, 'url-password': 1 });
});

test('what holds nothing to be masked has no edit', () => {
  const { audit, response } = maskingOfRules(config).maskingOf(callTo('pods'));
  expect(maskJson(audit, { kind: 'Pod', spec: { containers: [{ image: 'nginx:1.29' }] } }).edits).toBe(0);
  expect(response).toBeUndefined();
});
