import { describe, expect, it } from 'vitest';
import { compileRegex } from '../expression/regex.ts';
import type { MaskingRuleSpec } from '../v1alpha1/generated/api.ts';
import { formatFieldErrors, formatFieldWarnings } from './field-error.ts';
import { validateMaskingRuleSpec, warnMaskingRuleSpec } from './maskingrule.ts';

const specWith = (spec: Partial<MaskingRuleSpec>): MaskingRuleSpec => ({
  replacement: 'Redact',
  targets: ['Audit'],
  writeBack: 'Refuse',
  ...spec,
});
const findings = (spec: Partial<MaskingRuleSpec>): string =>
  formatFieldErrors(validateMaskingRuleSpec(specWith(spec), { compileRegex }));

describe('validateMaskingRuleSpec', () => {
  const good: Record<string, Partial<MaskingRuleSpec>> = {
    'detectors alone': { detectors: ['JWT'] },
    'fields of everything': { fields: ['data.*', 'spec.containers[*].env[*].value'] },
    'annotations, labels and managed fields': {
      fields: ["metadata.annotations['a.b/c']", 'metadata.labels.secret', 'metadata.managedFields[*].fieldsV1'],
    },
    'patterns of logs': {
      match: { apiGroups: [''], resources: ['pods/log'] },
      patterns: [{ name: 'token', regex: 'tok_[a-z0-9]{8,}' }],
    },
    'fields of objects beside logs': {
      match: { apiGroups: [''], resources: ['pods', 'pods/log'] },
      fields: ['spec'],
    },
    'fields of logs beside detectors': {
      match: { apiGroups: [''], resources: ['pods/log'] },
      fields: ['spec'],
      detectors: ['JWT'],
    },
    'an empty match, which is every call': { match: {}, detectors: ['JWT'] },
  };
  it.each(Object.entries(good))('takes %s', (_name, spec) => {
    expect(findings(spec)).toBe('');
  });

  const bad: Record<string, readonly [spec: Partial<MaskingRuleSpec>, want: string]> = {
    'a rule that masks nothing': [{}, 'spec: Required value: the rule masks nothing'],
    'Response without Audit': [
      { detectors: ['JWT'], targets: ['Response'] },
      'spec.targets: Invalid value: "Response"',
    ],
    'a wildcard that would mask kind': [{ fields: ['*'] }, 'spec.fields[0]: Forbidden: start with the name of a field'],
    'a list where an object is': [{ fields: ['[*].a'] }, 'spec.fields[0]: Forbidden: start with the name of a field'],
    kind: [{ fields: ['data', 'kind'] }, 'spec.fields[1]: Forbidden: kind says what the object is'],
    'all of metadata': [{ fields: ['metadata'] }, 'of metadata only annotations, labels and managedFields'],
    'every field of metadata': [{ fields: ['metadata.*'] }, 'of metadata only annotations, labels and managedFields'],
    'the resourceVersion, quoted': [{ fields: ["metadata['resourceVersion']"] }, 'of metadata only'],
    'a path that cannot be read': [
      { fields: ['data..x'] },
      'spec.fields[0]: Invalid value: "data..x": position 4: expected a field name',
    ],
    'a pattern that does not compile': [
      { patterns: [{ name: 'p', regex: '(' }] },
      'spec.patterns[0].regex: Invalid value: "(": ',
    ],
    'a pattern that matches nothing at all': [{ patterns: [{ name: 'p', regex: 'a|' }] }, 'matches the empty text'],
    'fields of nothing but sessions': [
      { match: { apiGroups: [''], resources: ['pods/exec', 'services/proxy'] }, fields: ['data'] },
      'spec.match.resources: Invalid value: "pods/exec,services/proxy": logs and sessions',
    ],
    'resources without groups': [
      { match: { resources: ['pods'] }, detectors: ['JWT'] },
      'apiGroups and resources go together',
    ],
    'a bad namespace': [{ match: { namespaces: ['a*'] }, detectors: ['JWT'] }, 'spec.match.namespaces[0]'],
    'a bad subject': [
      { match: { subjects: [{ kind: 'ServiceAccount', name: 'a' }] }, detectors: ['JWT'] },
      'spec.match.subjects[0].namespace: Required value',
    ],
  };
  it.each(Object.entries(bad))('finds %s', (_name, [spec, want]) => {
    expect(findings(spec)).toContain(want);
  });

  it('finds everything, not only the first', () => {
    const spec = specWith({ fields: ['kind', '..'], patterns: [{ name: 'p', regex: '(' }], targets: ['Response'] });
    expect(validateMaskingRuleSpec(spec, { compileRegex }).map(({ path }) => path)).toEqual([
      'spec.targets',
      'spec.fields[0]',
      'spec.fields[1]',
      'spec.patterns[0].regex',
    ]);
  });
});

describe('warnMaskingRuleSpec', () => {
  const warnings = (spec: Partial<MaskingRuleSpec>): string => formatFieldWarnings(warnMaskingRuleSpec(specWith(spec)));
  const both: MaskingRuleSpec['targets'] = ['Audit', 'Response'];
  const HELM = 'Secrets of type helm.sh/release.v1 are not masked in responses';

  it('says that Helm’s Secrets stay readable where responses of Secrets are masked', () => {
    expect(
      warnings({ match: { apiGroups: [''], resources: ['secrets'] }, fields: ['data.*'], targets: both }),
    ).toContain(HELM);
    expect(warnings({ match: { apiGroups: ['*'], resources: ['*'] }, fields: ['data.*'], targets: both })).toContain(
      HELM,
    );
  });

  it('says so too, and that it is every resource, without a match', () => {
    expect(warnings({ detectors: ['JWT'], targets: both })).toMatch(
      /^spec\.targets: Secrets.*\nspec\.targets: the rule masks responses of every/u,
    );
  });

  it('is silent about other resources, and about records', () => {
    expect(warnings({ match: { apiGroups: [''], resources: ['configmaps'] }, fields: ['data.*'], targets: both })).toBe(
      '',
    );
    expect(
      warnings({ match: { apiGroups: ['example.com'], resources: ['*'] }, fields: ['data.*'], targets: both }),
    ).toBe('');
    expect(warnings({ match: { apiGroups: [''], resources: ['secrets'] }, fields: ['data.*'] })).toBe('');
  });
});
