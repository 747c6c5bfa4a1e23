import { describe, expect, test } from 'vitest';
import { callTo, maskingOfRules, ruleFor } from '@chaperone/test/masking/rules';
import { decodeJson } from '../codec/json-document.ts';
import { jsonText } from '../codec/json-text.ts';
import type { Value } from '../document.ts';
import { BODY } from './shape.ts';

const SEED = 'zebra-velvet-4711';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The same document as an encoding has it that tells bytes from text. */
function withBytes(value: Value, bytesBelow: ReadonlySet<string>, isBelow = false): Value {
  switch (value.kind) {
    case 'object':
      return {
        kind: 'object',
        members: value.members.map(({ key, value: at }) => ({
          key,
          value: withBytes(at, bytesBelow, bytesBelow.has(key.text)),
        })),
      };
    case 'list':
      return { kind: 'list', items: value.items.map((item) => withBytes(item, bytesBelow)) };
    case 'text':
      return { kind: 'text', text: value.text, bytes: isBelow };
    case 'number':
    case 'boolean':
    case 'null':
      return value;
    default:
      return value satisfies never;
  }
}

describe('whether the encoding tells bytes from text is of no consequence', () => {
  const cases: Record<string, readonly [resource: string, body: object, bytesBelow: string]> = {
    'for a Secret': ['secrets', { kind: 'Secret', data: { a: base64(SEED), b: base64('x') }, type: 'Opaque' }, 'data'],
    'for a list of Secrets': ['secrets', { kind: 'SecretList', items: [{ data: { a: base64(SEED) } }] }, 'data'],
    'for a ConfigMap': ['configmaps', { data: { a: SEED }, binaryData: { b: base64(SEED) } }, 'binaryData'],
    'for what a detector finds': [
      'configmaps',
      { binaryData: { url: base64(`postgres://app:${SEED}@db/app`), other: base64('nothing') } },
      'binaryData',
    ],
  };
  const rules = ['secrets', 'configmaps'].map((resource) =>
    ruleFor(resource, resource, {
      fields: ['data.*', 'binaryData.b'],
      detectors: ['ConnectionString'],
      replacement: 'Fingerprint',
    }),
  );
  test.each(Object.entries(cases))('%s', (_sentence, [resource, body, bytesBelow]) => {
    const { audit, response } = maskingOfRules(...rules).maskingOf(callTo(resource));
    const { root } = decodeJson(Buffer.from(JSON.stringify(body)));
    const encoded = withBytes(root, new Set([bytesBelow]));
    for (const masker of [audit, response]) {
      const [plain, bytes] = [root, encoded].map((value) =>
        jsonText(value, masker?.mask(value, BODY).edits ?? new Map()),
      );
      expect(bytes).toBe(plain);
      expect(plain).not.toContain(base64(SEED));
    }
  });
});

test('what stands in the place of bytes in an answer can be decoded as bytes', () => {
  const masking = maskingOfRules(ruleFor('hide', 'secrets', { fields: ['data'] })).maskingOf(callTo('secrets'));
  const { root } = decodeJson(Buffer.from(JSON.stringify({ data: { a: base64(SEED) } })));
  const [edit] = masking.response?.mask(root, BODY).edits.values() ?? [];
  expect(Buffer.from(edit ?? '', 'base64').toString()).toBe('[MASKED:hide]');
});
