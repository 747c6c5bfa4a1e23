import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { ruleOf } from '@chaperone/test/masking/rules';
import { compiled, rule } from '@chaperone/test/policy/builders';
import { agent, call, NOW } from '@chaperone/test/policy/calls';
import { expect, test } from 'vitest';
import { compileBundle } from '../policy/compiled-bundle.ts';
import { decide, settledInput } from '../policy/engine.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { refusalNow } from './judge-again.ts';

const policies = [compiled('allow', [rule('all', { verbs: ['*'], resources: ['configmaps', 'secrets'] })])];
const bundleOf = (maskingRules: readonly BundleMaskingRule[]) =>
  compileBundle({ revision: String(maskingRules.length), policies, maskingRules });

const UNKNOWN = { kind: 'unknown' } as const;
const shown = { targets: ['Audit', 'Response'] as const };
const about = (name: string, resource: string, spec: Partial<BundleMaskingRule['spec']> = {}) =>
  ruleOf(name, { match: { apiGroups: [''], resources: [resource] }, fields: ['data.*'], ...spec });
const hidden = about('hidden', 'configmaps', { targets: [...shown.targets] });

const target = '/api/v1/namespaces/a/configmaps?watch=true';
const attributes = requestAttributes({ method: 'GET', target });

/** What becomes of a watch of the namespace `a` that began under some rules, under others. */
function afterChange(before: readonly BundleMaskingRule[], after: readonly BundleMaskingRule[]): string {
  if (attributes instanceof Rejection) throw attributes;
  const input = settledInput(call(`GET ${target}`));
  const bundle = bundleOf(before);
  const decision = decide(bundle, input);
  if (decision.verdict !== 'Allow') throw new Error(decision.verdict);
  const masking = bundle.masking.maskingOf({ ...attributes, identity: agent });
  const standing = { attributes, identity: agent, input, decision, masking };
  return refusalNow(standing, { bundle: bundleOf(after), namespaceObject: UNKNOWN, now: NOW })?.code ?? 'goes on';
}

const rows: Readonly<Record<string, readonly [BundleMaskingRule[], BundleMaskingRule[], string]>> = {
  'no rules, no change': [[], [], 'goes on'],
  'a rule that masks what it shows': [[], [hidden], 'MaskingChanged'],
  'such a rule that goes': [[hidden], [], 'MaskingChanged'],
  'such a rule that masks more': [
    [hidden],
    [{ ...hidden, spec: { ...hidden.spec, fields: ['data'] } }],
    'MaskingChanged',
  ],
  'such a rule in another namespace': [
    [],
    [about('other', 'configmaps', { ...hidden.spec, match: { ...hidden.spec.match, namespaces: ['b'] } })],
    'goes on',
  ],
  'the same rule as another object': [[hidden], [{ ...hidden, uid: 'another', generation: 7 }], 'goes on'],
  'a rule for records alone': [[], [about('records', 'configmaps')], 'goes on'],
  'a rule about other resources': [[], [about('secrets', 'secrets', { targets: [...shown.targets] })], 'goes on'],
  'a rule about other callers': [
    [],
    [
      {
        ...hidden,
        spec: { ...hidden.spec, match: { ...hidden.spec.match, subjects: [{ kind: 'User', name: 'else' }] } },
      },
    ],
    'goes on',
  ],
};

test.each(Object.entries(rows))('a watch and %s', (_, [before, after, expected]) =>
  expect(afterChange(before, after)).toBe(expected),
);
