import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableBody, type Edits, type TextValue } from '../document.ts';
import { decodeForm } from './form-document.ts';
import { jsonText } from './json-text.ts';

const NO_EDITS: Edits = new Map();

function read(form: string): string {
  return jsonText(decodeForm(Buffer.from(form)).root, NO_EDITS);
}

/** All texts with this content, edited. */
function edited(form: string, content: string, text: string): string {
  const document = decodeForm(Buffer.from(form));
  const texts = document.root.members.flatMap(({ key, value }) => [key, ...(value.kind === 'list' ? value.items : [])]);
  const edits = new Map<TextValue, string>();
  for (const value of texts) {
    if (value.kind === 'text' && value.text === content) edits.set(value, text);
  }
  return document.encode(edits).toString();
}

describe('pairs are lists of texts by key', () => {
  const cases: Record<string, { form: string; want: string }> = {
    nothing: { form: '', want: '{}' },
    'a command keeps its order': {
      form: 'command=sh&tty=true&command=-c&command=ls',
      want: '{"command":["sh","-c","ls"],"tty":["true"]}',
    },
    'escapes and spaces': { form: 'a%20b=c+d%2Be%C3%A9', want: '{"a b":["c d+eé"]}' },
    'a key without a value': { form: 'watch&a=', want: '{"watch":[""],"a":[""]}' },
    'a value with =': { form: 'a=b=c', want: '{"a":["b=c"]}' },
    'a value without a key': { form: '=x', want: '{"":["x"]}' },
    'empty pairs': { form: '&&a=1&', want: '{"a":["1"]}' },
    'the same key, once escaped': { form: 'a=1&%61=2', want: '{"a":["1","2"]}' },
    'what is not ASCII': { form: 'é=🦊', want: '{"é":["🦊"]}' },
  };
  test.each(Object.entries(cases))('%s', (_, { form, want }) => {
    expect(read(form)).toBe(want);
    expect(decodeForm(Buffer.from(form)).encode(NO_EDITS).toString()).toBe(form);
  });
});

describe('an edit changes its text and nothing else', () => {
  const cases: Record<string, { form: string; content: string; text: string; want: string }> = {
    'of one value among several': {
      form: 'command=sh&x=%7e+&command=hunter2',
      content: 'hunter2',
      text: '[a b]',
      want: 'command=sh&x=%7e+&command=%5Ba%20b%5D',
    },
    'of a key, wherever it stands': { form: 'k=1&%6b=2&kk=3', content: 'k', text: 'K&', want: 'K%26=1&K%26=2&kk=3' },
    'of the value of a key that has none': { form: 'a&b', content: '', text: 'x', want: 'a=x&b=x' },
  };
  test.each(Object.entries(cases))('%s', (_, { form, content, text, want }) => {
    expect(edited(form, content, text)).toBe(want);
  });

  test('of a value of another document is an error, not silence', () => {
    const [member] = decodeForm(Buffer.from('a=1')).root.members;
    if (member === undefined) throw new Error('There is one member');
    expect(() => decodeForm(Buffer.from('a=1')).encode(new Map([[member.key, 'x']]))).toThrow(TypeError);
  });
});

test('what Go would drop, or is no text, is refused', () => {
  for (const form of ['a=1;b=2', 'a=%', 'a=%4', 'a=%zz', '%=1', 'a=%ff', 'a=%C3', '%ED%A0%80=x']) {
    expect(() => decodeForm(Buffer.from(form)), form).toThrow(UndecodableBody);
  }
  expect(() => decodeForm(Buffer.from('a=1&b=2'), { depth: 1, values: 1 })).toThrow('too many values');
});

test('any pairs are read as URLSearchParams reads them', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '&', '=', ' ', '+', '%', 'é', '🦊', '/', '~', '\0') });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      const parameters = new URLSearchParams(pairs);
      const { root } = decodeForm(Buffer.from(parameters.toString()));
      const lists = root.members.map(({ key, value }) => [
        key.text,
        value.kind === 'list' ? value.items.map((item) => ('text' in item ? item.text : undefined)) : undefined,
      ]);
      expect(lists).toEqual([...new Set(parameters.keys())].map((key) => [key, parameters.getAll(key)]));
    }),
  );
});

test(
  'a form of some MB of pairs or of escapes ends in time that grows with its length alone',
  { timeout: 60_000 },
  () => {
    const started = process.cpuUsage();
    expect(() => decodeForm(Buffer.alloc(2_000_002, 'a&'))).toThrow(UndecodableBody);
    expect(decodeForm(Buffer.alloc(3_000_000, '%41')).root.members).toHaveLength(1);
    expect(decodeForm(Buffer.alloc(3_000_000, '=')).root.members).toHaveLength(1);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(15);
  },
);
