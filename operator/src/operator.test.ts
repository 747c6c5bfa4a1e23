import { expect, test } from 'vitest';
import { ApiError, ConnectionError, RequestTimeoutError, summarizeStatus } from '@chaperone/crds/client/api-error';
import { canBeMended } from './operator.ts';
import { LeadershipLostError } from './runtime/manager.ts';
import { InstallationError } from './term.ts';

const answered = (status: number): ApiError =>
  new ApiError('GET /x', summarizeStatus({ status, body: undefined, secret: false }));

test.each<[string, unknown, { readonly atFirst: boolean; readonly later: boolean }]>([
  ['a lost lease', new LeadershipLostError('lost'), { atFirst: true, later: true }],
  ['an API server that is not there', new ConnectionError('ECONNREFUSED'), { atFirst: true, later: true }],
  ['an API server that hangs', new RequestTimeoutError('late'), { atFirst: true, later: true }],
  ['an API server without etcd', answered(500), { atFirst: true, later: true }],
  ['an API server that is overloaded', answered(429), { atFirst: true, later: true }],
  ['an API server that does not know the token', answered(401), { atFirst: false, later: true }],
  ['an API server that has not read its RBAC yet', answered(403), { atFirst: false, later: true }],
  ['a chart that is not installed', new InstallationError('install'), { atFirst: false, later: false }],
  ['a fault of our own', new TypeError('undefined is not a function'), { atFirst: false, later: false }],
])('%s: does it help to begin anew?', (_what, error, { atFirst, later }) => {
  expect([canBeMended(error, false), canBeMended(error, true)]).toEqual([atFirst, later]);
});
