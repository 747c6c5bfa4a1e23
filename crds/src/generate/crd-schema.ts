import { parse } from 'yaml';
import { isRecord } from '../client/kubernetes-object.ts';

/** A JSON object of the document, as YAML gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export class GenerateError extends Error {
  override readonly name = 'GenerateError';
  readonly code = 'ERR_GENERATE';
}

export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (!isRecord(value)) {
    throw new GenerateError(`Expected an object at ${key}`);
  }
  return value;
}

/** The schema of the one served version of a CustomResourceDefinition. @throws GenerateError where there is none. */
export function readCustomResourceSchema(text: string): { readonly kind: string; readonly schema: JsonObject } {
  const document: unknown = parse(text);
  if (!isRecord(document)) {
    throw new GenerateError('Not a CustomResourceDefinition');
  }
  const spec = objectAt(document, 'spec');
  const { kind } = objectAt(spec, 'names');
  const versions = spec['versions'];
  const version: unknown = Array.isArray(versions) && versions.length === 1 ? versions[0] : undefined;
  if (typeof kind !== 'string' || !isRecord(version)) {
    throw new GenerateError('Expected a kind with exactly one version');
  }
  return { kind, schema: objectAt(objectAt(version, 'schema'), 'openAPIV3Schema') };
}
