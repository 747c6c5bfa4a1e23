import { describe, expect, it } from 'vitest';
import type { Action } from './agentpolicy.ts';
import { everyVerbIncludes, exitReach, isExit, type ExitCall, type ExitReach, type ExitRule } from './exits.ts';

const call = (verb: string, apiGroup: string, resource: string, subresource?: string): ExitCall => ({
  verb,
  apiGroup,
  resource,
  subresource,
});

describe('isExit', () => {
  const exits: Record<string, ExitCall> = {
    'running a command in a pod': call('create', '', 'pods', 'exec'),
    'attaching to a pod': call('create', '', 'pods', 'attach'),
    'forwarding a port': call('create', '', 'pods', 'portforward'),
    'adding a container to a running pod': call('patch', '', 'pods', 'ephemeralcontainers'),
    'talking to a kubelet': call('create', '', 'nodes', 'proxy'),
    'proxy of a resource of any group': call('create', 'example.com', 'widgets', 'proxy'),
    'minting a token': call('create', '', 'serviceaccounts', 'token'),
    'signing a certificate': call('update', 'certificates.k8s.io', 'certificatesigningrequests', 'approval'),
    'binding a role': call('bind', 'rbac.authorization.k8s.io', 'clusterroles'),
    'impersonating a user': call('impersonate', '', 'users'),
    'writing a role': call('create', 'rbac.authorization.k8s.io', 'roles'),
    'deleting all webhooks': call(
      'deletecollection',
      'admissionregistration.k8s.io',
      'validatingwebhookconfigurations',
    ),
    'taking over an API group': call('update', 'apiregistration.k8s.io', 'apiservices'),
    'writing the status of an APIService': call('patch', 'apiregistration.k8s.io', 'apiservices', 'status'),
  };
  it.each(Object.entries(exits))('%s is one', (_name, exit) => {
    expect(isExit(exit)).toBe(true);
  });

  const ordinary: Record<string, ExitCall> = {
    'reading a pod': call('get', '', 'pods'),
    'deleting a pod': call('delete', '', 'pods'),
    'reading roles': call('list', 'rbac.authorization.k8s.io', 'roles'),
    'reading a log': call('get', '', 'pods', 'log'),
    'a subresource of the same name elsewhere': call('create', 'example.com', 'pods', 'exec'),
    'creating a ServiceAccount': call('create', '', 'serviceaccounts'),
    'creating a Secret, as far as its URL says': call('create', '', 'secrets'),
  };
  it.each(Object.entries(ordinary))('%s is none', (_name, exit) => {
    expect(isExit(exit)).toBe(false);
  });
});

const ruleOf = (apiGroups: readonly string[], resources: readonly string[], action: Action = 'Allow'): ExitRule => ({
  action,
  apiGroups: new Set(apiGroups),
  resources: new Set(resources),
});

describe('exitReach', () => {
  const exec = call('create', '', 'pods', 'exec');
  const secret = call('create', '', 'secrets');
  const cases: Record<string, readonly [ExitRule, ExitCall, ExitReach]> = {
    'an Allow rule reaches what is no exit by wildcards': [ruleOf(['*'], ['*']), call('get', '', 'pods'), 'Reached'],
    'an Allow rule reaches an exit by its names': [ruleOf([''], ['pods/exec']), exec, 'Reached'],
    'an Allow rule reaches an exit by its names among wildcards': [
      ruleOf(['*', ''], ['*', 'pods/exec']),
      exec,
      'Reached',
    ],
    '* in resources stops': [ruleOf([''], ['*']), exec, 'Stopped'],
    '* before a subresource stops': [ruleOf([''], ['*/exec']), exec, 'Stopped'],
    '* in apiGroups stops': [ruleOf(['*'], ['pods/exec']), exec, 'Stopped'],
    'an empty subresource is none': [ruleOf(['*'], ['*']), call('update', '', 'pods', ''), 'Reached'],
    'a wildcard that a caller writes is no name': [
      ruleOf(['*'], ['*', '*/proxy']),
      call('create', '*', '*', 'proxy'),
      'Stopped',
    ],
    'Deny rules reach exits by wildcards': [ruleOf(['*'], ['*'], 'Deny'), exec, 'Reached'],
    'RequireApproval rules reach exits by wildcards': [ruleOf(['*'], ['*'], 'RequireApproval'), exec, 'Reached'],
    'wildcards reach the creation of a Secret, but of one type': [ruleOf(['*'], ['*']), secret, 'UnlessTokenSecret'],
    'wildcards reach the update of a Secret, but to one type': [
      ruleOf([''], ['*']),
      call('update', '', 'secrets', ''),
      'UnlessTokenSecret',
    ],
    'wildcards reach the deletion of any Secret': [ruleOf(['*'], ['*']), call('delete', '', 'secrets'), 'Reached'],
    'who names secrets creates any': [ruleOf([''], ['secrets']), secret, 'Reached'],
    'Deny rules reach Secrets of any type': [ruleOf(['*'], ['*'], 'Deny'), secret, 'Reached'],
    'secrets of another group are none': [ruleOf(['*'], ['*']), call('create', 'example.com', 'secrets'), 'Reached'],
  };
  it.each(Object.entries(cases))('%s', (_name, [rule, exit, want]) => {
    expect(exitReach(rule, exit)).toBe(want);
  });
});

describe('everyVerbIncludes', () => {
  it.each(['bind', 'escalate', 'impersonate'])('%s, but not in Allow rules', (verb) => {
    expect(everyVerbIncludes('Allow', verb)).toBe(false);
    expect(everyVerbIncludes('Deny', verb)).toBe(true);
    expect(everyVerbIncludes('RequireApproval', verb)).toBe(true);
  });
  it.each(['get', 'create', 'deletecollection'])('%s in every rule', (verb) => {
    expect(everyVerbIncludes('Allow', verb)).toBe(true);
    expect(everyVerbIncludes('Deny', verb)).toBe(true);
  });
});
