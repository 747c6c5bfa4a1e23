import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  const cases: Record<string, readonly [text: string, want: number | undefined]> = {
    'reads seconds': ['45s', 45_000],
    'reads zero': ['0s', 0],
    'adds up units': ['1h2m3s4ms', 3_723_004],
    'reads fractions': ['1.5h', 5_400_000],
    'adds units in any order, as Go does': ['30s1m', 90_000],
    'refuses a bare number': ['45', undefined],
    'refuses the empty text': ['', undefined],
    'refuses a sign': ['-1s', undefined],
    'refuses days, which Go does not have': ['1d', undefined],
    'refuses less than a millisecond': ['10us', undefined],
    'refuses blanks': ['1m 30s', undefined],
    'refuses a fraction without digits': ['1.s', undefined],
    'refuses more digits than the schema takes': ['100000s', undefined],
    'refuses a text longer than the schema takes': ['1s1s1s1s1s1s1s1s1s1s1s1s1s', undefined],
  };
  it.each(Object.entries(cases))('%s', (_name, [text, want]) => {
    expect(parseDuration(text)).toBe(want);
  });
});
