import { describe, expect, test } from 'vitest';
import { MAX_PATTERN_LENGTH } from './limits.ts';
import { compileRegex, PatternTable, type Pattern } from './regex.ts';

function patternOf(source: string): Pattern {
  const result = compileRegex(source);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.pattern;
}

describe('a pattern', () => {
  test('matches anywhere in the text', () => {
    expect(patternOf('b+').test('abbc')).toBe(true);
    expect(patternOf('^b').test('abbc')).toBe(false);
  });

  test('gives the ranges of its matches, in UTF-16 indices', () => {
    expect([...patternOf('[a-z]+').matches('😀ab cd')]).toEqual([
      { start: 2, end: 4 },
      { start: 5, end: 7 },
    ]);
  });

  test('gives the ranges of a named group, without matches in which it took no part', () => {
    const pattern = patternOf('token=(?P<value>\\w+)|secret');
    expect(pattern.groupNames).toEqual(['value']);
    expect([...pattern.matches('token=abc secret token=d', 'value')]).toEqual([
      { start: 6, end: 9 },
      { start: 23, end: 24 },
    ]);
  });

  test('steps over empty matches', () => {
    expect([...patternOf('x*').matches('axb')]).toEqual([
      { start: 0, end: 0 },
      { start: 1, end: 2 },
      { start: 3, end: 3 },
    ]);
  });

  test('takes linear time where a backtracking engine takes exponential time', () => {
    const pattern = patternOf('^(a|a)*$');
    const start = performance.now();
    expect(pattern.test(`${'a'.repeat(100_000)}!`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('a pattern is refused', () => {
  const cases: Readonly<Record<string, readonly [source: string, message: string]>> = {
    'for a look-ahead': ['(?=a)', 'invalid or unsupported Perl syntax'],
    'for a back reference': ['(a)\\1', 'invalid escape sequence'],
    'for a bracket that is not closed': ['(a', 'missing closing )'],
    'for a count that is too high': ['a{1001}', 'invalid repeat count'],
    'for counts that multiply': ['((a{100}){100}){100}', 'invalid repeat count'],
    'for its length': ['a'.repeat(MAX_PATTERN_LENGTH + 1), 'at most 1024 characters'],
    'for its compiled size': ['(abcdefghij){1000}', 'instructions'],
  };
  test.each(Object.entries(cases))('%s', (_, [source, message]) => {
    const result = compileRegex(source);
    expect(result.kind === 'invalid' ? result.message : 'accepted').toContain(message);
  });
});

describe('the pattern table', () => {
  test('compiles a literal once', () => {
    const table = new PatternTable();
    const first = table.intern('a+');
    expect(first.kind === 'pattern' && table.known('a+')).toBe(first.kind === 'pattern' && first.pattern);
    expect(table.intern('a+')).toEqual(first);
  });

  test('keeps nothing of a pattern that is only looked up', () => {
    const table = new PatternTable();
    expect(table.find('b+').kind).toBe('pattern');
    expect(table.known('b+')).toBeUndefined();
  });
});
