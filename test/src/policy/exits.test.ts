import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesResource, qualifiedResource } from '@chaperone/crds/bundle/resource-match';
import { stopsAtExits, validateResourceReach } from '@chaperone/crds/validation/resource-reach';
import {
  everyVerbIncludes,
  exitReach,
  PROXY_SUBRESOURCE,
  subresourceExits,
  TOKEN_SECRET_TYPE,
  type ExitCall,
  type ExitReach,
} from '@chaperone/crds/v1alpha1/exits';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { newApiResources } from '@chaperone/operator/gateway/api-resources';
import { reachedVerbs, targetsOf } from '@chaperone/operator/gateway/reach';
import { comparedRules, verbSet } from '@chaperone/operator/policy/compared-rule';
import { reaches } from '@chaperone/operator/policy/rule-relations';
import { known } from '@chaperone/proxy/policy/policy-input';
import { approvalBy, compiled, rule } from './builders.ts';
import { call, verdict } from './calls.ts';

/** Programs that judge policies apart from each other, held against the one judgement that they share. */

const GROUPS = ['', 'apps', 'rbac.authorization.k8s.io', 'certificates.k8s.io', 'example.com'];
const RESOURCES = ['pods', 'secrets', 'serviceaccounts', 'roles', 'certificatesigningrequests', 'widgets'];
const SUBRESOURCES = ['', 'exec', 'ephemeralcontainers', 'proxy', 'token', 'approval', 'log'];
const URL_VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
const VERBS = [...URL_VERBS, 'bind', 'escalate'] as const;

const exitCall: fc.Arbitrary<ExitCall> = fc.record({
  verb: fc.constantFrom(...VERBS),
  apiGroup: fc.constantFrom(...GROUPS),
  resource: fc.constantFrom(...RESOURCES),
  subresource: fc.constantFrom(...SUBRESOURCES),
});

/** Mostly about the call: few rules of the others match it at all. */
const pair: fc.Arbitrary<{ readonly rule: PolicyRule; readonly asked: ExitCall }> = exitCall.chain((asked) => {
  const some = <T extends string>(own: T, others: readonly T[]): fc.Arbitrary<T[]> =>
    fc.uniqueArray(fc.oneof(fc.constant<T>(own), fc.constantFrom(...others)), { minLength: 1, maxLength: 3 });
  const entry = qualifiedResource(asked);
  return fc
    .record({
      action: fc.constantFrom<PolicyRule['action']>('Allow', 'Deny', 'RequireApproval'),
      verbs: fc.uniqueArray(fc.constantFrom<PolicyRule['verbs'][number]>('*', ...VERBS), {
        minLength: 1,
        maxLength: 3,
      }),
      apiGroups: some(asked.apiGroup, ['*', ...GROUPS]),
      resources: some(entry, ['*', '*/exec', '*/proxy', '*/token', ...RESOURCES]),
    })
    .map((changes) => {
      const approval = changes.action === 'RequireApproval' ? { approval: approvalBy('oncall') } : {};
      return { rule: rule('r', { ...changes, ...approval }), asked };
    });
});

/** Undefined where the rule is about something else. */
function expected(one: PolicyRule, asked: ExitCall): ExitReach | undefined {
  const { action, verbs, apiGroups, resources } = one;
  const verbMatches =
    verbs.some((verb) => verb === asked.verb) || (verbs.includes('*') && everyVerbIncludes(action, asked.verb));
  return verbMatches && namesResource(one, asked)
    ? exitReach({ action, apiGroups: new Set(apiGroups), resources: new Set(resources) }, asked)
    : undefined;
}

/** As the gateway decides by this one rule, where the object is of this type. */
function decision(one: PolicyRule, asked: ExitCall, type: string): string {
  const base = asked.apiGroup === '' ? '/api/v1' : `/apis/${asked.apiGroup}/v1`;
  const subresource = asked.subresource === '' ? '' : `/${asked.subresource}`;
  const object = known({ metadata: { name: 'y', namespace: 'x' }, type });
  const input = call(`GET ${base}/namespaces/x/${asked.resource}/y${subresource}`, { object, oldObject: object });
  // RequestInfo knows no method for bind and escalate.
  const attributes = { ...input.attributes, judgedVerb: asked.verb };
  return verdict([compiled('p', [one])], { ...input, attributes });
}

const api = newApiResources(
  GROUPS.flatMap((group) =>
    RESOURCES.flatMap((resource) =>
      SUBRESOURCES.map((subresource) => ({
        group,
        resource: qualifiedResource({ apiGroup: group, resource, subresource }),
        namespaced: true,
        verbs: new Set<string>(URL_VERBS),
      })),
    ),
  ),
);

const RUNS = { numRuns: 5_000 };

describe('whether a rule reaches an exit is judged alike', () => {
  test('by the gateway, which knows the object', () => {
    fc.assert(
      fc.property(pair, ({ rule: one, asked }) => {
        const want = expected(one, asked);
        const matched = `${one.action} p/r`;
        const missed = 'Deny NoRule';
        expect(decision(one, asked, 'Opaque')).toBe(want === undefined || want === 'Stopped' ? missed : matched);
        expect(decision(one, asked, TOKEN_SECRET_TYPE)).toBe(want === 'Reached' ? matched : missed);
      }),
      RUNS,
    );
  });

  test("where the gateway's rights are derived, which cannot tell Secrets apart", () => {
    fc.assert(
      fc.property(pair, ({ rule: one, asked }) => {
        fc.pre(one.action !== 'Deny' && asked.verb !== 'bind' && asked.verb !== 'escalate');
        const targets = targetsOf(one, api).filter(
          ({ group, resource }) => group === asked.apiGroup && resource === qualifiedResource(asked),
        );
        const want = expected(one, asked);
        expect(
          targets.some((target) => reachedVerbs(one, target, { allowSelfAdministration: false }).has(asked.verb)),
        ).toBe(want !== undefined && want !== 'Stopped');
      }),
      RUNS,
    );
  });

  test('where rules are compared, which says of Secrets only what is certain', () => {
    fc.assert(
      fc.property(pair, ({ rule: one, asked }) => {
        const thing = { group: asked.apiGroup, resource: qualifiedResource(asked) };
        const found = comparedRules([compiled('p', [one])], 0).map((compared) =>
          reaches(compared, verbSet([asked.verb]), thing),
        );
        expect(found).toEqual([expected(one, asked) === 'Reached']);
      }),
      RUNS,
    );
  });

  test.each(
    [
      ...subresourceExits,
      ...['pods', 'services', 'nodes'].map((resource) => ({ apiGroup: '', resource, subresource: PROXY_SUBRESOURCE })),
    ].flatMap((exit) =>
      [[exit.apiGroup], ['*'], ['*', exit.apiGroup]].flatMap((apiGroups) =>
        [qualifiedResource(exit), `*/${exit.subresource}`, '*'].map((entry) => ({ exit, apiGroups, entry })),
      ),
    ),
  )('where a policy is accepted, which tells who writes $entry of $apiGroups', ({ exit, apiGroups, entry }) => {
    const one = rule('r', { verbs: ['*'], apiGroups, resources: [entry] });
    const told = stopsAtExits(one) || validateResourceReach(one, 'r').length > 0;
    expect(told).toBe(expected(one, { verb: 'create', ...exit }) === 'Stopped');
  });
});
