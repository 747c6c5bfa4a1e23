import { describe, expect, test } from 'vitest';
import { bodyOptions, queryOptions } from './call-options.ts';
import { Rejection } from './rejection.ts';
import { requestAttributes, type RequestAttributes } from './request-attributes.ts';

function attributesOf(line: string): RequestAttributes {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

const read = (line: string): ReturnType<typeof queryOptions> => {
  const attributes = attributesOf(line);
  return queryOptions(attributes, attributes.query);
};

const pods = '/api/v1/namespaces/d/pods';

describe('the options of a query', () => {
  const cases: Readonly<Record<string, readonly [line: string, options: object, dryRun?: true]>> = {
    'of a create': [
      `POST ${pods}?fieldManager=m&fieldValidation=Strict&dryRun=All`,
      { fieldManager: 'm', fieldValidation: 'Strict', dryRun: ['All'] },
      true,
    ],
    'are only those that the call knows': [`POST ${pods}?force=true&gracePeriodSeconds=0&limit=x&watch=true`, {}],
    'have case-sensitive names': [`POST ${pods}?DryRun=All&dryrun=All`, {}],
    'leave out what is empty': [`POST ${pods}?fieldManager=&fieldValidation`, {}],
    'of an update': [`PUT ${pods}/p?dryRun=All&dryRun=All`, { dryRun: ['All', 'All'] }, true],
    'keep a dryRun that the API server refuses, which is no dry run': [
      `PUT ${pods}/p?dryRun=true`,
      { dryRun: ['true'] },
    ],
    'keep an empty dryRun, which is refused as well': [`PUT ${pods}/p?dryRun`, { dryRun: [''] }],
    'of a patch have force wherever it is named': [`PATCH ${pods}/p?force=false`, { force: false }],
    'of a patch are true for all but 0 and false': [`PATCH ${pods}/p?force=no`, { force: true }],
    'of a get': [`GET ${pods}/p?resourceVersion=0&dryRun=All&watch=true`, { resourceVersion: '0' }],
    'of a list': [
      `GET ${pods}?labelSelector=a%3Db&limit=500&allowWatchBookmarks=0&timeoutSeconds=0&continue=c`,
      { labelSelector: 'a=b', limit: 500, timeoutSeconds: 0, continue: 'c' },
    ],
    'of a watch': [`GET ${pods}?watch&sendInitialEvents=false`, { watch: true, sendInitialEvents: false }],
    'hold an int64 exactly': [`GET ${pods}?limit=9007199254740993`, { limit: 9007199254740993n }],
    'of logs': [
      `GET ${pods}/p/log?follow=true&previous=false&tailLines=0&container=c&stream=`,
      { follow: true, tailLines: 0, container: 'c', stream: '' },
    ],
    'of an exec': [
      `POST ${pods}/p/exec?command=sh&command=-c&tty=no&stdin=false&dryRun=All`,
      { command: ['sh', '-c'], tty: true },
    ],
    'of a port-forward': [`GET ${pods}/p/portforward?ports=80`, { ports: [80] }],
    'of a delete': [
      `DELETE ${pods}/p?gracePeriodSeconds=0&propagationPolicy=Foreground&uid=u&resourceVersion=7&dryRun=All`,
      {
        gracePeriodSeconds: 0,
        propagationPolicy: 'Foreground',
        preconditions: { uid: 'u', resourceVersion: '7' },
        dryRun: ['All'],
      },
      true,
    ],
    'of a delete without preconditions have none': [
      `DELETE ${pods}/p?uid=&orphanDependents=false`,
      { orphanDependents: false },
    ],
    'of a deletecollection are what selects as well': [
      `DELETE ${pods}?labelSelector=a&resourceVersion=7&gracePeriodSeconds=1`,
      { labelSelector: 'a', preconditions: { resourceVersion: '7' }, gracePeriodSeconds: 1 },
    ],
    'of a subresource': [`POST ${pods}/p/eviction?dryRun=All`, { dryRun: ['All'] }, true],
    'of a TokenRequest, which is never a dry run, whatever it asks for': [
      'POST /api/v1/namespaces/d/serviceaccounts/s/token?dryRun=All',
      { dryRun: ['All'] },
    ],
    'of what is proxied are the backend’s': [`POST ${pods}/p/proxy/a?dryRun=All`, {}],
    'of a path are none': ['GET /version?timeout=32s', {}],
  };
  test.each(Object.entries(cases))('%s', (_, [line, options, dryRun = false]) => {
    expect(read(line)).toEqual({ options, dryRun });
  });

  test.each([`GET ${pods}?limit=x`, `GET ${pods}/p/log?tailLines=`, `DELETE ${pods}/p?gracePeriodSeconds=1.0`])(
    '%s does not decode',
    (line) => {
      expect(read(line)).toMatchObject({ code: 'ParameterInvalid' });
    },
  );
});

describe('the options of a body', () => {
  const cases: Readonly<Record<string, readonly [line: string, body: object, options: object, dryRun?: true]>> = {
    'replace the dryRun of the query': [`DELETE ${pods}/p?dryRun=All`, {}, {}],
    'replace the grace period of the query': [`DELETE ${pods}/p?gracePeriodSeconds=0`, {}, {}],
    'may ask for a dry run themselves': [`DELETE ${pods}/p`, { dryRun: ['All'] }, { dryRun: ['All'] }, true],
    'leave a deletecollection what selects, and no precondition of the query': [
      `DELETE ${pods}?labelSelector=a&dryRun=All&resourceVersion=7`,
      { gracePeriodSeconds: 1 },
      { labelSelector: 'a', gracePeriodSeconds: 1 },
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [line, body, options, dryRun = false]) => {
    const attributes = attributesOf(line);
    expect(bodyOptions(attributes, attributes.query, { ...body })).toEqual({ options, dryRun });
  });
});
