import { describe, expect, it } from 'vitest';
import type { StructuralSchema } from '../v1alpha1/structural-schema.ts';
import { formatFieldErrors } from './field-error.ts';
import { checkSchema, parseDateTime, withDefaults } from './schema.ts';

const text: StructuralSchema = { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-zäöü😀]*$' };
const schema: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: text,
    mode: { type: 'string', enum: ['On', 'Off'], default: 'On' },
    count: { type: 'integer', minimum: 1, maximum: 3 },
    on: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    set: { type: 'array', minItems: 1, maxItems: 3, items: text, 'x-kubernetes-list-type': 'set' },
    named: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'kind'],
      items: { type: 'object', properties: { name: text, kind: text, size: { type: 'integer', default: 7 } } },
    },
    map: { type: 'object', maxProperties: 2, additionalProperties: text },
  },
};

describe('checkSchema', () => {
  const cases: Record<string, readonly [value: unknown, want: readonly string[]]> = {
    'takes what fits': [
      {
        name: 'abc',
        mode: 'Off',
        count: 3,
        on: false,
        at: '2026-12-01T00:00:00Z',
        set: ['ab', 'cd'],
        map: { 'x/y': 'ab' },
      },
      [],
    ],
    'wants an object': [[], ['s: Invalid value: "list": must be an object']],
    'does not take null for an object': [null, ['s: Invalid value: "null": must be an object']],
    'names what is missing': [{}, ['s.name: Required value: must be given']],
    'does not take an inherited property for given': [
      Object.create({ name: 'abc' }),
      ['s.name: Required value: must be given'],
    ],
    'refuses an unknown field': [{ name: 'abc', nmae: 'x' }, ['s.nmae: Invalid value: "nmae": unknown field']],
    'refuses a field named like a property of every object': [
      JSON.parse('{"name":"abc","__proto__":{}}'),
      ['s.__proto__: Invalid value: "__proto__": unknown field'],
    ],
    'finds everything that is wrong': [
      { name: 1, mode: 'on', count: 1.5, on: 'yes' },
      [
        's.name: Invalid value: "number": must be a string',
        's.mode: Unsupported value: "on": supported values: "On", "Off"',
        's.count: Invalid value: "number": must be an integer',
        's.on: Invalid value: "string": must be true or false',
      ],
    ],
    'counts characters, not UTF-16 units': [{ name: '😀😀😀😀' }, []],
    'refuses a long text': [{ name: 'abcde' }, ['s.name: Too long: may not be more than 4 characters']],
    'refuses a short text': [{ name: 'a' }, ['s.name: Invalid value: "a": must have at least 2 characters']],
    'refuses what the pattern does not match': [
      { name: 'AB' },
      [`s.name: Invalid value: "AB": must match '^[a-zäöü😀]*$'`],
    ],
    'refuses small numbers': [{ name: 'abc', count: 0 }, ['s.count: Invalid value: "0": must be at least 1']],
    'refuses large numbers': [{ name: 'abc', count: 4 }, ['s.count: Invalid value: "4": must be at most 3']],
    'refuses numbers that JSON rounds': [
      { name: 'abc', count: 2 ** 53 },
      ['s.count: Invalid value: "number": must be an integer'],
    ],
    'refuses a date that is none': [
      { name: 'abc', at: '2026-12-01' },
      ['s.at: Invalid value: "2026-12-01": must be an RFC 3339 date and time, such as 2026-12-01T00:00:00Z'],
    ],
    'wants a list': [{ name: 'abc', set: 'ab' }, ['s.set: Invalid value: "string": must be a list']],
    'refuses a short list': [{ name: 'abc', set: [] }, ['s.set: Invalid value: "0": must have at least 1 items']],
    'refuses a long list': [
      { name: 'abc', set: ['ab', 'cd', 'ef', 'gh'] },
      ['s.set: Too many: must have at most 3 items'],
    ],
    'names the element that is wrong': [
      { name: 'abc', set: ['ab', 'x'] },
      ['s.set[1]: Invalid value: "x": must have at least 2 characters'],
    ],
    'refuses a value twice in a set': [
      { name: 'abc', set: ['ab', 'ab'] },
      [String.raw`s.set[1]: Duplicate value: "\"ab\"": must be unique in its list`],
    ],
    'refuses the same keys twice in a list of named objects': [
      {
        name: 'abc',
        named: [
          { name: 'ab', kind: 'cd', size: 1 },
          { kind: 'cd', name: 'ab', size: 2 },
        ],
      },
      [String.raw`s.named[1]: Duplicate value: "{\"kind\":\"cd\",\"name\":\"ab\"}": must be unique in its list`],
    ],
    'takes objects that differ in one key': [
      {
        name: 'abc',
        named: [
          { name: 'ab', kind: 'cd' },
          { name: 'ab', kind: 'ef' },
        ],
      },
      [],
    ],
    'checks the values of a map': [
      { name: 'abc', map: { 'x/y': 'X1' } },
      [`s.map[x/y]: Invalid value: "X1": must match '^[a-zäöü😀]*$'`],
    ],
    'refuses a large map': [
      { name: 'abc', map: { a: 'ab', b: 'ab', c: 'ab' } },
      ['s.map: Too many: must have at most 2 items'],
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [value, want]) => {
    expect(formatFieldErrors(checkSchema(schema, value, 's'))).toBe(want.join('\n'));
  });

  it('ignores unknown fields where it is told to', () => {
    expect(checkSchema(schema, { name: 'abc', other: 1 }, 's', 'Ignore')).toEqual([]);
  });
});

describe('withDefaults', () => {
  it('fills in what is absent, at any depth, and leaves the rest', () => {
    expect(withDefaults(schema, { named: [{ name: 'ab' }, { size: 1 }], other: 1 })).toEqual({
      mode: 'On',
      named: [{ name: 'ab', size: 7 }, { size: 1 }],
      other: 1,
    });
  });

  it('leaves what is given and what does not fit', () => {
    expect(withDefaults(schema, { mode: 'Off', named: 'x' })).toEqual({ mode: 'Off', named: 'x' });
    expect(withDefaults(schema, 'x')).toBe('x');
  });

  it('neither changes its argument nor hands out the schema’s own default', () => {
    const withList: StructuralSchema = { type: 'object', properties: { list: { type: 'array', default: ['a'] } } };
    const argument = {};
    const first = withDefaults(withList, argument);
    expect(argument).toEqual({});
    expect(first).toEqual({ list: ['a'] });
    expect(withDefaults(withList, {})).not.toBe(first);
  });

  it('copies a key named __proto__ as a key', () => {
    const parsed: unknown = JSON.parse('{"__proto__":{"mode":"Off"}}');
    const copied = withDefaults({ type: 'object' }, parsed);
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"mode":"Off"}}');
    expect(copied).not.toHaveProperty('mode');
  });
});

describe('parseDateTime', () => {
  it.each([
    ['2026-12-01T00:00:00Z', Date.UTC(2026, 11, 1)],
    ['2026-12-01T02:00:00+02:00', Date.UTC(2026, 11, 1)],
    ['2026-12-01T00:00:00.250Z', Date.UTC(2026, 11, 1) + 250],
    ['2026-12-01T00:00:00', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['Tue, 01 Dec 2026 00:00:00 GMT', undefined],
    ['', undefined],
  ])('reads %j', (value, want) => {
    expect(parseDateTime(value)).toBe(want);
  });
});
