import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentPolicySpec, MaskingRuleSpec } from '../v1alpha1/generated/api.ts';
import type { BundlePolicy } from './bundle.ts';
import { BundleError } from './bundle-error.ts';
import { canonicalJson } from './canonical-json.ts';
import { bundleConfigMaps, parseBundleHead, parseBundlePart, parsePreviousHead } from './configmaps.ts';
import { decodeBundle } from './decode.ts';
import { encodeBundle, MAX_PART_BYTES, sha256, type EncodedPart } from './encode.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
const spec: fc.Arbitrary<AgentPolicySpec> = fc.record(
  {
    mode: fc.constantFrom('Enforce' as const, 'DryRun' as const),
    expiresAt: fc.constant('2030-01-01T00:00:00Z'),
    subjects: fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('User' as const, 'Group' as const),
        name: fc.stringMatching(/^[a-z][a-z:@.-]{0,20}$/),
      }),
      { minLength: 1, maxLength: 4, selector: ({ kind, name: subject }) => `${kind} ${subject}` },
    ),
    rules: fc.uniqueArray(
      fc.record({
        name,
        action: fc.constantFrom('Allow' as const, 'Deny' as const),
        verbs: fc.constant(['get' as const]),
        apiGroups: fc.constant(['']),
        resources: fc.constantFrom(['pods'], ['*']),
        reason: fc
          .string({ minLength: 1, maxLength: 100, unit: 'grapheme' })
          .filter((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)),
      }),
      { minLength: 1, maxLength: 5, selector: (one) => one.name },
    ),
  },
  { requiredKeys: ['mode', 'subjects', 'rules'] },
);
const policy: fc.Arbitrary<BundlePolicy> = fc.record({ name, uid: fc.uuid(), generation: fc.nat(), spec });
const maskingSpec: fc.Arbitrary<MaskingRuleSpec> = fc.constant({
  match: { apiGroups: [''], resources: ['configmaps'] },
  fields: ['data.*'],
  replacement: 'Redact',
  targets: ['Audit'],
  writeBack: 'Refuse',
});
const content = fc.tuple(
  fc.uniqueArray(policy, { selector: (one) => one.name, maxLength: 8 }),
  fc.uniqueArray(fc.record({ name, uid: fc.uuid(), generation: fc.nat(), spec: maskingSpec }), {
    selector: (one) => one.name,
    maxLength: 4,
  }),
);

test('what is encoded, stored in ConfigMaps and read back is what was there', () => {
  fc.assert(
    fc.property(content, ([policies, rules]) => {
      const encoded = encodeBundle(policies, rules);
      const objects = bundleConfigMaps(encoded, 'chaperone-system');
      const head = parseBundleHead(objects.head.data);
      const parts = head.parts.map((hash, index) => parseBundlePart(hash, objects.parts[index]?.binaryData));
      expect(decodeBundle(head.revision, parts)).toEqual(encoded.bundle);
    }),
  );
});

test('the revision is the SHA-256 of the canonical JSON of the whole, also where only some entries are new', () => {
  fc.assert(
    fc.property(content, content, ([policies, rules], [more]) => {
      encodeBundle(policies, rules);
      const { revision, ...whole } = encodeBundle([...policies, ...more], rules).bundle;
      expect(revision).toBe(sha256(canonicalJson(whole)));
    }),
  );
});

test('the revision depends on what the objects are, not on the order in which they come', () => {
  fc.assert(
    fc.property(content, ([policies, rules]) => {
      const forwards = encodeBundle(policies, rules);
      const backwards = encodeBundle(policies.toReversed(), rules.toReversed());
      expect(backwards.parts).toEqual(forwards.parts);
      expect(backwards.bundle.revision).toBe(forwards.bundle.revision);
    }),
  );
});

test('a bundle of incompressible rules is cut into parts that each fit a ConfigMap, and comes back whole', () => {
  const policies = Array.from({ length: 5_000 }, (_, index) => ({
    name: `policy-${String(index).padStart(4, '0')}`,
    uid: `uid-${index}`,
    generation: 1,
    spec: {
      mode: 'Enforce' as const,
      subjects: [{ kind: 'User' as const, name: 'someone' }],
      rules: [
        {
          name: 'rule',
          action: 'Deny' as const,
          verbs: ['get' as const],
          apiGroups: [''],
          resources: ['pods'],
          // Hexadecimal digits that gzip can only halve.
          reason: Array.from({ length: 8 }, (__, part) => sha256(`${index} ${part}`)).join(''),
        },
      ],
    },
  }));
  const { bundle, parts } = encodeBundle(policies, []);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.every((part) => part.bytes.length <= MAX_PART_BYTES)).toBe(true);
  expect(decodeBundle(bundle.revision, parts)).toEqual(bundle);
});

test('what the head said before is read back from it, and from nothing else', () => {
  const previous = { revision: sha256('a'), parts: [sha256('b'), sha256('c')] };
  const { head } = bundleConfigMaps(encodeBundle([], []), 'chaperone-system', { previous });
  expect(parsePreviousHead(head.data)).toEqual(previous);
  const unusable = [undefined, {}, { previous: '{' }, { previous: '[]' }, { previous: '{"revision":"x","parts":[]}' }];
  expect(unusable.map(parsePreviousHead)).toEqual(unusable.map(() => undefined));
});

describe('a stored bundle is refused when', () => {
  const encoded = encodeBundle([], []);
  const { revision } = encoded.bundle;
  const [part] = encoded.parts;
  const original: EncodedPart = part ?? { hash: '', bytes: new Uint8Array() };
  const flipped = Uint8Array.from(original.bytes, (byte, index) => (index === 12 ? byte ^ 1 : byte));

  test.each([
    ['a byte of a part was changed', () => decodeBundle(revision, [{ ...original, bytes: flipped }]), 'WrongHash'],
    ['the revision is another', () => decodeBundle(`${revision.slice(0, -1)}x`, [original]), 'WrongHash'],
    ['a part is missing', () => decodeBundle(revision, []), 'Undecodable'],
    ['a part is there twice', () => decodeBundle(revision, [original, original]), 'WrongHash'],
    ['the head has no data', () => parseBundleHead(undefined), 'MalformedHead'],
    ['the head names no revision', () => parseBundleHead({ format: '1', parts: '[]' }), 'MalformedHead'],
    ['the head names no parts', () => parseBundleHead({ format: '1', revision, parts: '[]' }), 'MalformedHead'],
    [
      'the head names a part by a path',
      () => parseBundleHead({ format: '1', revision, parts: '["../x"]' }),
      'MalformedHead',
    ],
    ['a newer operator wrote it', () => parseBundleHead({ format: '2', revision, parts: '[]' }), 'UnknownFormat'],
    ['a part’s ConfigMap is gone', () => parseBundlePart(original.hash, undefined), 'MissingPart'],
  ])('%s', (_, read, code) => {
    const refusal = captureError(read);
    expect(refusal).toBeInstanceOf(BundleError);
    expect(refusal).toMatchObject({ code });
  });
});

function captureError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('canonical JSON', () => {
  test.each([
    ['sorts keys', { b: 1, a: [2, { d: null, c: true }] }, '{"a":[2,{"c":true,"d":null}],"b":1}'],
    ['leaves out members that are undefined', { a: undefined, b: 'x' }, '{"b":"x"}'],
    ['escapes strings as JSON does', { 'a"': '\u2028\n' }, '{"a\\"":"\u2028\\n"}'],
  ])('%s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('is the same for a value and its copy by JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(canonicalJson(copy)).toBe(canonicalJson(value));
      }),
    );
  });
});
