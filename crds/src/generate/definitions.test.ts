import { describe, expect, it } from 'vitest';
import { readCustomResourceSchema } from './crd-schema.ts';
import { collectDefinitions, withoutDocumentation } from './definitions.ts';

const text = (description: string): object => ({ type: 'string', description, maxLength: 9 });
const kind = (spec: object): { kind: string; schema: Record<string, unknown> } => ({
  kind: 'MaskingRule',
  schema: {
    properties: {
      spec: { type: 'object', description: 'What.', properties: spec },
      // Of the same shape, so that no name is needed for it.
      status: { type: 'object', description: 'State.', properties: spec },
    },
  },
});

describe('collectDefinitions', () => {
  it('makes a field with a default one that is always there', () => {
    const definitions = collectDefinitions([kind({ a: { ...text('A.'), default: 'x' }, b: text('B.') })]);
    expect(definitions['MaskingRuleSpec']).toEqual({
      type: 'object',
      description: 'What.',
      additionalProperties: false,
      required: ['a'],
      properties: { a: { type: 'string', description: 'A.' }, b: { type: 'string', description: 'B.' } },
    });
  });

  it('makes one type of shapes that are equal but for their descriptions', () => {
    const shape = (description: string): object => ({
      type: 'object',
      description,
      properties: { a: text(description) },
    });
    const definitions = collectDefinitions([kind({ match: shape('One.'), other: shape('Two.') })]);
    expect(definitions['MaskingRuleSpec']).toMatchObject({
      properties: {
        match: { description: 'One.', allOf: [{ $ref: '#/definitions/MaskingMatch' }] },
        other: { description: 'Two.', allOf: [{ $ref: '#/definitions/MaskingMatch' }] },
      },
    });
  });

  it('refuses a shape that differs in a bound, so that copies in the YAML cannot drift apart', () => {
    const shape = (maxLength: number): object => ({ type: 'object', properties: { a: { type: 'string', maxLength } } });
    expect(() => collectDefinitions([kind({ match: shape(1), other: shape(2) })])).toThrow(
      'The object at MaskingRule.spec.other has a shape of its own: name it in typeNames',
    );
  });
});

describe('withoutDocumentation', () => {
  it('keeps what is checked', () => {
    const schema = {
      description: 'D',
      maxItems: 1,
      'x-kubernetes-validations': [{ rule: 'true' }],
      items: [text('A')],
    };
    expect(withoutDocumentation(schema)).toEqual({ maxItems: 1, items: [{ type: 'string', maxLength: 9 }] });
  });
});

describe('readCustomResourceSchema', () => {
  const crd = (versions: string): string => `spec:\n  names: { kind: Widget }\n  versions: ${versions}\n`;

  it('reads the one version', () => {
    expect(readCustomResourceSchema(crd('[{ schema: { openAPIV3Schema: { type: object } } }]'))).toEqual({
      kind: 'Widget',
      schema: { type: 'object' },
    });
  });

  it.each([
    ['no version', crd('[]')],
    ['two versions', crd('[{}, {}]')],
    ['a version without a schema', crd('[{}]')],
    ['something else', '- a'],
  ])('refuses %s', (_name, document) => {
    expect(() => readCustomResourceSchema(document)).toThrow(expect.objectContaining({ code: 'ERR_GENERATE' }));
  });
});
