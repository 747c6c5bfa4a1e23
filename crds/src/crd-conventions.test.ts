import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isRecord } from './client/kubernetes-object.ts';
import { objectAt, readCustomResourceSchema, type JsonObject } from './generate/crd-schema.ts';
import { agentPolicies, approvalRequests, maskingRules } from './v1alpha1/groupversion.ts';

const resources = [agentPolicies, maskingRules, approvalRequests];

const documents = await Promise.all(
  resources.map(async (resource) => {
    const file = path.resolve(import.meta.dirname, '..', `${resource.group}_${resource.plural}.yaml`);
    return { resource, text: await readFile(file, 'utf8') };
  }),
);

interface Node {
  readonly path: string;
  readonly schema: JsonObject;
  /** Whether the node is a field of an object, which kubectl explain shows, and not an element. */
  readonly isField: boolean;
}

/** Every schema below, `metadata` left out, as the API server brings its own. */
function nodesOf(schema: JsonObject, at: string, isField: boolean): Node[] {
  const properties = isRecord(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [
    { path: at, schema, isField },
    ...properties.flatMap(([key, field]) =>
      isRecord(field) && `${at}.${key}` !== '.metadata' ? nodesOf(field, `${at}.${key}`, true) : [],
    ),
    ...(isRecord(schema['items']) ? nodesOf(schema['items'], `${at}[]`, false) : []),
    ...(isRecord(schema['additionalProperties']) ? nodesOf(schema['additionalProperties'], `${at}.*`, false) : []),
  ];
}

describe.each(documents)('$resource.plural', ({ resource, text }) => {
  const { schema } = readCustomResourceSchema(text);
  const nodes = nodesOf(schema, '', true);
  const pathsOf = (isWrong: (node: Node) => boolean): string[] => nodes.filter(isWrong).map((node) => node.path);

  it('is what the programs call it', () => {
    const document: unknown = parse(text);
    const spec = isRecord(document) ? objectAt(document, 'spec') : {};
    expect({
      group: spec['group'],
      scope: spec['scope'],
      names: spec['names'],
      versions: spec['versions'],
    }).toMatchObject({
      group: resource.group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: { kind: resource.kind, plural: resource.plural, categories: ['chaperone'] },
      versions: [{ name: resource.version, served: true, storage: true, subresources: { status: {} } }],
    });
  });

  it('describes every field in a sentence', () => {
    expect(
      pathsOf(
        ({ schema: { description }, isField }) =>
          isField && !(typeof description === 'string' && /^[A-Z].*\.$/su.test(description)),
      ),
    ).toEqual([]);
  });

  it('bounds every text', () => {
    const isOpen = ({ schema: { type, maxLength, enum: values } }: Node): boolean =>
      type === 'string' && maxLength === undefined && values === undefined;
    expect(pathsOf(isOpen)).toEqual(['.apiVersion', '.kind']);
  });

  it('bounds every list and says how it merges', () => {
    expect(
      pathsOf(
        ({ schema: node }) =>
          node['type'] === 'array' && (node['maxItems'] === undefined || node['x-kubernetes-list-type'] === undefined),
      ),
    ).toEqual([]);
  });

  it('has no set of objects, which server-side apply refuses', () => {
    expect(
      pathsOf(
        ({ schema: node }) =>
          node['x-kubernetes-list-type'] === 'set' && isRecord(node['items']) && node['items']['type'] === 'object',
      ),
    ).toEqual([]);
  });

  it('bounds every map', () => {
    expect(
      pathsOf(({ schema: node }) => node['additionalProperties'] !== undefined && node['maxProperties'] === undefined),
    ).toEqual([]);
  });

  it('bounds every number of its spec', () => {
    const isOpen = ({ path: at, schema: node }: Node): boolean =>
      at.startsWith('.spec') &&
      node['type'] === 'integer' &&
      (node['minimum'] === undefined || node['maximum'] === undefined);
    expect(pathsOf(isOpen)).toEqual([]);
  });

  it('keeps no field that it does not know', () => {
    expect(pathsOf(({ schema: node }) => node['x-kubernetes-preserve-unknown-fields'] !== undefined)).toEqual([]);
  });

  it('says in every rule what to do', () => {
    const rules = nodes.flatMap(({ schema: node }) =>
      Array.isArray(node['x-kubernetes-validations']) ? node['x-kubernetes-validations'].filter(isRecord) : [],
    );
    expect(rules.length).toBeGreaterThan(0);
    expect(
      rules.filter(
        ({ message, reason }) => typeof message !== 'string' || message.length < 20 || typeof reason !== 'string',
      ),
    ).toEqual([]);
  });
});
