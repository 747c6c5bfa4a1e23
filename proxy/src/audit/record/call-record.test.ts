import { agent, bundleOf, call as policyInput } from '@chaperone/test/policy/calls';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { describe, expect, test } from 'vitest';
import { AuthenticationError } from '../../authn/authentication-error.ts';
import type { CallReport } from '../../call/call-report.ts';
import { GatewayError } from '../../gateway-error.ts';
import { decide, settledInput } from '../../policy/engine.ts';
import { requestAttributes } from '../../request/request-attributes.ts';
import { Rejection } from '../../request/rejection.ts';
import { callRecord, type CallRecordOptions, type RecordedBodies } from './call-record.ts';
import { microTime, recordText } from './record-text.ts';

const bundle = bundleOf([
  compiled('p', [
    rule('read'),
    deny('no-secrets', { resources: ['secrets'], reason: 'Nobody reads secrets here' }),
    hold('jobs', { resources: ['jobs'] }),
  ]),
]);

interface Made extends Partial<Pick<CallReport, 'identity' | 'status' | 'code' | 'endedBy'>> {
  readonly line?: string;
  /** Whether policies have been asked. */
  readonly judged?: boolean;
  readonly error?: unknown;
  readonly stage?: CallRecordOptions['stage'];
  readonly bodies?: Partial<RecordedBodies>;
}

function record({
  line = 'GET /api/v1/namespaces/n/pods/web',
  judged = true,
  error,
  stage,
  bodies,
  ...facts
}: Made = {}) {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  const report: CallReport = {
    auditID: 'id',
    clientAddress: '192.0.2.1',
    started: 0,
    receivedAt: 1_700_000_000_000,
    method,
    target,
    attributes,
    status: 200,
    policyMs: 0.1234567,
    ...(judged ? { identity: agent, decision: decide(bundle, settledInput(policyInput(line))) } : {}),
    ...facts,
  };
  return callRecord({
    report,
    stage: stage ?? 'ResponseComplete',
    error,
    line: { requestURI: target, attributes, userAgent: '', declared: {}, counts: new Map() },
    bodies: { masking: new Map(), ...bodies },
    now: 1_700_000_000_002.5,
    totalMs: 2.5,
    gateway: { replica: 'r', version: 'v' },
  });
}

const DECISION = 'authorization.k8s.io/decision';

describe('the decision on a call', () => {
  const forbidden = 'pods "web" is forbidden: User "agent@example.com" cannot get resource "pods" in API group ""';
  const rows: Readonly<Record<string, readonly [Made, string | undefined]>> = {
    'of one that was carried out is allow': [{}, 'allow'],
    'of one that found nothing is allow': [{ status: 404 }, 'allow'],
    'of one that RBAC refused is forbid': [{ status: 403, bodies: { status: { message: forbidden } } }, 'forbid'],
    'of a path that RBAC refused is forbid': [
      { status: 403, bodies: { status: { message: 'forbidden: User "a" cannot get path "/metrics"' } } },
      'forbid',
    ],
    'of one that a quota refused is allow': [
      { status: 403, bodies: { status: { message: 'pods "web" is forbidden: exceeded quota: small' } } },
      'allow',
    ],
    'of one that an admission webhook refused in words of RBAC is allow': [
      { status: 403, bodies: { status: { message: `admission webhook "x" denied the request: ${forbidden}` } } },
      'allow',
    ],
    'of one that a policy denied is forbid': [
      { line: 'GET /api/v1/namespaces/n/secrets/s', status: 403, code: 'PolicyDenied' },
      'forbid',
    ],
    'of one with impersonation is forbid': [{ status: 403, code: 'ImpersonationRefused' }, 'forbid'],
    'of one that could not be sent is none': [{ status: 503, code: 'UpstreamUnreachable' }, undefined],
    'of a failed login is none': [{ judged: false, status: 401, code: 'SignatureInvalid' }, undefined],
  };
  test.each(Object.entries(rows))('%s', (_, [made, expected]) => {
    expect(record(made).annotations[DECISION]).toBe(expected);
  });
});

describe('the outcome of a call', () => {
  const rows: Readonly<Record<string, readonly [Made, string]>> = {
    'is that it was answered': [{}, 'Answered'],
    'is that it was refused': [
      { status: 403, code: 'PolicyDenied', error: new GatewayError('PolicyDenied') },
      'Refused',
    ],
    'is that it was cut by the gateway': [{ endedBy: 'StreamTooLong' }, 'Cut'],
    'is that it was cut before it was answered': [{ status: 0 }, 'Cut'],
    'is not known where the connection broke': [{ status: 504, code: 'OutcomeUnknown' }, 'Unknown'],
  };
  test.each(Object.entries(rows))('%s', (_, [made, expected]) => {
    expect(record(made).chaperone.outcome).toBe(expected);
  });
});

describe('who called', () => {
  test('is told with groups and extras, and what else was verified', () => {
    const { user, chaperone } = record();
    expect(user).toMatchObject({ username: agent.username, groups: agent.groups });
    expect(chaperone.issuer).toBe(agent.issuer);
  });

  test('is anonymous without credentials, and nobody with bad ones', () => {
    const refused = { judged: false, status: 401 };
    expect(record({ ...refused, error: new AuthenticationError('NoToken') }).user.username).toBe('system:anonymous');
    expect(record({ ...refused, error: new AuthenticationError('TokenExpired') }).user).toEqual({});
  });
});

describe('what a call was about', () => {
  test('has the name of the path, whatever a body says', () => {
    expect(record({ bodies: { object: { name: 'other', uid: 'u' } } }).objectRef).toEqual({
      resource: 'pods',
      namespace: 'n',
      name: 'web',
      uid: 'u',
      apiVersion: 'v1',
    });
  });

  test('has the name of the object where the path has none', () => {
    const { objectRef } = record({ line: 'POST /api/v1/namespaces/n/pods', bodies: { object: { name: 'web-x7' } } });
    expect(objectRef?.name).toBe('web-x7');
  });

  test('is no object where it was a path', () => {
    expect(record({ line: 'GET /version' }).objectRef).toBeUndefined();
  });
});

test('what was refused before anybody judged it is of level Request', () => {
  expect(record({ judged: false }).level).toBe('Request');
});

test('a rule that denies is told with its reason', () => {
  expect(
    record({ line: 'GET /api/v1/namespaces/n/secrets/s', status: 403, code: 'PolicyDenied' }).chaperone.policy,
  ).toMatchObject({
    verdict: 'Deny',
    cause: 'Rule',
    name: 'p',
    rule: 'no-secrets',
    reason: 'Nobody reads secrets here',
  });
});

test('the text is compact JSON without what is undefined, and bodies as they were written', () => {
  const text = recordText(record(), { requestObject: '{"a": 1.50}', responseObject: undefined });
  expect(text).toMatch(/,"requestObject":\{"a": 1\.50\}\}$/);
  expect(text).not.toContain('undefined');
  expect(JSON.parse(text)).toMatchObject({ kind: 'Event', chaperone: { timing: { totalMs: 2.5, policyMs: 0.123 } } });
});

test('moments have six decimals', () => {
  expect(microTime(1_700_000_000_002.5)).toBe('2023-11-14T22:13:20.002500Z');
  expect(microTime(0)).toBe('1970-01-01T00:00:00.000000Z');
});
