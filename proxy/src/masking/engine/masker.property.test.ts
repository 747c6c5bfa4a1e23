import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { callTo, maskingOfRules, maskJson, ruleFor } from '@chaperone/test/masking/rules';
import { LAST_APPLIED } from './always-on.ts';
import type { Masker } from './masker.ts';
import { BODY, OBJECT } from './shape.ts';

/** Runs for each property. More of them than the default's time allows, if asked for. */
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300) };
vi.setConfig({ testTimeout: 20_000 + RUNS.numRuns * 60 });

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const keys = fc.constantFrom('data', 'spec', 'metadata', 'items', 'kind', 'a', 'b', 'annotations', 'labels', '$patch');
const words = fc.constantFrom(
  '',
  'web',
  'nginx:1.29',
  'true',
  'production',
  'Secret',
  'Pod',
  'List',
  'Table',
  'Status',
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    words,
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(keys, tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(keys, json, { maxKeys: 6, noNullPrototype: true });

const paths = fc.constantFrom(
  'data',
  'data.*',
  'spec.a',
  'spec.*.b',
  'spec[*]',
  'a[*].b',
  'metadata.labels',
  'a.b.*',
  'items[*].a',
);
const rule = (index: number): fc.Arbitrary<BundleMaskingRule> =>
  fc
    .record({
      fields: fc.uniqueArray(paths, { minLength: 1, maxLength: 3 }),
      replacement: fc.constantFrom('Redact' as const, 'Fingerprint' as const),
      namespaced: fc.boolean(),
    })
    .map(({ fields, replacement, namespaced }) =>
      ruleFor(`rule-${index}`, 'example.com/widgets', {
        fields,
        replacement,
        ...(namespaced ? { match: { namespaces: ['payments'] } } : {}),
      }),
    );
const rules = fc.tuple(rule(0), rule(1), rule(2));
const resources = fc.constantFrom('example.com/widgets', 'secrets', 'configmaps', 'events');
const namespaces = fc.constantFrom('', 'payments', 'shop');

const maskersOf = (some: readonly BundleMaskingRule[], resource: string, namespace: string): readonly Masker[] => {
  const { audit, response } = maskingOfRules(...some).maskingOf(callTo(resource, { namespace }));
  return response === undefined ? [audit] : [audit, response];
};

describe('whatever the object and the rules', () => {
  test('masking twice is masking once', () => {
    fc.assert(
      fc.property(object, rules, resources, namespaces, (body, some, resource, namespace) => {
        for (const masker of maskersOf(some, resource, namespace)) {
          for (const shape of [BODY, OBJECT]) {
            const once = maskJson(masker, body, shape);
            expect(maskJson(masker, once.json, shape).text).toBe(once.text);
          }
        }
      }),
      RUNS,
    );
  });

  test('the order of the rules is of no consequence', () => {
    fc.assert(
      fc.property(object, rules, namespaces, (body, some, namespace) => {
        const texts = [some, some.toReversed()].map((ordered) =>
          maskersOf(ordered, 'example.com/widgets', namespace).map((masker) => maskJson(masker, body).text),
        );
        expect(texts[1]).toEqual(texts[0]);
      }),
      RUNS,
    );
  });

  test('several rules mask at least what each of them masks', () => {
    fc.assert(
      fc.property(object, rules, namespaces, (body, some, namespace) => {
        const all = maskersOf(some, 'example.com/widgets', namespace).map((masker) =>
          leaves(maskJson(masker, body).json),
        );
        const before = leaves(body);
        const shown = some.flatMap((one) =>
          maskersOf([one], 'example.com/widgets', namespace).flatMap((masker, index) =>
            [...leaves(maskJson(masker, body).json)].filter(
              ([path, value]) => value !== before.get(path) && all[index]?.get(path) === before.get(path),
            ),
          ),
        );
        expect(shown).toEqual([]);
      }),
      RUNS,
    );
  });
});

/** The leaves of a value by their paths. Keys may be masked, so by their places. */
function leaves(root: unknown): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const pending: [path: string, value: unknown][] = [['', root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, value] = next;
    if (typeof value !== 'object' || value === null) found.set(path, value);
    else for (const [index, child] of Object.values(value).entries()) pending.push([`${path}/${index}`, child]);
  }
  return found;
}

const seed = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9+/=%"\\é -]{9,40}[A-Za-z0-9]$/u)
  .filter((text) => new Set(text).size > 6);

/** Every way in which a value may still be told from a text. */
const forms = (value: string): readonly string[] => {
  const bytes = Buffer.from(value);
  const escaped = JSON.stringify(value).slice(1, -1);
  return [
    value,
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
    value.replaceAll(/./gsu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ];
};

describe('a value at a masked place occurs nowhere in the record', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const places: Record<string, { readonly resource: string; readonly body: (value: string) => object }> = {
    'of a Secret': {
      resource: 'secrets',
      body: (value) => {
        const secret = { kind: 'Secret', apiVersion: 'v1', data: { a: base64(value) }, stringData: { b: value } };
        return {
          ...secret,
          metadata: {
            annotations: { [LAST_APPLIED]: JSON.stringify(secret), 'a.b/copy': value },
            labels: { copy: value },
          },
        };
      },
    },
    'of a Secret, copied in other forms': {
      resource: 'secrets',
      body: (value) => ({
        items: [
          { data: { a: base64(value) } },
          { kind: 'Other', notes: forms(value), [`key ${value}`]: `see ${value}`, message: JSON.stringify({ value }) },
        ],
      }),
    },
    'of an object under a rule': {
      resource: 'example.com/widgets',
      body: (value) => ({
        kind: 'Widget',
        data: { a: value, b: [value, { c: value }] },
        metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ data: { a: value } }) } },
      }),
    },
    'of a Table under a rule': {
      resource: 'example.com/widgets',
      body: (value) => ({
        kind: 'Table',
        columnDefinitions: [{ name: 'Name', format: 'name' }, { name: 'Data' }],
        rows: [{ cells: ['w', `has ${value}`], object: { data: { a: value } } }],
      }),
    },
  };
  test.each(Object.entries(places))('%s', (_sentence, { resource, body }) => {
    const masking = maskingOfRules(ruleFor('hide', 'example.com/widgets', { fields: ['data'], targets: ['Audit'] }));
    const { audit } = masking.maskingOf(callTo(resource));
    fc.assert(
      fc.property(seed, (value) => {
        const { text } = maskJson(audit, body(value));
        for (const form of forms(value)) expect(text).not.toContain(form);
      }),
      RUNS,
    );
  });
});

test('time grows with the size of the document, and not faster', () => {
  const { audit } = maskingOfRules(ruleFor('hide', 'configmaps', { fields: ['data.a', 'spec.*.*[*].b'] })).maskingOf(
    callTo('configmaps'),
  );
  const documents: Record<string, (size: number) => object> = {
    'many keys': (size) => ({
      spec: Object.fromEntries(Array.from({ length: size / 16 }, (_, at) => [`key-${at}`, 'x'])),
    }),
    'a long text': (size) => ({ spec: 'word '.repeat(size / 5) }),
    'many objects of a kind': (size) => ({ items: Array.from({ length: size / 16 }, () => ({ kind: 'Secret' })) }),
    'many annotations with objects': (size) => ({
      items: Array.from({ length: size / 100 }, () => ({
        metadata: { annotations: { [LAST_APPLIED]: '{"kind":"A"}' } },
      })),
    }),
    'many masked values': (size) => ({
      kind: 'Secret',
      data: Object.fromEntries(Array.from({ length: size / 32 }, (_, at) => [`k${at}`, `value-${at}`])),
    }),
    'many causes of a Status': (size) => ({
      kind: 'Status',
      details: { causes: Array.from({ length: size / 32 }, () => ({ message: 'a: Invalid value: "b"' })) },
    }),
  };
  for (const [name, make] of Object.entries(documents)) {
    const [small, large] = [32 * 1024, 1024 * 1024].map((size) => {
      const body = make(size);
      maskJson(audit, body);
      const started = process.cpuUsage();
      maskJson(audit, body);
      const { user, system } = process.cpuUsage(started);
      return user + system;
    });
    // 32 times the size; a quadratic walk would take 1,000 times as long.
    expect.soft(large, name).toBeLessThan(200 * Math.max(small ?? 0, 2_000));
  }
});
