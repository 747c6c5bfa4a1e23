import { describe, expect, test } from 'vitest';
import { parseFieldSelector, requiredFieldValue } from './field-selector.ts';
import { parseLabelSelector, type LabelRequirement } from './label-selector.ts';

describe('parseFieldSelector', () => {
  const cases: Record<string, { selector: string; want: readonly string[] | undefined }> = {
    'nothing selects all': { selector: '', want: [] },
    'one term': { selector: 'a=b', want: ['a = b'] },
    'two equals signs are one': { selector: 'a==b', want: ['a = b'] },
    unequal: { selector: 'a!=b', want: ['a != b'] },
    'an empty value': { selector: 'a=', want: ['a = '] },
    'terms are in the order of their bytes': { selector: 'b=1,a=2,B=3', want: ['B = 3', 'a = 2', 'b = 1'] },
    'beyond U+FFFF bytes order otherwise than UTF-16': {
      selector: '\u{1F600}=1,\uFFFD=2',
      want: ['\uFFFD = 2', '\u{1F600} = 1'],
    },
    'empty terms are left out': { selector: ',a=b,,', want: ['a = b'] },
    'a term without field and value is left out': { selector: '=,a=b', want: ['a = b'] },
    'escapes in a value': { selector: 'a=b\\,c\\=d\\\\e', want: ['a = b,c=d\\e'] },
    'a blank belongs to the field': { selector: ' a=b', want: [' a = b'] },
    'no operator': { selector: 'a', want: undefined },
    'one bad term spoils all': { selector: 'a=b,c', want: undefined },
    'an unknown escape': { selector: 'a=\\b', want: undefined },
    'an escape cut short': { selector: 'a=b\\', want: undefined },
    'a raw equals sign in a value': { selector: 'a=b=c', want: undefined },
  };
  test.each(Object.entries(cases))('%s', (_, { selector, want }) => {
    expect(parseFieldSelector(selector)?.map(({ field, operator, value }) => `${field} ${operator} ${value}`)).toEqual(
      want,
    );
  });

  test('a required value is that of the first term that demands one', () => {
    const required = (selector: string): string | undefined =>
      requiredFieldValue(parseFieldSelector(selector) ?? [], 'metadata.name');
    expect(required('metadata.name=a')).toBe('a');
    expect(required('metadata.name=b,metadata.name==a,x=y')).toBe('a');
    expect(required('metadata.name=')).toBe('');
    expect(required('metadata.name!=a')).toBeUndefined();
    expect(required('x=metadata.name')).toBeUndefined();
  });
});

describe('parseLabelSelector', () => {
  const cases: Record<string, { selector: string; want: readonly string[] }> = {
    'nothing selects all': { selector: '', want: [] },
    'blanks select all': { selector: ' \t\r\n', want: [] },
    equality: { selector: 'a=b', want: ['a = b'] },
    'equality, doubled': { selector: 'a == b', want: ['a == b'] },
    inequality: { selector: 'a!=b', want: ['a != b'] },
    existence: { selector: 'a.b/c', want: ['a.b/c exists '] },
    absence: { selector: '!a', want: ['a ! '] },
    'a set, sorted and without repetition': { selector: 'a in (c,b,c)', want: ['a in b|c'] },
    'a set that excludes': { selector: 'a notin (b)', want: ['a notin b'] },
    'empty sets hold the empty value': { selector: 'a in (),b in (,),c in (,x)', want: ['a in ', 'b in ', 'c in |x'] },
    numbers: { selector: 'a>5,b<6', want: ['a > 5', 'b < 6'] },
    'an empty value': { selector: 'a=,b', want: ['a = ', 'b exists '] },
    'keywords as keys and values': { selector: 'in in (in,notin),notin', want: ['in in in|notin', 'notin exists '] },
    'the longest names': {
      selector: `${'l'.repeat(63)}=${'v'.repeat(63)}`,
      want: [`${'l'.repeat(63)} = ${'v'.repeat(63)}`],
    },
  };
  const shown = ({ key, operator, values }: LabelRequirement): string => `${key} ${operator} ${values.join('|')}`;
  test.each(Object.entries(cases))('%s', (_, { selector, want }) => {
    expect(parseLabelSelector(selector)?.map(shown)).toEqual(want);
  });

  // `␣` stands for a blank.
  const wrong =
    ', a, a,,b =a ! !!a !a=b a␣b a=b␣c a=(b) a␣in a␣in␣b a␣in␣( a␣in␣(b a␣in␣(b␣c) a␣in␣(!b) a) a>b a> a>-5 ' +
    'a>9223372036854775808 a=_b a=b_ a_=b -a ä a=ä a/b/c /a a/ A.b/c a..b/c a=\v';
  const tooLong = ['l'.repeat(64), `a=${'v'.repeat(64)}`, `${'p'.repeat(254)}/a`];
  test.each(
    [...wrong.replaceAll(' ', '\n').replaceAll('␣', ' ').split('\n'), ...tooLong].map((selector) => [selector]),
  )('%s is none', (selector) => {
    expect(parseLabelSelector(selector)).toBeUndefined();
  });
});
