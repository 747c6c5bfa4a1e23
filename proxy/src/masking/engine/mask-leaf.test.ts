import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodedText } from './mask-leaf.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the text of base64', () => {
  test.each([
    ['nothing', '', ''],
    ['one character', base64('a'), 'a'],
    ['two', base64('ab'), 'ab'],
    ['three', base64('abc'), 'abc'],
    ['characters beyond ASCII', base64('snow ☃'), 'snow ☃'],
    ['lines, as Go takes them', 'YW\nJj\r\nZA==', 'abcd'],
    ['bits that are left over', 'YR==', 'a'],
  ])('is there: %s', (_, text, want) => expect(decodedText(text)).toBe(want));

  test.each([
    ['no padding', 'YQ'],
    ['too much of it', 'Y==='],
    ['it alone', '===='],
    ['it in the middle', 'YQ==YQ=='],
    ['the alphabet of URLs', 'a-b_'],
    ['a blank', 'YW Jj'],
    ['other characters', 'YWJ*'],
    ['characters that are no ASCII', 'YWJé'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0xfd]).toString('base64')],
  ])('is not there: %s', (_, text) => expect(decodedText(text)).toBeUndefined());

  test('is there where a pattern would say so, and nowhere else', () => {
    const alphabet = fc.constantFrom('A', 'Q', 'Y', 'a', 'b', '/', '+', '=', '-', '_', ' ', 'é', '*', '9');
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(text);
        const decoded = Buffer.from(text, 'base64');
        const isText = decoded.equals(Buffer.from(decoded.toString('utf8')));
        expect(decodedText(text) !== undefined).toBe(isBase64 && isText);
      }),
      { numRuns: 20_000 },
    );
  });
});
