import { describe, expect, test } from 'vitest';
import { callTo, maskingOfRules, maskJson, ruleFor } from '@chaperone/test/masking/rules';
import { CallValues } from './call-values.ts';
import { maskQuotedValues } from './status-message.ts';

const SEED = 'zebra-velvet-4711';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const M = '[MASKED:x]';

describe('of a validation error it masks', () => {
  const cases: Record<string, readonly [message: string, want: string]> = {
    'a quoted text': [
      'Secret "db" is invalid: type: Invalid value: "ab": is immutable',
      `Secret "db" is invalid: type: Invalid value: ${M}: is immutable`,
    ],
    'a text with quotes in it': ['a: Invalid value: "x\\"y: z": bad', `a: Invalid value: ${M}: bad`],
    'each of several': [
      '[a: Invalid value: "1": bad, b: Unsupported value: "2": supported values: "3", c: Duplicate value: 4]',
      `[a: Invalid value: ${M}: bad, b: Unsupported value: ${M}: supported values: "3", c: Duplicate value: ${M}]`,
    ],
    'no name of a type': [
      'spec.a: Invalid value: "string": must be of type integer',
      'spec.a: Invalid value: "string": must be of type integer',
    ],
    'all that follows an object, whose end nobody can tell': [
      'a: Invalid value: v1.Foo{Bar:"x"}: bad',
      `a: Invalid value: ${M}`,
    ],
    'all that follows a text without an end': ['a: Invalid value: "x', `a: Invalid value: ${M}`],
    'what a decoder of YAML quotes': [
      'yaml: line 3: cannot unmarshal !!str `zebra-v...` into map',
      `yaml: line 3: cannot unmarshal !!str \`${M}`,
    ],
    'the diff of a Pod that may not change so': [
      'Pod "a" is invalid: spec: Forbidden: pod updates may not change fields\n@@ -1 +1 @@\n-"Value": "old"\n',
      `Pod "a" is invalid: spec: Forbidden: pod updates may not change fields\n${M}`,
    ],
    'nothing of an error without a value': ['secrets "db" not found', 'secrets "db" not found'],
  };
  test.each(Object.entries(cases))('%s', (_sentence, [message, want]) => {
    expect(maskQuotedValues(message, 'x').text).toBe(want);
    expect(maskQuotedValues(want, 'x').text).toBe(want);
  });

  test('in linear time, whatever it is made of', () => {
    for (const part of ['Invalid value: "', 'Invalid value: "a"b', '\\"', 'cannot unmarshal ', 'Invalid value: 1']) {
      const started = performance.now();
      maskQuotedValues(part.repeat(Math.ceil(1_000_000 / part.length)), 'x');
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

const status = (message: string): object => ({
  kind: 'Status',
  status: 'Failure',
  message,
  details: { name: 'db', causes: [{ reason: 'FieldValueInvalid', message, field: 'data' }] },
});

describe('a Status', () => {
  const masking = maskingOfRules(ruleFor('hide', 'configmaps', { fields: ['data.*'] }));

  test('shows no value that the request had', () => {
    const { audit } = masking.maskingOf(callTo('secrets'));
    const values = new CallValues();
    maskJson(audit, { data: { a: base64(SEED) } }, { kind: 'body' }, { values });
    const want = status('admission webhook "w" denied the request: [MASKED:known-value] is weak');
    expect(
      maskJson(audit, status(`admission webhook "w" denied the request: ${SEED} is weak`), { kind: 'body' }, { values })
        .json,
    ).toEqual(want);
  });

  test('shows no value of a field of a rule in answers, either', () => {
    const { response } = masking.maskingOf(callTo('configmaps'));
    const values = new CallValues();
    expect(response && maskJson(response, { data: { a: SEED } }, { kind: 'body' }, { values }).edits).toBe(1);
    const masked = response && maskJson(response, status(`${SEED} is weak`), { kind: 'body' }, { values }).json;
    expect(masked).toEqual(status('[MASKED:known-value] is weak'));
  });

  test('is masked whole where nobody knows what the request had', () => {
    const { audit } = masking.maskingOf(callTo('secrets'));
    const masked = maskJson(audit, status('something'), { kind: 'body' }, { requestDecoded: false });
    expect(masked.json).toEqual(status('[MASKED:secret-message]'));
  });

  test('about what holds nothing to be masked says what it says', () => {
    const { audit } = masking.maskingOf(callTo('pods'));
    const body = status('spec.nodeName: Invalid value: "n": is immutable');
    expect(maskJson(audit, body, { kind: 'body' }, { requestDecoded: false }).edits).toBe(0);
  });

  test('in the place of a watched object is masked like one', () => {
    const { audit } = masking.maskingOf(callTo('secrets'));
    const masked = maskJson(audit, { type: 'ERROR', object: status('a: Invalid value: "x": bad') });
    expect(masked.json).toEqual({ type: 'ERROR', object: status('a: Invalid value: [MASKED:secret]: bad') });
  });

  test('that a caller sends in the place of an object is masked as the object', () => {
    const { audit } = masking.maskingOf(callTo('secrets'));
    expect(maskJson(audit, { kind: 'Status', data: { a: SEED } }).json).toEqual({
      kind: 'Status',
      data: { a: '[MASKED:secret]' },
    });
  });
});
