import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, type CompiledExpression } from './environment.ts';
import { MAX_EXPRESSION_LENGTH } from './limits.ts';
import { compile, policyActivation } from './policy.ts';
import type { JsonValue } from './value.ts';

const request = {
  verb: 'create',
  apiGroup: '',
  resource: 'pods',
  subresource: '',
  namespace: 'a',
  name: 'b',
  path: '/',
  dryRun: false,
  options: {},
  command: [],
};
const user = { username: 'u', uid: '', groups: ['g'], extra: {} };

function accepted(source: string): CompiledExpression {
  const result = compile(source);
  if (result.kind === 'invalid')
    throw new Error(`${source}: ${result.findings.map(({ message }) => message).join('; ')}`);
  return result.expression;
}

/** The outcome, and how long it took in milliseconds. */
function attack(source: string, object: JsonValue) {
  const expression = accepted(source);
  const activation = policyActivation({ request, user, object });
  const start = performance.now();
  const outcome = evaluate(expression, activation);
  return { outcome, elapsed: performance.now() - start };
}

/** Far above what is measured (under 200 ms), far below what the attacks would take unbounded (minutes to years). */
const TIME_LIMIT = 1500;

const thousand = Array.from({ length: 1000 }, (_, index) => index);
/** Texts of a and b in no order that an automaton could use. */
const mixed = thousand.map(
  (index) => (index * 2_654_435_761).toString(2).repeat(10).replaceAll('0', 'a').replaceAll('1', 'b') + '!',
);

const million = Array.from({ length: 1_000_000 }, () => 0);

describe('work is bounded for', () => {
  const cases: Readonly<Record<string, readonly [source: string, object: JsonValue]>> = {
    'nested loops over a long list': ['object.all(x, object.all(y, object.all(z, true)))', thousand],
    'nested loops whose errors are absorbed': ['object.exists(x, object.all(y, y.a.b == 1)) || true', thousand],
    'a loop that enters a very long list again and again': ['object.all(x, object.exists(y, true))', million],
    'lists that double': [
      '[object].map(a, a + a).map(a, a[0] == 0 ? [a + a + a + a] : [])' +
        '.map(a, a[0] + a[0] + a[0] + a[0]).map(a, a + a + a + a + a + a).map(a, a + a + a + a).size() == 1',
      thousand,
    ],
    'a text that doubles': [`['xxxxxxxxxxxxxxxx']${'.map(a, a + a)'.repeat(60)} == []`, null],
    'membership in a long list for each element': ['object.all(x, x in object)', thousand],
    'sets of long lists': ['sets.equivalent(object, object.map(x, 999 - x))', thousand],
    'comparing long lists': ['object.all(x, object == object)', thousand],
    'a replacement that multiplies': ["object.replace('', object).replace('', object).size() > 0", 'a'.repeat(20_000)],
    'a split into single characters': ["object.split('').all(c, object.split('').size() > 0)", 'a'.repeat(20_000)],
    'a large pattern of the object': [
      "object.t.matches('(' + object.p + '){20}$')",
      { t: 'a'.repeat(100_000), p: '(a|b|c|d){1,40}' },
    ],
    'a pattern whose automaton has too many states': ["object.exists(t, t.matches('(a|b)*a(a|b){100}$'))", mixed],
    'finding all matches, each of which looks at the rest': [
      "object.findAll('x.*y|x').size() > 0",
      'x'.repeat(100_000),
    ],
    'positions in a very long text': [
      "object.all(c, c.indexOf('b') == -1)",
      Array.from({ length: 500 }, () => 'a'.repeat(10_000)),
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [source, object]) => {
    const { outcome, elapsed } = attack(source, object);
    expect(outcome).toMatchObject({ kind: 'error', reason: 'Budget' });
    expect(elapsed).toBeLessThan(TIME_LIMIT);
  });

  test('an object deep enough to overflow the stack', () => {
    let deep: JsonValue = 1;
    let same: JsonValue = 1;
    for (let level = 0; level < 50_000; level++) {
      deep = [deep];
      same = [same];
    }
    const { outcome, elapsed } = attack('object.a == object.b', { a: deep, b: same });
    expect(outcome.kind).toBe('error');
    expect(elapsed).toBeLessThan(TIME_LIMIT);
  });

  test('a pattern that takes exponential time elsewhere has a value in no time', () => {
    const { outcome, elapsed } = attack("object.matches('^(a+)+$')", `${'a'.repeat(20_000)}!`);
    expect(outcome).toEqual({ kind: 'value', value: false });
    expect(elapsed).toBeLessThan(TIME_LIMIT);
  });

  test('an ordinary loop leaves the budget alone', () => {
    expect(attack('object.all(x, x >= 0 && object.size() == 1000)', thousand).outcome).toEqual({
      kind: 'value',
      value: true,
    });
  });
});

describe('an expression is refused that is', () => {
  const cases: Readonly<Record<string, readonly [source: string, message: string]>> = {
    'too long': ["'a' == 'b'".padEnd(MAX_EXPRESSION_LENGTH + 1), 'must be at most 4096 characters long'],
    'deeply bracketed': [`${'('.repeat(2000)}true${')'.repeat(2000)}`, 'nests too deeply'],
    'a deep list': [`${'['.repeat(2000)}${']'.repeat(2000)} == []`, 'nests too deeply'],
    'a long chain of fields': [`object${'.a'.repeat(1500)} == 1`, 'nests deeper than 200 levels'],
    'a long chain of additions': [`0${'+1'.repeat(1500)} == 1`, 'nests deeper than 200 levels'],
    'of too many terms': [`[${'1,'.repeat(2001)}1] == []`, 'too large'],
    'a loop in a loop in a loop in a loop': [
      '[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))',
      'comprehensions nest deeper than 3',
    ],
    'a pattern that is too long': [
      `request.path.matches('${'a'.repeat(1025)}')`,
      'must be at most 1024 characters long',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [source, message]) => {
    const start = performance.now();
    const result = compile(source);
    expect(performance.now() - start).toBeLessThan(TIME_LIMIT);
    expect(result.kind === 'invalid' ? result.findings[0]?.message : 'accepted').toContain(message);
  });
});

describe('keys that are names of JavaScript', () => {
  const names = ['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  test.each(names)('%s is no field of an object that lacks it', (name) => {
    for (const source of [`object.${name} == null`, `object['${name}'] == null`, `object.a.${name} == null`]) {
      expect(attack(source, { a: {} }).outcome, source).toMatchObject({ kind: 'error', reason: 'NoSuchKey' });
    }
    for (const source of [
      `has(object.${name})`,
      `'${name}' in object`,
      `has(request.options.${name})`,
      `'${name}' in user.extra`,
    ]) {
      expect(attack(source, { a: {} }).outcome, source).toEqual({ kind: 'value', value: false });
    }
  });

  test.each(names)('%s is a field like any other of an object that has it', (name) => {
    const object: JsonValue = Object.fromEntries([[name, 1]]);
    for (const source of [
      `object.${name} == 1`,
      `has(object.${name})`,
      `object.all(k, k == '${name}')`,
      `object == {'${name}': 1}`,
    ]) {
      expect(attack(source, object).outcome, source).toEqual({ kind: 'value', value: true });
    }
  });

  test.each(names)('%s is no variable and no function', (name) => {
    expect(compile(`${name} == 1`).kind).toBe('invalid');
    expect(compile(`${name}(1) == 1`).kind).toBe('invalid');
    expect(compile(`request.verb.${name}() == 1`).kind).toBe('invalid');
    expect(compile(`request.${name} == 1`).kind).toBe('invalid');
  });

  test('names that lowering uses are out of reach', () => {
    for (const source of ['@has(object, 1)', '`@step`(1)', 'object.`@range`()'])
      expect(compile(source).kind).toBe('invalid');
  });
});

describe('for any object', () => {
  const expressions = [
    "object.a == 'x'",
    'object.a.b.c > 1',
    'has(object.a.b)',
    'object.a in object.b',
    'object.a[object.b] == object.c',
    'object.all(x, object[x] == x)',
    'object.a.map(x, x + 1).sum() > 0',
    'object.a.exists(x, x.b.matches(object.b))',
    "object.a.size() + object.b.size() > 2 || object.a.contains('x')",
    'object.a < object.b && object.b <= object.c',
    'object.a.isSorted() ? object.a.max() == object.a.min() : object.a.indexOf(object.b) > 0',
    'int(object.a) / int(object.b) == 0 || double(object.a) < 1.0',
    'timestamp(object.a) - timestamp(object.b) > duration(object.c)',
    "object.a.substring(object.b).split(object.c).join('') == string(object.a)",
    'sets.intersects(object.a, object.b) && !sets.contains(object.a, object.c)',
    '-object.a % object.b == object.c * 2',
    "{'a': object.a} == {'a': object.b}",
  ].map(accepted);

  const json = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<JsonValue>(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        NaN,
        2 ** 60,
        9_223_372_036_854_775_807n,
        '',
        'x',
        '2026-01-01T00:00:00Z',
        '1h',
        '(',
      ),
      fc.string(),
      fc.double(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  test('evaluation ends in one of the three outcomes and never throws', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...expressions), fc.boolean(), (object, expression, isKnown) => {
        const activation = policyActivation(isKnown ? { request, user, object } : { request, user });
        const kinds = isKnown ? ['value', 'error', 'unknown'] : ['unknown'];
        expect(kinds).toContain(evaluate(expression, activation).kind);
      }),
      { numRuns: 2000 },
    );
  });

  test('evaluation answers the same twice, whatever was evaluated in between', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...expressions), fc.constantFrom(...expressions), (object, first, second) => {
        const activation = policyActivation({ request, user, object });
        const before = evaluate(first, activation);
        evaluate(second, activation);
        expect(evaluate(first, activation)).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});

describe('for any text', () => {
  const fragment = fc.constantFrom(
    'request',
    '.verb',
    'object',
    '.a',
    '[0]',
    "['k']",
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '==',
    '&&',
    '||',
    '!',
    '-',
    '+',
    ' in ',
    '?',
    ':',
    ',',
    '1',
    '1.5',
    "'s'",
    "'\\",
    'true',
    'null',
    '.all(x, x)',
    '.map(x, x)',
    '.size()',
    'has(',
    '.?',
    '//',
    '\n',
    '`',
    '"""',
  );

  const activation = policyActivation({ request, user, object: { a: [1, 's'], k: null } });

  test('compiling answers and never throws, with findings inside the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (source) => {
          const result = compile(source);
          const outcome = result.kind === 'compiled' ? evaluate(result.expression, activation).kind : 'refused';
          const findings = result.kind === 'compiled' ? [] : result.findings;
          expect(['value', 'unknown', 'error', 'refused']).toContain(outcome);
          expect(findings.length > 0).toBe(outcome === 'refused');
          for (const { message, line, column } of findings) {
            expect(message).not.toBe('');
            expect(line).toBeLessThanOrEqual(source.split('\n').length);
            expect(column).toBeLessThanOrEqual(source.length + 1);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
