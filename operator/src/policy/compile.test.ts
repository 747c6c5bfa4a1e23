import { expect, test } from 'vitest';
import { readInvalidSamples, readValidSamples } from '@chaperone/crds/samples/read-samples';
import { formatFieldError } from '@chaperone/crds/validation/field-error';
import { agentPolicy, hold, maskingRule, rule } from '@chaperone/test/policy/builders';
import { compileAgentPolicy, compileMaskingRule } from './compile.ts';
import { discoveryPolicySpec } from './discovery-policy.ts';

const stored = <T extends object>(object: T): T & { metadata: object } => ({
  ...object,
  metadata: { name: 'x', uid: 'u', generation: 3 },
});

/** Each finding as a condition shows it; none where the object is accepted. */
function findings(object: unknown): string[] {
  const isPolicy = typeof object === 'object' && object !== null && 'kind' in object && object.kind === 'AgentPolicy';
  const result = isPolicy ? compileAgentPolicy(object) : compileMaskingRule(object);
  return result.kind === 'accepted' ? [] : result.findings.map(formatFieldError);
}

const condition = (expression: string): { conditions: { name: string; expression: string }[] } => ({
  conditions: [{ name: 'c', expression }],
});

test.each<[string, object, string[]]>([
  ['a policy that is right has none', agentPolicy('p', [rule('a', condition('request.dryRun'))]), []],
  [
    'an expression that is not bool',
    agentPolicy('p', [rule('a'), rule('b', condition('request.name'))]),
    ['spec.rules[1].conditions[0].expression: '],
  ],
  [
    'each of several expressions',
    agentPolicy('p', [rule('a', condition('nonsense')), rule('b', condition('1 +'))], {
      matchConditions: [{ name: 'm', expression: 'user.nobody' }],
    }),
    [
      'spec.matchConditions[0].expression: ',
      'spec.rules[0].conditions[0].expression: ',
      'spec.rules[1].conditions[0].expression: ',
    ],
  ],
  [
    'a pattern in an expression that takes more than linear time',
    agentPolicy('p', [rule('a', condition("request.name.matches('(a)\\\\1')"))]),
    ['spec.rules[0].conditions[0].expression: '],
  ],
  ['what its schema forbids, where it did not pass an API server', agentPolicy('p', []), ['spec.rules: ']],
  [
    'a reviewer who is the only subject',
    agentPolicy(
      'p',
      [
        hold('a', {
          approval: {
            ...hold('a').approval,
            required: 1,
            holdFor: '1s',
            autoRetry: true,
            expiresAfter: '1m',
            onPreviewFailure: 'Deny',
            reviewers: [{ kind: 'User', name: 'dana' }],
          },
        }),
      ],
      { subjects: [{ kind: 'User', name: 'dana' }] },
    ),
    ['spec.rules[0].approval.reviewers: '],
  ],
  ['a masking rule that is right has none', maskingRule('m'), []],
  [
    'a regular expression that looks ahead',
    maskingRule('m', { patterns: [{ name: 'p', regex: '(?=a)' }] }),
    ['spec.patterns[0].regex: '],
  ],
  [
    'a path that is none, and an empty pattern',
    maskingRule('m', { fields: ['data..x'], patterns: [{ name: 'p', regex: 'a*' }] }),
    ['spec.fields[0]: ', 'spec.patterns[0].regex: '],
  ],
])('findings: %s', (_, object, starts) => {
  const found = findings(stored(object));
  expect(found).toHaveLength(starts.length);
  expect(found.map((line, index) => line.slice(0, starts[index]?.length))).toEqual(starts);
});

test('an accepted policy enters the bundle with name, uid, generation and the defaults of its spec', () => {
  const { spec } = agentPolicy('p', [rule('a')]);
  const { mode: _, ...withoutMode } = spec;
  expect(compileAgentPolicy(stored({ ...agentPolicy('p', []), spec: withoutMode }))).toEqual({
    kind: 'accepted',
    entry: { name: 'x', uid: 'u', generation: 3, spec },
  });
});

test('the policy of the installation compiles', () => {
  expect(findings(stored({ ...agentPolicy('p', []), spec: discoveryPolicySpec }))).toEqual([]);
});

test('an object that no API server has stored is refused', () => {
  expect(compileAgentPolicy(agentPolicy('p', [rule('a')]))).toMatchObject({
    kind: 'refused',
    findings: [{ type: 'Required', path: 'metadata' }],
  });
});

test.each([null, 'text', [], {}])('a value that is no object of the kind, %j, is refused', (value) => {
  expect(compileAgentPolicy(value).kind).toBe('refused');
  expect(compileMaskingRule(value).kind).toBe('refused');
});

const isOfBundle = (document: unknown): document is object =>
  typeof document === 'object' &&
  document !== null &&
  'kind' in document &&
  (document.kind === 'AgentPolicy' || document.kind === 'MaskingRule');

test('samples: the valid ones are accepted', async () => {
  const documents = (await readValidSamples()).flatMap((sample) => sample.documents).filter(isOfBundle);
  expect(documents.length).toBeGreaterThan(8);
  expect(documents.flatMap((document) => findings(stored(document)))).toEqual([]);
});

test('samples: the invalid ones are refused, also those that an API server would have refused', async () => {
  const samples = (await readInvalidSamples()).filter(
    ({ documents }) => documents.length === 1 && documents.every(isOfBundle),
  );
  expect(samples.length).toBeGreaterThan(20);
  for (const { name, documents } of samples) {
    const found = documents.filter(isOfBundle).flatMap((document) => findings(stored(document)));
    expect(found, name).not.toEqual([]);
  }
});
