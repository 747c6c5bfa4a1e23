import { OBJECT_FIELDS, type FieldType } from './fields.ts';

/**
 * The parts of a body that the mapping declares, in the shapes that it takes. A body is whatever a caller sent: one
 * text where the mapping has a number would have the whole document refused.
 */
export function declaredParts(body: unknown): Record<string, unknown> | undefined {
  const parts = pick(body, DECLARED);
  return isPlain(parts) ? parts : undefined;
}

/**
 * An object whose keys nobody knows before, as a `flattened` field takes it: undefined where nothing of it can be kept.
 */
export function flattenedParts(value: unknown): Record<string, unknown> | undefined {
  const parts = isPlain(value) ? flattenable(value, 0) : undefined;
  return isPlain(parts) ? parts : undefined;
}

interface Declared {
  readonly type: FieldType | undefined;
  readonly children: readonly (readonly [string, Declared])[];
}

const DECLARED: Declared = tree(Object.entries(OBJECT_FIELDS).map(([path, type]) => ({ keys: path.split('.'), type })));

function tree(fields: readonly { readonly keys: readonly string[]; readonly type: FieldType }[]): Declared {
  const byKey = Map.groupBy(
    fields.filter(({ keys }) => keys.length > 0),
    ({ keys }) => keys[0] ?? '',
  );
  return {
    type: fields.find(({ keys }) => keys.length === 0)?.type,
    children: [...byKey].map(([key, below]) => [
      key,
      tree(below.map(({ keys, type }) => ({ keys: keys.slice(1), type }))),
    ]),
  };
}

/** A list is looked into like its elements: to Elasticsearch they are the same. */
function pick(value: unknown, declared: Declared): unknown {
  if (Array.isArray(value)) return pickItems(value, declared);
  if (declared.type !== undefined) return leaf(value, declared.type);
  if (!isRecord(value)) return undefined;
  let picked: Record<string, unknown> | undefined;
  for (const [key, child] of declared.children) {
    // A body's own keys only: `constructor` is in every object.
    if (!Object.hasOwn(value, key)) continue;
    const below = pick(value[key], child);
    if (below === undefined) continue;
    picked ??= {};
    picked[key] = below;
  }
  return picked;
}

function pickItems(items: readonly unknown[], declared: Declared): unknown[] | undefined {
  const picked: unknown[] = [];
  for (const item of items) {
    if (picked.length >= MAX_ITEMS) break;
    // Lists of lists are no shape that a declared field has; looked into, they would be walked as deep as they are.
    const below = Array.isArray(item) ? undefined : pick(item, declared);
    if (below !== undefined) picked.push(below);
  }
  return picked.length === 0 ? undefined : picked;
}

const MAX_ITEMS = 1_000;
/** Elasticsearch refuses what is deeper than 20. */
const MAX_DEPTH = 8;
/** What is longer is not indexed, so that only its beginning can be found. */
const MAX_KEYWORD = 1_024;
const MAX_LONG_KEYWORD = 8_191;
/** Of a flattened field, keys and value are one term of at most 32,766 bytes; a UTF-16 unit has at most 3 in UTF-8. */
const MAX_FLATTENED_LEAF = 6_000;
const MAX_FLATTENED_KEY = 256;

function leaf(value: unknown, type: FieldType): unknown {
  if (type === 'boolean') return typeof value === 'boolean' ? value : undefined;
  if (type === 'long') return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
  if (type === 'flattened') return flattenedParts(value);
  return scalarText(value, type === 'longKeyword' ? MAX_LONG_KEYWORD : MAX_KEYWORD);
}

function scalarText(value: unknown, longest: number): string | undefined {
  if (typeof value === 'string') return bounded(value, longest);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Half a surrogate pair has no UTF-8: whoever reads the document would read something else. */
function bounded(text: string, longest: number): string | undefined {
  if (text === '') return undefined;
  return (text.length > longest ? text.slice(0, longest) : text).toWellFormed();
}

function flattenable(value: unknown, depth: number): unknown {
  if (!isRecord(value)) return scalarText(value, MAX_FLATTENED_LEAF);
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return flattenableItems(value, depth);
  const entries: (readonly [string, unknown])[] = [];
  for (const [key, child] of Object.entries(value)) {
    if (entries.length >= MAX_ITEMS) break;
    if (key === '' || key.length > MAX_FLATTENED_KEY || key.includes('\0')) continue;
    const below = flattenable(child, depth + 1);
    if (below !== undefined) entries.push([key.toWellFormed(), below]);
  }
  // Not by assignment: `__proto__` would set the prototype and vanish.
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function flattenableItems(items: readonly unknown[], depth: number): unknown[] | undefined {
  const kept = items.slice(0, MAX_ITEMS).flatMap((item) => flattenable(item, depth + 1) ?? []);
  return kept.length === 0 ? undefined : kept;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isPlain = (value: unknown): value is Record<string, unknown> => isRecord(value) && !Array.isArray(value);
