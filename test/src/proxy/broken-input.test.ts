import { describe, expect, test } from 'vitest';
import { BROKEN_INPUT_CLASSES, KINDS_PER_CLASS } from './attack-inventory.ts';
import { BROKEN_INPUTS } from './broken-input.ts';

describe('the kinds of broken input', () => {
  test.each(BROKEN_INPUT_CLASSES)('%s: are enough, and each is another', (name) => {
    const kinds = Object.values(BROKEN_INPUTS[name]);
    expect(kinds.length).toBeGreaterThanOrEqual(KINDS_PER_CLASS);
    const written = kinds.map(({ parts, bare, token }) => token ?? `${bare === true ? 'bare ' : ''}${parts.join('')}`);
    expect(new Set(written).size).toBe(kinds.length);
  });

  test('are of classes that the inventory knows', () => {
    expect(Object.keys(BROKEN_INPUTS)).toEqual([...BROKEN_INPUT_CLASSES]);
  });
});
