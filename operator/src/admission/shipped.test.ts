import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseShippedAdmission, readShippedAdmission, ShippedAdmissionError, type AdmissionWords } from './shipped.ts';

const words: AdmissionWords = {
  namespace: 'chaperone-system',
  operator: 'op',
  proxy: 'px',
  breakGlassGroups: ['system:masters', 'on $& call'],
};
const policy = (expression: string): string =>
  `kind: ValidatingAdmissionPolicy\nmetadata: { name: p }\nspec:\n  validations:\n  - expression: >-\n      ${expression}\n`;
const binding = 'kind: ValidatingAdmissionPolicyBinding\nmetadata: { name: b }\nspec: { policyName: p }\n';

describe('shipped admission policies', () => {
  test('get the words of the release', () => {
    const text = policy("'system:serviceaccount:@namespace@:@operator@' in @breakGlassGroups@ || '@proxy@'");
    expect(parseShippedAdmission(`# comment\n${text}---\n${binding}`, words)).toEqual([
      {
        kind: 'ValidatingAdmissionPolicy',
        name: 'p',
        spec: {
          validations: [
            { expression: "'system:serviceaccount:chaperone-system:op' in ['system:masters', 'on $& call'] || 'px'" },
          ],
        },
      },
      { kind: 'ValidatingAdmissionPolicyBinding', name: 'b', spec: { policyName: 'p' } },
    ]);
  });

  test.each([
    ['a group that would end its own quotes', policy('@breakGlassGroups@'), { breakGlassGroups: ["x' || 'a' == 'a"] }],
    ['another kind', 'kind: ConfigMap\nmetadata: { name: p }\nspec: {}\n', {}],
    ['no name', 'kind: ValidatingAdmissionPolicy\nmetadata: {}\nspec: {}\n', {}],
    ['no spec', 'kind: ValidatingAdmissionPolicy\nmetadata: { name: p }\n', {}],
    ['what is no YAML', 'kind: [', {}],
  ])('are refused with %s', (_what, text, change) => {
    expect(() => parseShippedAdmission(text, { ...words, ...change })).toThrow(ShippedAdmissionError);
  });
});

describe('a directory of them', () => {
  let directory: string;
  afterEach(() => rmSync(directory, { recursive: true }));

  test('is read whole', async () => {
    directory = mkdtempSync(join(tmpdir(), 'admission-'));
    writeFileSync(join(directory, 'a.yaml'), policy('true'));
    writeFileSync(join(directory, 'b.yaml'), binding);
    writeFileSync(join(directory, 'README.md'), 'not this');
    expect((await readShippedAdmission(directory, words)).map(({ name }) => name)).toEqual(['p', 'b']);
  });

  test('without policies or without bindings is refused: nothing would then be missing', async () => {
    directory = mkdtempSync(join(tmpdir(), 'admission-'));
    await expect(readShippedAdmission(directory, words)).rejects.toThrow(ShippedAdmissionError);
    writeFileSync(join(directory, 'a.yaml'), policy('true'));
    await expect(readShippedAdmission(directory, words)).rejects.toThrow(/ValidatingAdmissionPolicyBinding/);
  });
});
