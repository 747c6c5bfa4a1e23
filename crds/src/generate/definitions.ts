import { isRecord } from '../client/kubernetes-object.ts';
import { GenerateError, objectAt, type JsonObject } from './crd-schema.ts';

/**
 * The TypeScript name of every object shape, by the path of its first occurrence. Structural schemas have no `$ref`, so
 * the YAML repeats shapes; equal shapes become one type, and a new shape must be named here before types are generated.
 */
export const typeNames: Readonly<Record<string, string>> = {
  'AgentPolicy.spec': 'AgentPolicySpec',
  'AgentPolicy.spec.subjects[]': 'Subject',
  'AgentPolicy.spec.matchConditions[]': 'NamedExpression',
  'AgentPolicy.spec.rules[]': 'PolicyRule',
  'AgentPolicy.spec.rules[].namespaceSelector': 'LabelSelector',
  'AgentPolicy.spec.rules[].namespaceSelector.matchExpressions[]': 'LabelSelectorRequirement',
  'AgentPolicy.spec.rules[].approval': 'ApprovalPolicy',
  'AgentPolicy.spec.rules[].approval.reviewers[]': 'Reviewer',
  'AgentPolicy.status': 'PolicyStatus',
  'AgentPolicy.status.conditions[]': 'Condition',
  'MaskingRule.spec': 'MaskingRuleSpec',
  'MaskingRule.spec.match': 'MaskingMatch',
  'MaskingRule.spec.patterns[]': 'MaskingPattern',
  'ApprovalRequest.spec': 'ApprovalRequestSpec',
  'ApprovalRequest.spec.requester': 'Requester',
  'ApprovalRequest.spec.request': 'RequestedCall',
  'ApprovalRequest.spec.target': 'RequestTarget',
  'ApprovalRequest.spec.change': 'RequestedChange',
  'ApprovalRequest.spec.requirements[]': 'ApprovalRequirement',
  'ApprovalRequest.status': 'ApprovalRequestStatus',
  'ApprovalRequest.status.decisions.*': 'Decision',
  'ApprovalRequest.status.observedDecisions.*': 'ObservedDecision',
  'ApprovalRequest.status.consumed': 'Consumption',
  'ApprovalRequest.status.voided': 'Voidance',
  'ApprovalRequest.status.outcome': 'Outcome',
};

/** For shapes that several fields share: what the type is, where the first field's description would say too much. */
const typeDescriptions: Readonly<Record<string, string>> = {
  LabelSelector: 'Selects by labels: matchLabels and matchExpressions must all hold.',
};

/** Keywords that say something about a TypeScript type; bounds and patterns do not. */
const typeKeywords = ['type', 'description', 'enum'] as const;

/**
 * Turns the schemas of the kinds into JSON Schema definitions for json-schema-to-typescript.
 * @throws GenerateError where an object shape has no name in {@link typeNames}.
 */
export function collectDefinitions(
  kinds: readonly { readonly kind: string; readonly schema: JsonObject }[],
): Readonly<Record<string, JsonObject>> {
  const schemas: Record<string, JsonObject> = {};
  const nameOfShape = new Map<string, string>();

  function define(schema: JsonObject, path: string): JsonObject {
    const shape = shapeOf(schema);
    const known = nameOfShape.get(shape);
    if (known !== undefined) {
      return { $ref: `#/definitions/${known}` };
    }
    const name = typeNames[path];
    if (name === undefined) {
      throw new GenerateError(`The object at ${path} has a shape of its own: name it in typeNames`);
    }
    nameOfShape.set(shape, name);
    const properties = objectAt(schema, 'properties');
    schemas[name] = {
      type: 'object',
      description: typeDescriptions[name] ?? schema['description'],
      additionalProperties: false,
      required: presentKeys(schema, properties),
      properties: Object.fromEntries(
        Object.keys(properties).map((key) => [key, convert(objectAt(properties, key), `${path}.${key}`)]),
      ),
    };
    return { $ref: `#/definitions/${name}` };
  }

  function convert(schema: JsonObject, path: string): JsonObject {
    const kept: Record<string, unknown> = {};
    for (const keyword of typeKeywords) {
      if (schema[keyword] !== undefined) kept[keyword] = schema[keyword];
    }
    if (isRecord(schema['items'])) {
      return { ...kept, items: convert(schema['items'], `${path}[]`) };
    }
    if (isRecord(schema['additionalProperties'])) {
      return { ...kept, additionalProperties: convert(schema['additionalProperties'], `${path}.*`) };
    }
    if (isRecord(schema['properties'])) {
      const reference = define(schema, path);
      // Only through allOf does the field keep a description of its own beside the reference.
      return { description: kept['description'], allOf: [reference] };
    }
    return kept;
  }

  for (const { kind, schema } of kinds) {
    const properties = objectAt(schema, 'properties');
    for (const part of ['spec', 'status']) {
      define(objectAt(properties, part), `${kind}.${part}`);
    }
  }
  return schemas;
}

/** The API server fills in defaults before anything is stored, so a field with one is always there. */
function presentKeys(schema: JsonObject, properties: JsonObject): string[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.keys(properties).filter(
    (key) => required.includes(key) || objectAt(properties, key)['default'] !== undefined,
  );
}

/** Equal for schemas that accept the same JSON and are described alike; the wording of their descriptions is left out. */
function shapeOf(schema: unknown): string {
  return JSON.stringify(schema, (key, value: unknown) =>
    key === 'description' && typeof value === 'string' ? undefined : value,
  );
}

const documentationKeywords = new Set(['description', 'x-kubernetes-validations']);

/** The schema as code checks it: without descriptions and CEL rules. */
export function withoutDocumentation(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(withoutDocumentation);
  }
  if (!isRecord(schema)) {
    return schema;
  }
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !documentationKeywords.has(key))
      .map(([key, value]) => [key, withoutDocumentation(value)]),
  );
}
