import { describe, expect, it } from 'vitest';
import { isRecord } from './client/kubernetes-object.ts';
import { findingsOf } from './samples/findings.ts';
import { readInvalidSamples, readValidSamples } from './samples/read-samples.ts';
import { schemas } from './v1alpha1/generated/schemas.ts';
import type { StructuralSchema } from './v1alpha1/structural-schema.ts';
import { formatFieldErrors } from './validation/field-error.ts';

const valid = await readValidSamples();
const invalid = await readInvalidSamples();

/** Paths of all fields of a schema, without indices and keys. */
function fieldsOf(schema: StructuralSchema, path: string): string[] {
  const below = [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, field]) => fieldsOf(field, `${path}.${key}`)),
    ...(schema.items === undefined ? [] : fieldsOf(schema.items, path)),
    ...(schema.additionalProperties === undefined ? [] : fieldsOf(schema.additionalProperties, path)),
  ];
  return schema.properties === undefined ? [path, ...below] : below;
}

/** Paths of all fields that a value sets, likewise; keys of maps are left out by the schema. */
function fieldsSet(schema: StructuralSchema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return [path, ...(items === undefined ? [] : value.flatMap((element) => fieldsSet(items, element, path)))];
  }
  if (!isRecord(value)) {
    return [path];
  }
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) {
    return [path, ...Object.values(value).flatMap((field) => fieldsSet(additionalProperties, field, path))];
  }
  return Object.entries(value).flatMap(([key, field]) => {
    const fieldSchema = schema.properties?.[key];
    return fieldSchema === undefined ? [] : fieldsSet(fieldSchema, field, `${path}.${key}`);
  });
}

describe('valid samples', () => {
  it.each(valid.map(({ name, documents }) => [name, documents] as const))('%s has no finding', (_name, documents) => {
    expect(formatFieldErrors(documents.flatMap(findingsOf))).toBe('');
  });

  // The status of policies and rules is the operator's alone; that of an ApprovalRequest is part of how it is used.
  it.each([
    ['AgentPolicy', 'spec', schemas.AgentPolicy.spec],
    ['MaskingRule', 'spec', schemas.MaskingRule.spec],
    ['ApprovalRequest', 'spec', schemas.ApprovalRequest.spec],
    ['ApprovalRequest', 'status', schemas.ApprovalRequest.status],
  ] as const)('of %s use every field of %s', (kind, part, schema) => {
    const used = new Set(
      valid
        .flatMap((sample) => sample.documents)
        .filter(isRecord)
        .filter((document) => document['kind'] === kind && document[part] !== undefined)
        .flatMap((document) => fieldsSet(schema, document[part], part)),
    );
    expect(fieldsOf(schema, part).filter((path) => !used.has(path))).toEqual([]);
  });
});

describe('invalid samples', () => {
  it('are forty at the least', () => {
    expect(invalid.length).toBeGreaterThanOrEqual(40);
  });

  // A change needs both documents to be seen; only an API server sees them.
  const alone = invalid.filter(({ documents }) => documents.length === 1);

  it.each(alone.map((sample) => [sample.name, sample] as const))('%s is found without a server', (_name, sample) => {
    const message = formatFieldErrors(sample.documents.flatMap(findingsOf));
    expect(message).toContain(sample.by === 'condition' ? sample.expect : ': ');
  });

  it.each(alone.map((sample) => [sample.name, sample] as const))('%s makes one mistake', (_name, sample) => {
    const paths = sample.documents.flatMap(findingsOf).map(({ path }) => path);
    expect(paths.every((path) => path.startsWith(paths[0] ?? '') || (paths[0] ?? '').startsWith(path))).toBe(true);
  });
});
