import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { newFinder } from './find.ts';
import { holdsPlaceholder } from './placeholder.ts';

const MANIFESTS = readFileSync(join(import.meta.dirname, 'golden', 'manifests.yaml'), 'utf8');
const find = newFinder({ detectors: 'all', patterns: [] });

interface Leaf {
  readonly path: string;
  readonly text: string;
}

function leavesOf(value: unknown, path: string): readonly Leaf[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => leavesOf(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => leavesOf(member, `${path}.${key}`));
}

const documents: readonly unknown[] = parseAllDocuments(MANIFESTS, { uniqueKeys: false }).flatMap((document) => {
  const value: unknown = document.errors.length > 0 ? null : document.toJS({ maxAliasCount: -1 });
  return value === null ? [] : [value];
});
const leaves = documents.flatMap((document, index) => leavesOf(document, `document ${index}`));

/** What is found in strings of the manifests although it is no secret. */
const FALSE_POSITIVES: readonly string[] = [];

test('of the strings of more than 200 real manifests fewer than 1 in 1,000 are taken for secrets, and which is told', () => {
  expect(documents.length).toBeGreaterThan(200);
  expect(leaves.length).toBeGreaterThan(10_000);
  const found = leaves.flatMap(({ path, text }) => find(text).map(({ name }) => `${name} at ${path}`));
  process.stdout.write(`${documents.length} manifests, ${leaves.length} strings, ${found.length} false positives\n`);
  expect(found).toEqual(FALSE_POSITIVES);
  expect(found.length).toBeLessThan(leaves.length / 1_000);
});

/** The manifests as one text have one secret: a Secret's password in base64. */
test('as one text, with the names of all keys, the manifests hold nothing but the password of a Secret', () => {
  const found = find(MANIFESTS).map(({ start, end, name }) => `${name}: ${MANIFESTS.slice(start, end)}`);
  expect(found).toEqual(['credential: dmFsdWUtMg0K']);
});

test('a secret put into any of the strings is found', () => {
  const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
  for (const { text } of leaves) expect(find(`${text} ${token}`).length).toBe(1);
});

test('no manifest is taken for one that holds a placeholder', () => {
  expect(leaves.filter(({ text }) => holdsPlaceholder(text))).toEqual([]);
  expect(holdsPlaceholder(MANIFESTS)).toBe(false);
});
