import * as fc from 'fast-check';
import {
  connectPath,
  namespacePath,
  nonResourcePath,
  oneWordOf,
  resourcePath,
  root,
  watchPath,
  wordPath,
  words,
} from './arbitrary-paths.ts';
import { query, repetitiveQuery } from './arbitrary-queries.ts';
import type { Question } from './oracle.ts';

const method = oneWordOf('GET GET GET HEAD POST PUT PATCH DELETE');

/** Requests that clients may send: every one of them must be accepted. */
export const legalRequest: fc.Arbitrary<Question> = fc
  .oneof(
    { weight: 8, arbitrary: fc.tuple(method, resourcePath) },
    { weight: 1, arbitrary: fc.tuple(method, namespacePath) },
    { weight: 2, arbitrary: fc.tuple(method, connectPath) },
    { weight: 1, arbitrary: fc.tuple(oneWordOf('GET HEAD POST PUT PATCH DELETE OPTIONS'), nonResourcePath) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('GET'), watchPath) },
  )
  .chain(([verb, path]) =>
    fc
      .tuple(oneWordOf('∅ ∅ ∅ /'), query)
      .map(([slash, text]) => ({ method: verb, target: `${path}${path.endsWith('/') ? '' : slash}${text}` })),
  );

/** Any words in any order, repeated and contradicting parameters. */
export const wordRequest: fc.Arbitrary<Question> = fc
  .tuple(oneWordOf('GET GET GET HEAD POST PUT PATCH DELETE OPTIONS'), wordPath, repetitiveQuery)
  .map(([verb, path, text]) => ({ method: verb, target: `${path}${text}` }));

const HOSTILE = [
  ...words(
    '// /./ /../ %2e%2e %2E %2F %2f %5C \\ # ; % %4 %zz %25 %252F %00 %0a %ff %c0%af %ed%a0%80 %65 %7E / ? & = +',
  ),
  ...words('* : @ /proxy/ /exec /watch/ é %C2%85 ?watch=true;x=1 &watch=1&watch=0 &%zz=1 &a=%ff &a=%00'),
  '?fieldSelector=metadata.name=a&fieldSelector=metadata.name=b',
];
const insertion = fc.tuple(fc.nat(200), fc.constantFrom(...HOSTILE));
const mutated = fc
  .tuple(legalRequest, fc.array(insertion, { minLength: 1, maxLength: 3 }))
  .map(([request, insertions]) => ({
    method: request.method,
    target: insertions.reduce((target, [position, text]) => {
      const at = position % (target.length + 1);
      return target.slice(0, at) + text + target.slice(at);
    }, request.target),
  }));
const otherForm = fc
  .tuple(legalRequest, oneWordOf('http://kubernetes https://other/ / // * ∅ kubernetes:443 ? ./ /.. /.'))
  .map(([request, form]) => ({ method: request.method, target: `${form}${request.target}` }));
const otherMethod = fc
  .tuple(legalRequest, oneWordOf('OPTIONS TRACE CONNECT get Get WATCH PROXY PROPFIND X-Y LIST ∅'))
  .map(([{ target }, verb]) => ({ method: verb, target }));
const printable = fc
  .tuple(oneWordOf('/ /api/v1/ /apis/apps/v1/pods?'), fc.string({ unit: 'grapheme-ascii', maxLength: 30 }))
  .map(([start, rest]) => ({ method: 'GET', target: `${start}${rest}` }));
const legacyPrefix = fc
  .tuple(method, root, oneWordOf('watch proxy'), oneWordOf('∅ / /pods /namespaces/d/pods/p/x'))
  .map(([verb, start, prefix, rest]) => ({ method: verb, target: `${start}/${prefix}${rest}` }));
const excessive = fc
  .constantFrom(`/api/v1/pods?${'a&'.repeat(1_000)}`, `/api/v1/pods?x=${'y'.repeat(70_000)}`, `/${'z'.repeat(65_536)}`)
  .map((target) => ({ method: 'GET', target }));

/** Requests of somebody who wants to be read in two ways. */
export const hostileRequest: fc.Arbitrary<Question> = fc.oneof(
  { weight: 60, arbitrary: mutated },
  { weight: 10, arbitrary: otherForm },
  { weight: 8, arbitrary: otherMethod },
  { weight: 12, arbitrary: printable },
  { weight: 6, arbitrary: legacyPrefix },
  { weight: 1, arbitrary: excessive },
);
