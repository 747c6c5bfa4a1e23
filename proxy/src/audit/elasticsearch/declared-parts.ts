import { OBJECT_FIELDS, type FieldType } from './fields.ts';

/**
 * The parts of a body that the mapping declares, in the shapes that it takes. A body is whatever a caller sent: one
 * text where the mapping has a number would have the whole document refused.
 */
export function declaredParts(body: unknown): Record<string, unknown> | undefined {
  const parts = pick(body, DECLARED);
  return isRecord(parts) ? parts : undefined;
}

interface Declared {
  readonly type: FieldType | undefined;
  readonly children: ReadonlyMap<string, Declared>;
}

const DECLARED: Declared = tree(Object.entries(OBJECT_FIELDS).map(([path, type]) => ({ keys: path.split('.'), type })));

function tree(fields: readonly { readonly keys: readonly string[]; readonly type: FieldType }[]): Declared {
  const byKey = Map.groupBy(
    fields.filter(({ keys }) => keys.length > 0),
    ({ keys }) => keys[0] ?? '',
  );
  return {
    type: fields.find(({ keys }) => keys.length === 0)?.type,
    children: new Map(
      [...byKey].map(([key, below]) => [key, tree(below.map(({ keys, type }) => ({ keys: keys.slice(1), type })))]),
    ),
  };
}

/** A list is looked into like its elements: to Elasticsearch they are the same. */
function pick(value: unknown, declared: Declared): unknown {
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).flatMap((item: unknown) => pick(item, declared) ?? []);
    return items.length === 0 ? undefined : items;
  }
  if (declared.type !== undefined) return leaf(value, declared.type);
  if (!isRecord(value)) return undefined;
  const picked = [...declared.children].flatMap(([key, child]) => {
    const below = Object.hasOwn(value, key) ? pick(value[key], child) : undefined;
    return below === undefined ? [] : [[key, below] as const];
  });
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
}

const MAX_ITEMS = 1_000;
/** Elasticsearch refuses what is deeper than 20. */
const MAX_DEPTH = 8;
const MAX_LEAF = 8_191;

function leaf(value: unknown, type: FieldType): unknown {
  if (type === 'boolean') return typeof value === 'boolean' ? value : undefined;
  if (type === 'long') return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
  if (type === 'flattened') return isRecord(value) ? flattenable(value, 0) : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Keys and values are terms together: both bounded, so that one of them refuses no document. */
function flattenable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_LEAF);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (depth >= MAX_DEPTH || !isRecord(value)) return undefined;
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).flatMap((item: unknown) => flattenable(item, depth + 1) ?? []);
  const entries = Object.entries(value)
    .slice(0, MAX_ITEMS)
    .flatMap(([key, child]) => {
      const below =
        key.length > 0 && key.length <= 256 && !key.includes('\0') ? flattenable(child, depth + 1) : undefined;
      return below === undefined ? [] : [[key, below] as const];
    });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
