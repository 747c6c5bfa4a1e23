import { agent } from '@chaperone/test/policy/calls';
import { ruleFor } from '@chaperone/test/masking/rules';
import { expect, test } from 'vitest';
import { compileMasking } from '../engine/masking.ts';
import { redacted } from '../text/placeholder.ts';
import { maskMessage } from './mask-message.ts';

const rules = [ruleFor('environment', 'pods', { fields: ['spec.containers[*].env[*].value'] })];
const masking = compileMasking({ maskingRules: rules }, redacted);
const of = (resource: string) =>
  masking.maskingOf({ apiGroup: '', resource, subresource: '', namespace: 'n', identity: agent });

const QUOTING = 'Pod "a" is invalid: spec: Forbidden: may not change ["Value":"hunter2hunter2"]';

test('where something of the resource is always masked, a record has nothing of the message', () =>
  expect(maskMessage('Secret "a" is invalid: hunter2hunter2', of('secrets').audit)).toBe('[MASKED:secret-message]'));

test('where a rule masks something of it, neither the record nor the caller has', () => {
  const { audit, response } = of('pods');
  expect(maskMessage(QUOTING, audit)).toBe('[MASKED:environment]');
  expect(response === undefined ? undefined : maskMessage(QUOTING, response)).toBe('[MASKED:environment]');
});

test('elsewhere it stays, but for what detectors find', () => {
  const { audit, response } = of('configmaps');
  expect(maskMessage('configmaps "a" not found', audit)).toBe('configmaps "a" not found');
  expect(maskMessage(`got ghp_${'a1B2'.repeat(9)}`, audit)).toBe('got [MASKED:github-token]');
  expect(response).toBeUndefined();
});
