import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { indentJson } from './json-text.ts';
import { newPage } from './page.ts';
import { yamlText } from './record-document.ts';
import { table } from './table.ts';
import { hasUnseen, visible, visibleLines } from './visible.ts';

const anyText = fc.string({ unit: 'binary' });

describe('text that others chose', () => {
  test('is one line of what can be seen', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      }),
    );
    expect(visible('a\n\u001b[2J\u202eb')).toBe('a\\u000a\\u001b[2J\\u202eb');
    expect(visible('Zürich 東京 \u{1f600}')).toBe('Zürich 東京 \u{1f600}');
  });

  test('of several lines keeps them, and what a carriage return would overwrite', () => {
    expect(visibleLines('one\r\ntwo\n\tthree\rfour')).toBe('one\ntwo\n\tthree\\u000dfour');
  });
});

describe('indented JSON', () => {
  test('is the same value, and nothing that a terminal would obey', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const indented = indentJson(JSON.stringify(value));
        expect(JSON.parse(indented)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(hasUnseen(indented.replaceAll('\n', ''))).toBe(false);
      }),
    );
  });

  test('looks as JSON.stringify would have it, but for numbers, which stay as they were', () => {
    const text = '{"b":[1,{"a":"x,{}: \\" y"}],"a":{},"list":[],"n":12345678901234567890,"m":1.50,"t":true,"z":null}';
    const expected = JSON.stringify(JSON.parse(text), undefined, 4);
    expect(indentJson(text)).toBe(
      expected.replace('12345678901234567000', '12345678901234567890').replace('1.5,', '1.50,'),
    );
  });

  test('as deep as anybody likes stays as small as what there is', () => {
    const depth = 10_000;
    expect(indentJson('['.repeat(depth) + '1' + ']'.repeat(depth)).length).toBeLessThan(400 * depth);
  });

  test('of what is no JSON ends', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(indentJson(text).length).toBeGreaterThanOrEqual(0);
      }),
    );
    for (const text of ['"open', '{', ']]]', '{"a":"\\', '"\\"']) expect(typeof indentJson(text)).toBe('string');
  });
});

test('YAML is the same value, and nothing that a terminal would obey', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText), fc.integer())), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      const text = yamlText(plain);
      expect(hasUnseen(text.replaceAll('\n', ''))).toBe(false);
      expect(parse(text)).toEqual(plain);
    }),
  );
});

test('a table is aligned, without blanks at the ends of lines', () => {
  expect(
    table(
      ['NAME', 'AGE'],
      [
        ['a', '10'],
        ['longer\n', '1'],
      ],
    ),
  ).toBe('NAME           AGE\na              10\nlonger\\u000a   1\n');
});

describe('a page', () => {
  test('aligns values and indents sections, and leaves out what is not there', () => {
    const page = newPage();
    page.field('Name', 'web');
    page.field('Longer name', undefined);
    page.section('Who', (who) => {
      who.field('User', 'a\nChain:');
      who.section('Empty', () => undefined);
      who.lines('one\ntwo');
    });
    page.section('Nothing', (nothing) => nothing.field('A', ''));
    expect(page.text()).toBe('Name:  web\nWho:\n  User:  a\\u000aChain:\n  one\n  two\n');
  });
});
