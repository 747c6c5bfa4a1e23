import { describe, expect, test } from 'vitest';
import { callTo, maskingOfRules, ruleFor } from '@chaperone/test/masking/rules';
import { decodeJson } from '../codec/json-document.ts';
import { JSON_PATCH, OBJECT, type Shape } from './shape.ts';
import type { WriteBackReason } from './write-back.ts';

const MASKED = '[MASKED:hide]';
const masking = maskingOfRules(
  ruleFor('hide', 'configmaps', { fields: ['data.*', 'metadata.labels.team', 'spec.host'] }),
  ruleFor('records', 'pods', { fields: ['spec'], targets: ['Audit'] }),
);
const root = (body: unknown) => decodeJson(Buffer.from(JSON.stringify(body))).root;

describe('a write is refused that', () => {
  interface Case {
    readonly resource?: string;
    readonly shape?: Shape;
    readonly body: unknown;
    readonly want: WriteBackReason | undefined;
  }
  const cases: Record<string, Case> = {
    'carries a placeholder': { body: { data: { a: MASKED } }, want: 'PlaceholderWritten' },
    'carries one to another resource': {
      resource: 'secrets',
      body: { stringData: { a: MASKED } },
      want: 'PlaceholderWritten',
    },
    'carries one in base64': {
      body: { data: { a: Buffer.from(`x${MASKED}`).toString('base64') } },
      want: 'PlaceholderWritten',
    },
    'carries one in a key': { body: { data: { [MASKED]: 'a' } }, want: 'PlaceholderWritten' },
    'carries one in a text of JSON': {
      body: { metadata: { annotations: { a: JSON.stringify({ b: MASKED }) } } },
      want: 'PlaceholderWritten',
    },
    'copies a masked field': {
      shape: JSON_PATCH,
      body: [{ op: 'copy', from: '/data/a', path: '/metadata/annotations/a' }],
      want: 'MaskedFieldRead',
    },
    'moves what is above one': {
      shape: JSON_PATCH,
      body: [{ op: 'move', from: '/data', path: '/x' }],
      want: 'MaskedFieldRead',
    },
    'copies what is below one': {
      shape: JSON_PATCH,
      body: [{ op: 'copy', from: '/data/a/b', path: '/x' }],
      want: 'MaskedFieldRead',
    },
    'copies the whole object': {
      shape: JSON_PATCH,
      body: [{ op: 'copy', from: '', path: '/x' }],
      want: 'MaskedFieldRead',
    },
    'tests a masked field': {
      shape: JSON_PATCH,
      body: [{ op: 'test', path: '/data/a', value: 'x' }],
      want: 'MaskedFieldRead',
    },
    'tests something that cannot be read': {
      shape: JSON_PATCH,
      body: [{ op: 'test', path: 'data', value: 'x' }],
      want: 'MaskedFieldRead',
    },
  };
  test.each(Object.entries(cases))('%s', (_sentence, { resource = 'configmaps', shape = OBJECT, body, want }) => {
    const { writeBack } = masking.maskingOf(callTo(resource));
    expect(writeBack?.refusesBody(root(body), shape)?.reason).toBe(want);
  });
});

test('other writes are not refused', () => {
  const { writeBack } = masking.maskingOf(callTo('configmaps'));
  expect(writeBack?.refusesBody(root({ data: { a: 'MASKED', b: '[masked:x]' } }), OBJECT)).toBeUndefined();
  const patch = [
    { op: 'copy', from: '/metadata/labels/app', path: '/metadata/annotations/a' },
    { op: 'test', path: '/metadata/name', value: 'x' },
    { op: 'replace', path: '/data/a', value: 'x' },
  ];
  expect(writeBack?.refusesBody(root(patch), JSON_PATCH)).toBeUndefined();
});

test('nothing is refused to callers that see all', () => {
  const others = maskingOfRules(
    ruleFor('hide', 'configmaps', { match: { subjects: [{ kind: 'User', name: 'dana' }] }, fields: ['data'] }),
  );
  expect(others.maskingOf(callTo('configmaps')).writeBack).toBeUndefined();
});

describe('a selector is refused that', () => {
  const cases: Record<string, readonly [fields: readonly string[], labels: readonly string[], isRefused: boolean]> = {
    'names a masked field': [['spec.host'], [], true],
    'names a masked label': [[], ['team'], true],
    'names neither: not at all': [['metadata.name'], ['app'], false],
  };
  test.each(Object.entries(cases))('%s', (_sentence, [fields, labels, isRefused]) => {
    const { writeBack } = masking.maskingOf(callTo('configmaps'));
    expect(writeBack?.refusesSelectors({ fields, labels }) !== undefined).toBe(isRefused);
  });
});
