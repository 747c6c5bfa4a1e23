import { describe, expect, test } from 'vitest';
import { declaredParts, flattenedParts } from './declared-parts.ts';

describe('what is declared of a body', () => {
  const table: Record<string, readonly [unknown, unknown]> = {
    'is kept where it has the shape that the mapping takes': [
      { spec: { hostPID: true, containers: [{ image: 'a:1', securityContext: { runAsUser: 0 } }] } },
      { spec: { hostPID: true, containers: [{ image: 'a:1', securityContext: { runAsUser: 0 } }] } },
    ],
    'leaves out what is not declared': [
      { metadata: { name: 'a' }, spec: { other: 1, type: 'NodePort' } },
      { spec: { type: 'NodePort' } },
    ],
    'is nothing where nothing is declared': [{ data: { a: 'b' } }, undefined],
    'is nothing of a body that is a list': [[1, 2], undefined],
    'is nothing of a body that is a text': ['a', undefined],
    'leaves out a text where a boolean is declared': [
      { spec: { hostPID: 'true', type: 'A' } },
      { spec: { type: 'A' } },
    ],
    'leaves out a number that is not whole where one is declared': [{ spec: { replicas: 1.5 } }, undefined],
    'leaves out a number that is out of range': [{ spec: { replicas: 2 ** 60 } }, undefined],
    'leaves out an object where a keyword is declared': [{ spec: { type: { a: 1 } } }, undefined],
    'leaves out a text where an object is declared': [
      { spec: 'all', rules: [{ verbs: ['get'] }] },
      { rules: [{ verbs: ['get'] }] },
    ],
    'takes a number as a keyword': [{ spec: { nodeName: 7 } }, { spec: { nodeName: '7' } }],
    'leaves out lists of lists': [{ rules: [{ verbs: [['get'], 'list'] }] }, { rules: [{ verbs: ['list'] }] }],
    'leaves out empty texts': [{ spec: { type: '' } }, undefined],
    'cuts texts that would be no term': [
      { spec: { containers: { image: 'x'.repeat(9_000) } } },
      { spec: { containers: { image: 'x'.repeat(8_191) } } },
    ],
    'makes half a surrogate pair whole': [{ spec: { type: 'a\ud800' } }, { spec: { type: 'a\ufffd' } }],
    'reads no properties that every object has': [JSON.parse('{"__proto__":{"spec":{"type":"a"}}}'), undefined],
  };
  test.each(Object.entries(table))('%s', (_, [body, expected]) => {
    expect(declaredParts(body)).toEqual(expected);
  });
});

describe('an object whose keys are not known', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 'end' : { a: nested(depth - 1) });

  test('is kept, its values as texts', () => {
    expect(flattenedParts({ path: '/var/run', n: 1, deep: { b: true } })).toEqual({
      path: '/var/run',
      n: '1',
      deep: { b: 'true' },
    });
  });

  test('is kept to a depth that Elasticsearch takes', () => {
    expect(flattenedParts(nested(30))).toBeUndefined();
    expect(flattenedParts(nested(7))).toEqual(nested(7));
  });

  test('loses keys that would be no term, and keeps the others', () => {
    expect(flattenedParts({ ['k'.repeat(300)]: 'a', '': 'b', 'x\0y': 'c', good: 'd' })).toEqual({ good: 'd' });
  });

  test('keeps a key that would set a prototype', () => {
    expect(JSON.stringify(flattenedParts(JSON.parse('{"__proto__":"a"}')))).toBe('{"__proto__":"a"}');
  });

  test('makes no term longer than 32,766 bytes', () => {
    const keys = Array.from({ length: 8 }, (_, index) => `${index}${'€'.repeat(255)}`);
    const value: unknown = keys.reduceRight<unknown>((below, key) => ({ [key]: below }), '€'.repeat(9_000));
    const kept = JSON.stringify(flattenedParts(value));
    expect(kept).toContain('€');
    expect(Buffer.byteLength(kept)).toBeLessThan(32_766);
  });
});
