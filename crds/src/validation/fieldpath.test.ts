import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFieldPath, MAX_SEGMENTS, parseFieldPath, type FieldPathSegment } from './fieldpath.ts';

const key = (name: string): FieldPathSegment => ({ kind: 'key', key: name });
const everyKey: FieldPathSegment = { kind: 'everyKey' };
const everyElement: FieldPathSegment = { kind: 'everyElement' };

describe('parseFieldPath', () => {
  const readable: Record<string, readonly [text: string, want: readonly FieldPathSegment[]]> = {
    'one field': ['data', [key('data')]],
    'every key of an object': ['data.*', [key('data'), everyKey]],
    'elements of lists': [
      'spec.containers[*].env[*].value',
      [key('spec'), key('containers'), everyElement, key('env'), everyElement, key('value')],
    ],
    'a quoted key with dots and slashes': [
      "metadata.annotations['a.b/c']",
      [key('metadata'), key('annotations'), key('a.b/c')],
    ],
    'a quoted key that is followed by more': ["data['a.b'].c[*]", [key('data'), key('a.b'), key('c'), everyElement]],
    'an escaped quote and backslash': [String.raw`data['it\'s \\']`, [key('data'), key(String.raw`it's \ `.trim())]],
    'a quoted key that looks like a wildcard': ["data['*']", [key('data'), key('*')]],
    'letters, digits, dashes and underscores unquoted': ['data.a-b_9', [key('data'), key('a-b_9')]],
    'a list of lists': ['spec.rows[*][*]', [key('spec'), key('rows'), everyElement, everyElement]],
    'a leading wildcard': ['*.password', [everyKey, key('password')]],
  };
  it.each(Object.entries(readable))('reads %s', (_name, [text, path]) => {
    expect(parseFieldPath(text)).toEqual({ kind: 'path', path });
  });

  const unreadable: Record<string, readonly [text: string, offset: number, message: string]> = {
    'an empty path': ['', 0, 'is empty'],
    'a trailing dot': ['data.', 4, 'expected a field name'],
    'two dots': ['data..x', 4, 'expected a field name'],
    'a leading dot': ['.data', 0, 'expected a field name'],
    'a list index': ['spec.containers[0]', 15, 'list indices are not supported'],
    'an unquoted key in brackets': ['data[a.b]', 4, 'expected [*] or a quoted key'],
    'double quotes': ['data["a"]', 4, 'expected [*] or a quoted key'],
    'an open bracket': ["data['a", 4, 'expected [*] or a quoted key'],
    'an empty quoted key': ["data['']", 4, 'the quoted key is empty'],
    'an unknown escape': [String.raw`data['\n']`, 4, 'expected [*] or a quoted key'],
    'a key right after a bracket': ['rows[*]x', 7, "expected '.' or '['"],
    'a wildcard with a suffix': ['data.*x', 6, "expected '.' or '['"],
    'a recursive wildcard': ['spec.**.value', 4, "'**' is not supported"],
    'a space': ['data .x', 4, "expected '.' or '['"],
    'letters outside ASCII': ['dâta', 1, "expected '.' or '['"],
  };
  it.each(Object.entries(unreadable))('refuses %s', (_name, [text, offset, message]) => {
    const result = parseFieldPath(text);
    expect(result).toMatchObject({ kind: 'invalid', offset });
    expect(result.kind === 'invalid' ? result.message : '').toContain(message);
  });

  it('refuses a path that is deeper than its bound', () => {
    const at = Array.from({ length: MAX_SEGMENTS }, () => 'a').join('.');
    expect(parseFieldPath(at).kind).toBe('path');
    expect(parseFieldPath(`${at}.a`)).toMatchObject({ kind: 'invalid', message: 'has more than 32 segments' });
  });

  it('reads back what formatFieldPath writes', () => {
    const segment = fc.oneof(
      fc.string({ minLength: 1, unit: 'grapheme' }).map(key),
      fc.constant(everyKey),
      fc.constant(everyElement),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: MAX_SEGMENTS }), (path) => {
        expect(parseFieldPath(formatFieldPath(path))).toEqual({ kind: 'path', path });
      }),
    );
  });

  it('answers for any text', () => {
    // Mostly syntax, so that many texts are nearly paths.
    const unit = fc.constantFrom('a', '.', '*', '[', ']', "'", '\\', '0', ' ', 'ü', '\u{1f600}', '\n');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const result = parseFieldPath(text);
        expect(result.kind === 'path' ? parseFieldPath(formatFieldPath(result.path)) : result).toEqual(result);
      }),
    );
  });
});
