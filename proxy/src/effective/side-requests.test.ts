import { describe, expect, test } from 'vitest';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { dryRunTarget, oldObjectTarget, parentTarget } from './side-requests.ts';

function attributesOf(line: string): RequestAttributes {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

const pods = '/api/v1/namespaces/d/pods';

describe('what is read for a call', () => {
  type Case = readonly [line: string, old: string | undefined, parent: string | undefined];
  const cases: Readonly<Record<string, Case>> = {
    'the object itself': [`PUT ${pods}/p?dryRun=All`, `${pods}/p`, undefined],
    'a cluster-scoped object': ['DELETE /api/v1/nodes/n', '/api/v1/nodes/n', undefined],
    'a Namespace': ['DELETE /api/v1/namespaces/d', '/api/v1/namespaces/d', undefined],
    'a name with escapes': [
      'DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/a%20b',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/a%20b',
      undefined,
    ],
    'nothing before a create': [`POST ${pods}`, undefined, undefined],
    'a status, and what it is of': [`PATCH ${pods}/p/status`, `${pods}/p/status`, `${pods}/p`],
    'a scale, and what it is of': [
      'PUT /apis/apps/v1/namespaces/d/deployments/w/scale?x=1',
      '/apis/apps/v1/namespaces/d/deployments/w/scale',
      '/apis/apps/v1/namespaces/d/deployments/w',
    ],
    'the Namespace for its finalizers': [
      'PUT /api/v1/namespaces/d/finalize',
      '/api/v1/namespaces/d',
      '/api/v1/namespaces/d',
    ],
    'no log': [`GET ${pods}/p/log?follow=true`, undefined, `${pods}/p`],
    'no eviction': [`POST ${pods}/p/eviction`, undefined, `${pods}/p`],
    'no command': [`GET ${pods}/p/exec?command=id`, undefined, `${pods}/p`],
    'no backend': [`GET ${pods}/p:80/proxy/api/v1/x?y`, undefined, `${pods}/p:80`],
    'no token': [
      'POST /api/v1/namespaces/d/serviceaccounts/s/token',
      undefined,
      '/api/v1/namespaces/d/serviceaccounts/s',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [line, old, parent]) => {
    const attributes = attributesOf(line);
    expect([oldObjectTarget(attributes), parentTarget(attributes)]).toEqual([old, parent]);
  });
});

describe('the target of a dry run', () => {
  const cases: Readonly<Record<string, readonly [line: string, target: string]>> = {
    'has dryRun': [`POST ${pods}`, `${pods}?dryRun=All`],
    'keeps the query as it is': [
      `PATCH ${pods}/p?fieldManager=a+b&force=true&fieldValidation=Strict&x=%2f`,
      `${pods}/p?fieldManager=a+b&force=true&fieldValidation=Strict&x=%2f&dryRun=All`,
    ],
    'has one dryRun alone': [`PUT ${pods}/p?dryRun=All&a=1&dryRun=All`, `${pods}/p?a=1&dryRun=All`],
    'replaces one that the API server would refuse': [`PUT ${pods}/p?dryRun=&a=1`, `${pods}/p?a=1&dryRun=All`],
    'replaces one whose name is escaped': [`PUT ${pods}/p?dry%52un=none`, `${pods}/p?dryRun=All`],
    'keeps what only looks like it': [`PUT ${pods}/p?DryRun=x&xdryRun=y`, `${pods}/p?DryRun=x&xdryRun=y&dryRun=All`],
    'takes empty pairs for none': [`PUT ${pods}/p?&&dryRun=None&&a`, `${pods}/p?a&dryRun=All`],
  };
  test.each(Object.entries(cases))('%s', (_, [line, target]) => {
    expect(dryRunTarget(attributesOf(line))).toBe(target);
  });
});
