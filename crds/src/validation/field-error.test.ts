import { describe, expect, it } from 'vitest';
import {
  duplicate,
  forbidden,
  formatFieldError,
  formatFieldErrors,
  formatFieldWarnings,
  invalid,
  notSupported,
  required,
} from './field-error.ts';
import { child, entry, item } from './path.ts';

describe('paths', () => {
  it('are spelled as the API server spells them', () => {
    expect(child(child(item(child('spec', 'rules'), 3), 'approval'), 'holdFor')).toBe('spec.rules[3].approval.holdFor');
    expect(entry(child('metadata', 'labels'), 'a.b/c')).toBe('metadata.labels[a.b/c]');
    expect(child('', 'spec')).toBe('spec');
  });
});

describe('formatFieldError', () => {
  const cases = {
    'says what is required': [required('spec.name', 'name it'), 'spec.name: Required value: name it'],
    'says what is forbidden': [forbidden('spec.name', 'remove it'), 'spec.name: Forbidden: remove it'],
    'quotes a bad value': [
      invalid('spec.name', 'a"b', 'rename it'),
      String.raw`spec.name: Invalid value: "a\"b": rename it`,
    ],
    'lists what is supported': [
      notSupported('spec.mode', 'Off', ['Enforce', 'DryRun']),
      'spec.mode: Unsupported value: "Off": supported values: "Enforce", "DryRun"',
    ],
    'names a duplicate': [
      duplicate('spec.rules[1]', 'x'),
      'spec.rules[1]: Duplicate value: "x": must be unique in its list',
    ],
    'leaves out an empty path': [invalid('', 'x', 'wrong'), 'Invalid value: "x": wrong'],
  } as const;
  it.each(Object.entries(cases))('%s', (_name, [error, want]) => {
    expect(formatFieldError(error)).toBe(want);
  });

  it('shows only the beginning of a long value', () => {
    expect(formatFieldError(invalid('spec', 'x'.repeat(1000), 'too much'))).toHaveLength(
      `spec: Invalid value: "${'x'.repeat(128)}...": too much`.length,
    );
  });
});

describe('formatFieldErrors', () => {
  const errors = Array.from({ length: 100 }, (_, index) => required(`spec.rules[${index}]`, 'give it'));

  it('puts each finding on a line of its own', () => {
    expect(formatFieldErrors(errors.slice(0, 2))).toBe(
      'spec.rules[0]: Required value: give it\nspec.rules[1]: Required value: give it',
    );
  });

  it('is empty without findings', () => {
    expect(formatFieldErrors([])).toBe('');
  });

  it.each([24, 60, 100, 500, 3900])('counts what does not fit into %d characters', (maxLength) => {
    const message = formatFieldErrors(errors, maxLength);
    const shown = message.split('\n').length - 1;
    expect(message.length).toBeLessThanOrEqual(maxLength);
    expect(message).toMatch(new RegExp(`\\.\\.\\. and ${100 - shown} more$`, 'u'));
  });

  it('formats warnings alike', () => {
    expect(formatFieldWarnings([{ path: 'spec', detail: 'odd' }])).toBe('spec: odd');
  });
});
