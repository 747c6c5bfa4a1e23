import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableBody, type BodyDocument, type Edits, type Value } from '../document.ts';
import { jsonText } from './json-text.ts';
import { decodeYaml, YAML_BYTES } from './yaml-document.ts';

const NO_EDITS: Edits = new Map();

function decode(yaml: string): BodyDocument {
  return decodeYaml(Buffer.from(yaml));
}

function json(yaml: string): string {
  return jsonText(decode(yaml).root, NO_EDITS);
}

function leaves(value: Value): Exclude<Value, { kind: 'object' | 'list' }>[] {
  if (value.kind === 'object') return value.members.flatMap(({ key, value: of }) => [key, ...leaves(of)]);
  if (value.kind === 'list') return value.items.flatMap(leaves);
  return [value];
}

describe('what an API server reads is read as the JSON that it makes of it', () => {
  // Each as sigs.k8s.io/yaml 1.6.0 converts it.
  const cases: Record<string, { yaml: string; want: string }> = {
    'booleans of YAML 1.1': {
      yaml: '[yes, No, on, OFF, y, N, true, "yes"]',
      want: '[true,false,true,false,true,false,true,"yes"]',
    },
    nulls: { yaml: 'a:\nb: ~\nc: Null\nd: ""\n', want: '{"a":null,"b":null,"c":null,"d":""}' },
    'integers in four bases, with underscores': {
      yaml: '[0777, 0o17, 0x1F, 0b11, 1_000, +1, -0, -0x10]',
      want: '[511,15,31,3,1000,1,0,-16]',
    },
    'integers of 64 bits': {
      yaml: '- 9007199254740993\n- -9223372036854775808\n- 18446744073709551615\n- 18446744073709551616\n',
      want: '[9007199254740993,-9223372036854775808,18446744073709551615,18446744073709552000]',
    },
    floats: { yaml: '[1.5, .5, 1., 1e3, -0.0, 09, 1e400]', want: '[1.5,0.5,1,1000,-0,9,"1e400"]' },
    'what only looks like a number': {
      yaml: '[12:30, 2001-01-01, 1.2.3, 0b12, 0x, _1]',
      want: '["12:30","2001-01-01","1.2.3","0b12","0x","_1"]',
    },
    'keys that are no texts': { yaml: 'yes: 1\n0x10: 2\n', want: '{"true":1,"16":2}' },
    'scalars over several lines': {
      yaml: 'a: b\n  c\n\n  d\ne: \'f\n  g\'\nh: "i\\\n  j"\n',
      want: '{"a":"b c\\nd","e":"f g","h":"ij"}',
    },
    'block scalars': {
      yaml: 'a: |\n  b\n   c\nd: >-\n  e\n  f\ng: |+\n  h\n\n',
      want: '{"a":"b\\n c\\n","d":"e f","g":"h\\n\\n"}',
    },
    'escapes and comments': { yaml: "# c\n\"\\x41\\e\" : 'it''s' # d\n", want: '{"A\\u001b":"it\'s"}' },
    'a tag that says what is a text': { yaml: 'a: !!str 1\n', want: '{"a":"1"}' },
    'one document with its marker': { yaml: '---\na: 1\n', want: '{"a":1}' },
    JSON: { yaml: '{"a":1.0,"b":["x\\u0041"]}', want: '{"a":1.0,"b":["xA"]}' },
  };
  test.each(Object.entries(cases))('%s', (_, { yaml, want }) => {
    expect(json(yaml)).toBe(want);
    expect(decode(yaml).encode(NO_EDITS).toString()).toBe(yaml);
  });
});

describe('what two parsers could read differently is refused', () => {
  const cases: Record<string, readonly string[]> = {
    'nothing, or a scalar': ['', '\n', '# c\n', 'a', '|\n  a\n'],
    'several documents': ['a: 1\n---\nb: 2\n', 'a: 1\n...\n', 'a: 1\n...\nb: 2\n'],
    directives: ['%YAML 1.2\n---\na: 1\n', '%TAG ! tag:x,2000:\n---\na: 1\n'],
    'aliases and anchors': ['a: &x 1\nb: *x\n', 'a: &x 1\n', '&x a: 1\n', '- &x [1]\n', 'a: &x {b: 1}\n'],
    tags: ['a: !!int "1"\n', 'a: !x 1\n', 'a: !!binary AA==\n', 'a: ! 1\n', '!!map {a: 1}\n', '!!set {a}\n'],
    'merge keys': ['<<: {a: 1}\nb: 2\n', 'a: {<<: {b: 1}}\n'],
    'keys that are no texts': [
      '? a\n: b\n',
      '? [a]\n: b\n',
      '[a]: b\n',
      '{a: 1}: b\n',
      '~: 1\n',
      ': 1\n',
      '1.5: a\n',
      '.inf: a\n',
    ],
    'a key twice': [
      'a: 1\na: 2\n',
      'a: 1\n"a": 2\n',
      '1: a\n"1": b\n',
      'yes: 1\ntrue: 2\n',
      '{a: 1, a: 2}\n',
      '{"a":1,"a":2}',
    ],
    'flow maps without values': ['{a, b}\n', '{a: 1, b}\n'],
    'numbers that JSON does not have': ['a: .inf\n', 'a: -.Inf\n', 'a: .NaN\n'],
    'fractions with underscores': ['a: .5_0\n'],
    'block scalars with ends or indentation that differ': ['a: |\n  b', 'a: |\n  b\n    \n', 'a: |1\n  b\n'],
    'characters that are line ends, or none': [
      'a: b\r\n',
      'a: "\u{85}"\n',
      '{"a":"\u{2028}"}',
      '\u{feff}a: 1\n',
      'a: \0\n',
      'a: \u{7f}\n',
      'a: \u{fffe}\n',
    ],
    'what is not valid': ['a: b: c\n', 'a: [1\n', 'a: "b\n', ' a: 1\nb: 2\n', 'a: @b\n', '- a\nb: 1\n', '"a" b\n'],
  };
  test.each(Object.entries(cases))('%s', (_, bodies) => {
    for (const body of bodies) expect(() => decode(body), body).toThrow(UndecodableBody);
  });

  test('bytes that are not UTF-8', () => {
    expect(() => decodeYaml(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).toThrow(UndecodableBody);
  });

  test('more than the bounds, where it is no JSON', () => {
    const items = (count: number): string => '- a\n'.repeat(count);
    expect(() => decodeYaml(Buffer.from(items(5)), { depth: 2, values: 5 })).toThrow('too many values');
    expect(() => decodeYaml(Buffer.from('a:\n b:\n  c: d\n'), { depth: 1, values: 9 })).toThrow('too deep');
    expect(() => decode(items(YAML_BYTES / 4 + 1))).toThrow('larger than its bound');
    expect(decode(`["${'x'.repeat(YAML_BYTES)}"]`).root.kind).toBe('list');
  });
});

describe('an edit changes its scalar and nothing else', () => {
  const cases: Record<string, { yaml: string; want: string }> = {
    'plain, with a comment after it': { yaml: 'a:  SECRET # why\nb: 1.0\n', want: 'a:  "X: #\\n" # why\nb: 1.0\n' },
    'plain over several lines': { yaml: 'a: SECRET\n  SECRET\nb: |\n  x\n', want: 'a: "X: #\\n"\nb: |\n  x\n' },
    'in single quotes': { yaml: "a: 'SECRET'\n", want: 'a: "X: #\\n"\n' },
    'a block scalar among others': { yaml: 'a: |- # c\n  SECRET\n  SECRET\n\nb: 1\n', want: 'a: "X: #\\n"\n\nb: 1\n' },
    'a block scalar in a list': { yaml: '- >\n  SECRET\n- b\n', want: '- "X: #\\n"\n- b\n' },
    'in flow': { yaml: '{a: [SECRET,b], c: {d: SECRET}}\n', want: '{a: ["X: #\\n",b], c: {d: "X: #\\n"}}\n' },
    'a key': { yaml: 'SECRET: 1\n', want: '"X: #\\n": 1\n' },
    'after non-ASCII': { yaml: 'é: 🦊\na: SECRET\n', want: 'é: 🦊\na: "X: #\\n"\n' },
    'with a tag': { yaml: 'a: !!str SECRET\n', want: 'a: !!str "X: #\\n"\n' },
    'in JSON': { yaml: '{"a":"SECRET" }\n', want: '{"a":"X: #\\n" }\n' },
  };
  test.each(Object.entries(cases))('%s', (_, { yaml, want }) => {
    const document = decode(yaml);
    const secrets = leaves(document.root).filter(({ text }) => text.includes('SECRET'));
    expect(document.encode(new Map(secrets.map((leaf) => [leaf, 'X: #\n']))).toString()).toBe(want);
  });

  test('of a value that is not there, where it would be', () => {
    const document = decode('a:\nb:\n-\n- x\n');
    const edits = new Map(
      leaves(document.root)
        .filter(({ kind }) => kind === 'null')
        .map((leaf) => [leaf, 'X'] as const),
    );
    expect(document.encode(edits).toString()).toBe('a: "X"\nb:\n- "X"\n- x\n');
  });

  test('that cannot be said is refused', () => {
    const document = decode('a: # c\n');
    const edits = new Map(
      leaves(document.root)
        .filter(({ kind }) => kind === 'null')
        .map((leaf) => [leaf, 'X'] as const),
    );
    expect(() => document.encode(edits)).toThrow(UndecodableBody);
  });

  test('with characters that go-yaml takes for line ends has them escaped', () => {
    for (const yaml of ['a: b\n', '{"a":"b"}']) {
      const document = decode(yaml);
      const edits = new Map(leaves(document.root).map((leaf) => [leaf, `${leaf.text}\u{85}\u{2028}\u{feff}`]));
      const encoded = document.encode(edits);
      expect(encoded.toString()).toContain('\\u0085\\u2028\\ufeff');
      expect(jsonText(decodeYaml(encoded).root, NO_EDITS)).toBe(jsonText(document.root, edits));
    }
  });

  test('of a value of another document is an error, not silence', () => {
    const [other] = leaves(decode('a: 1\n').root);
    if (other === undefined) throw new Error('There are two leaves');
    expect(() => decode('a: 1\n').encode(new Map([[other, 'x']]))).toThrow(TypeError);
  });
});

const FRAGMENTS = [
  'a',
  'b: ',
  '- ',
  '\n',
  '\n  ',
  ': ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '|\n',
  '>-\n  ',
  ' # c\n',
  'yes',
  '0777',
  '"q"',
  "'s'",
  '~',
  '*a',
  '&a ',
  '!!str ',
  '? ',
  '---\n',
  '\t',
  '\\',
  '"',
  'é',
  '<<: ',
];

test('whatever is put together from YAML is refused, or keeps its bytes and takes edits', { timeout: 60_000 }, () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 10 }), (fragments) => {
      const yaml = `a: ${fragments.join('')}\n`;
      const encoded = encodedOrRefused(yaml);
      if (encoded === undefined) return;
      read += 1;
      expect(encoded.same).toBe(yaml);
      expect(encoded.edited).not.toContain('é');
    }),
    { numRuns: 1_000 },
  );
  expect(read).toBeGreaterThan(50);
});

/** Undefined where it is refused; any other error fails the test. */
function encodedOrRefused(yaml: string): { same: string; edited: string } | undefined {
  try {
    const document = decode(yaml);
    const edits = new Map(leaves(document.root).map((leaf, index) => [leaf, `edit ${index}`]));
    const edited = document.encode(edits);
    expect(jsonText(decodeYaml(edited).root, NO_EDITS)).toBe(jsonText(document.root, edits));
    // Comments stay, and may hold anything.
    return { same: document.encode(NO_EDITS).toString(), edited: edited.toString().replaceAll(/#.*/g, '') };
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

describe('hostile bodies are refused in bounded time', () => {
  const repeated = [
    '[',
    '{a: ',
    '- ',
    '? ',
    'a:\n',
    '[a,',
    'a: ',
    '"',
    "'",
    '&a ',
    '*a,',
    '!!str ',
    '---\n',
    ': ',
    '|\n',
    '#\n',
    ' ',
    '\t',
  ];
  test.each(repeated)('%j again and again', { timeout: 60_000 }, (fragment) => {
    const body = Buffer.from(fragment.repeat(YAML_BYTES / fragment.length));
    const started = process.cpuUsage();
    expect(() => decodeYaml(body)).toThrow(UndecodableBody);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });

  test('aliases of aliases', () => {
    const laughs = Array.from(
      { length: 9 },
      (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join()}]\n`,
    );
    expect(() => decode(`a0: &a0 x\n${laughs.join('')}`)).toThrow(UndecodableBody);
  });
});
