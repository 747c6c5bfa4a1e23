import { describe, expect, it } from 'vitest';
import { isExit, type ExitCall } from './exits.ts';

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
