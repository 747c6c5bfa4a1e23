import { isRecord } from '../client/kubernetes-object.ts';
import type { StructuralSchema } from '../v1alpha1/structural-schema.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from './field-error.ts';
import { child, entry, item } from './path.ts';

/**
 * What to do with fields that the schema does not have. The API server drops them before it stores an object; where an
 * object comes from elsewhere, or from a newer version of the API, ignoring one could mean ignoring a restriction.
 */
export type UnknownFields = 'Refuse' | 'Ignore';

/** Copies a value and fills in the schema's defaults, as the API server does before it validates. */
export function withDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((element: unknown) => withDefaults(items, element));
  }
  if (!isRecord(value)) {
    return value;
  }
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const fieldSchema = ownProperty(schema, key) ?? schema.additionalProperties;
    // defineProperty, because assigning to '__proto__' would change the prototype instead of adding a key.
    Object.defineProperty(result, key, {
      value: fieldSchema === undefined ? field : withDefaults(fieldSchema, field),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  for (const [key, fieldSchema] of Object.entries(schema.properties ?? {})) {
    if (fieldSchema.default !== undefined && !Object.hasOwn(result, key)) {
      result[key] = structuredClone(fieldSchema.default);
    }
  }
  return result;
}

const ownProperty = (schema: StructuralSchema, key: string): StructuralSchema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;

type Check = (schema: StructuralSchema, value: unknown, path: string, unknownFields: UnknownFields) => FieldError[];

const checks: Readonly<Record<StructuralSchema['type'], Check>> = {
  string: (schema, value, path) =>
    typeof value === 'string' ? checkString(schema, value, path) : [wrongType(path, value, 'a string')],
  integer: (schema, value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value)
      ? checkInteger(schema, value, path)
      : [wrongType(path, value, 'an integer')],
  boolean: (_schema, value, path) => (typeof value === 'boolean' ? [] : [wrongType(path, value, 'true or false')]),
  array: (schema, value, path, unknownFields) =>
    Array.isArray(value) ? checkArray(schema, value, path, unknownFields) : [wrongType(path, value, 'a list')],
  object: (schema, value, path, unknownFields) =>
    isRecord(value) ? checkObject(schema, value, path, unknownFields) : [wrongType(path, value, 'an object')],
};

/** Checks a value against a structural schema: every finding, each with its path. */
export function checkSchema(
  schema: StructuralSchema,
  value: unknown,
  path: string,
  unknownFields: UnknownFields = 'Refuse',
): FieldError[] {
  return checks[schema.type](schema, value, path, unknownFields);
}

const wrongType = (path: string, value: unknown, expected: string): FieldError => ({
  type: 'TypeInvalid',
  path,
  badValue: value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value,
  detail: `must be ${expected}`,
});

const tooLong = (path: string, max: number): FieldError => ({
  type: 'TooLong',
  path,
  detail: `may not be more than ${max} characters`,
});

const tooMany = (path: string, max: number): FieldError => ({
  type: 'TooMany',
  path,
  detail: `must have at most ${max} items`,
});

/** RFC 3339 with a zone. `Date.parse` alone would also take other formats. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/u;

/** Milliseconds since the epoch of an RFC 3339 date and time, undefined where the text is none. */
export function parseDateTime(text: string): number | undefined {
  const time = DATE_TIME.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Counts Unicode code points, as the API server does; JavaScript's length counts UTF-16 units. */
export function isLongerThan(value: string, max: number): boolean {
  return value.length > max && (value.match(/./gsu)?.length ?? 0) > max;
}

function checkString(schema: StructuralSchema, value: string, path: string): FieldError[] {
  if (schema.maxLength !== undefined && isLongerThan(value, schema.maxLength)) {
    return [tooLong(path, schema.maxLength)];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [notSupported(path, value, schema.enum)];
  }
  const errors: FieldError[] = [];
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    errors.push(invalid(path, value, `must have at least ${schema.minLength} characters`));
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    errors.push(invalid(path, value, `must match '${schema.pattern}'`));
  }
  if (schema.format === 'date-time' && parseDateTime(value) === undefined) {
    errors.push(invalid(path, value, 'must be an RFC 3339 date and time, such as 2026-12-01T00:00:00Z'));
  }
  return errors;
}

function checkInteger({ minimum, maximum }: StructuralSchema, value: number, path: string): FieldError[] {
  if (minimum !== undefined && value < minimum) {
    return [invalid(path, String(value), `must be at least ${minimum}`)];
  }
  return maximum !== undefined && value > maximum ? [invalid(path, String(value), `must be at most ${maximum}`)] : [];
}

function checkArray(
  schema: StructuralSchema,
  value: readonly unknown[],
  path: string,
  unknownFields: UnknownFields,
): FieldError[] {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    return [tooMany(path, schema.maxItems)];
  }
  const errors: FieldError[] = [];
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    errors.push(invalid(path, String(value.length), `must have at least ${schema.minItems} items`));
  }
  const { items } = schema;
  if (items !== undefined) {
    errors.push(...value.flatMap((element, index) => checkSchema(items, element, item(path, index), unknownFields)));
  }
  return [...errors, ...checkUnique(schema, value, path)];
}

/** Sets hold no value twice, lists of named objects no combination of keys. */
function checkUnique(schema: StructuralSchema, value: readonly unknown[], path: string): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') {
    return [];
  }
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, element] of value.entries()) {
    const identity = canonical(
      keys === undefined || !isRecord(element) ? element : Object.fromEntries(keys.map((key) => [key, element[key]])),
    );
    if (seen.has(identity)) errors.push(duplicate(item(path, index), identity));
    seen.add(identity);
  }
  return errors;
}

/** Equal for values that are equal whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    isRecord(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : field,
  );
}

function checkObject(
  schema: StructuralSchema,
  value: Readonly<Record<string, unknown>>,
  path: string,
  unknownFields: UnknownFields,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) errors.push(required(child(path, key), 'must be given'));
  }
  const { additionalProperties, maxProperties } = schema;
  if (maxProperties !== undefined && Object.keys(value).length > maxProperties) {
    return [...errors, tooMany(path, maxProperties)];
  }
  for (const [key, field] of Object.entries(value)) {
    const fieldSchema = ownProperty(schema, key);
    if (fieldSchema !== undefined) {
      errors.push(...checkSchema(fieldSchema, field, child(path, key), unknownFields));
    } else if (additionalProperties !== undefined) {
      errors.push(...checkSchema(additionalProperties, field, entry(path, key), unknownFields));
    } else if (unknownFields === 'Refuse') {
      errors.push(invalid(child(path, key), key, 'unknown field'));
    }
  }
  return errors;
}
