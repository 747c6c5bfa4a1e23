import { systemClock } from '@chaperone/crds/client/clock';
import { agent, bundleOf, call as policyInput } from '@chaperone/test/policy/calls';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { describe, expect, test } from 'vitest';
import { AuthenticationError } from './authn/authentication-error.ts';
import type { Call } from './call/call.ts';
import type { CallReport } from './call/call-report.ts';
import { newConcurrencyLimit } from './call/concurrency.ts';
import { newChain, type Passes } from './chain.ts';
import { GatewayError } from './gateway-error.ts';
import { decide } from './policy/engine.ts';
import { UNKNOWN_OBJECT } from './policy/policy-input.ts';
import { inboundHeaders } from './request/inbound-headers.ts';
import { Rejection } from './request/rejection.ts';
import { requestAttributes } from './request/request-attributes.ts';

/** What a call did, in order. */
type Step = 'authenticate' | 'judge' | 'intent' | 'look up' | 'forward' | 'release';

const bundle = bundleOf([
  compiled('p', [
    rule('read'),
    rule('labelled', { resources: ['services'], objectSelector: { matchLabels: { a: 'b' } } }),
    deny('no-secrets', { resources: ['secrets'] }),
    hold('jobs', { resources: ['jobs'] }),
  ]),
]);

function passCall(line: string, changes: Partial<Passes> = {}, headers: readonly string[] = []) {
  const steps: Step[] = [];
  let claimedBy = '';
  const note = (step: Step): void => void steps.push(step);
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  const inbound = inboundHeaders(['Host', 'gateway', 'Authorization', 'Bearer token', ...headers]);
  if (attributes instanceof Rejection) throw attributes;
  if (inbound instanceof Rejection) throw inbound;
  const call: Call = {
    auditID: 'audit-1',
    receivedAt: 0,
    origin: { clientAddress: '127.0.0.1', clientCertificate: false },
    attributes,
    headers: inbound,
    body: {
      present: false,
      claim: (caller) => void (claimedBy = caller),
      read: async () => Buffer.alloc(0),
      stream: () => {
        throw new Error('no body is streamed here');
      },
      release: () => note('release'),
    },
    signal: new AbortController().signal,
  };
  const report: CallReport = {
    auditID: 'audit-1',
    clientAddress: '127.0.0.1',
    started: 0,
    receivedAt: 0,
    method,
    target,
    status: 0,
  };
  const passes: Passes = {
    authenticator: {
      authenticate: async () => {
        note('authenticate');
        return agent;
      },
    },
    concurrency: newConcurrencyLimit({ calls: 1, streams: 1 }),
    judge: {
      judgeRequestLine: async (authenticated) => {
        note('judge');
        const input = policyInput(line);
        const { apiGroup, resource, subresource, namespace } = attributes;
        const masking = bundle.masking.maskingOf({ apiGroup, resource, subresource, namespace, identity: agent });
        return { ...authenticated, bundle, input, masking, decision: decide(bundle, input) };
      },
      judgeObjects: async (judged) => {
        note('look up');
        const input = {
          ...judged.input,
          object: UNKNOWN_OBJECT,
          oldObject: UNKNOWN_OBJECT,
          parentObject: UNKNOWN_OBJECT,
        };
        return { ...judged, input, decision: decide(bundle, input) };
      },
    },
    log: {
      appendIntent: async () => note('intent'),
    },
    readRightsRefusal: async (_call, refusal) => refusal,
    clock: systemClock,
    accepting: () => true,
    ...changes,
  };
  const chain = newChain(passes);
  const forward = async (): Promise<void> => note('forward');
  return { steps, report, claimedBy: () => claimedBy, outcome: chain(call, report, forward) };
}

describe('a call', () => {
  test('passes authentication, policy, intent and the look at its object before it is forwarded', async () => {
    const { steps, outcome, claimedBy } = passCall('GET /api/v1/namespaces/default/pods/web');
    await outcome;
    expect(claimedBy()).toBe('agent@example.com');
    expect(steps).toEqual(['authenticate', 'judge', 'intent', 'look up', 'forward', 'release']);
  });

  test.each([
    [
      'without an identity',
      'GET /api/v1/pods',
      {
        authenticator: { authenticate: () => Promise.reject(new AuthenticationError('NoToken')) },
      },
      'NoToken',
      [],
    ],
    [
      'while the replica shuts down',
      'GET /api/v1/namespaces/default/pods/web',
      { accepting: () => false },
      'Draining',
      [],
    ],
    [
      'that no rule allows',
      'GET /api/v1/namespaces/default/nodes/web',
      {},
      'PolicyDenied',
      ['authenticate', 'judge', 'release'],
    ],
    [
      'that a rule denies',
      'GET /api/v1/namespaces/default/secrets/db',
      {},
      'PolicyDenied',
      ['authenticate', 'judge', 'release'],
    ],
    [
      'whose intent cannot be written',
      'GET /api/v1/namespaces/default/pods/web',
      {
        log: { appendIntent: () => Promise.reject(new Error('no space left on device')) },
      },
      'IntentNotWritable',
      ['authenticate', 'judge', 'release'],
    ],
    [
      'whose object turns out to be unknown',
      'GET /api/v1/namespaces/default/services/web',
      {},
      'PolicyDenied',
      ['authenticate', 'judge', 'intent', 'look up', 'release'],
    ],
    [
      'that has to be approved',
      'GET /api/v1/namespaces/default/jobs/web',
      {},
      'ApprovalUnavailable',
      ['authenticate', 'judge', 'intent', 'look up', 'release'],
    ],
  ] as const)('%s is never forwarded, and gets no further than it must', async (_what, line, changes, code, steps) => {
    const passed = passCall(line, changes);
    await expect(passed.outcome).rejects.toMatchObject({ code });
    expect(passed.steps).toEqual(steps);
  });

  test('that asks for impersonation is refused once it is known who asks', async () => {
    const { steps, report, outcome } = passCall('GET /api/v1/pods', {}, ['Impersonate-User', 'admin']);
    await expect(outcome).rejects.toMatchObject({ code: 'ImpersonationRefused', status: 403 });
    expect(steps).toEqual(['authenticate']);
    expect(report.identity?.username).toBe('agent@example.com');
  });
});

test('a call that is refused for the rights of the gateway is answered by what the API server serves', async () => {
  const { outcome } = passCall('GET /api/v1/namespaces/default/pods/web', {
    judge: {
      judgeRequestLine: (call) =>
        Promise.reject(new GatewayError(call.identity === agent ? 'RightsLagging' : 'Internal')),
      judgeObjects: async (judged) => judged,
    },
    readRightsRefusal: async (call) => new GatewayError(call.identity === agent ? 'ResourceNotServed' : 'Internal'),
  });
  await expect(outcome).rejects.toMatchObject({ code: 'ResourceNotServed', status: 404 });
});

test('a caller with too many calls under way is refused before the policies are asked', async () => {
  const concurrency = newConcurrencyLimit({ calls: 1, streams: 1 });
  const leave = concurrency.enter('agent@example.com', 'call');
  const { steps, outcome } = passCall('GET /api/v1/namespaces/default/pods/web', { concurrency });
  await expect(outcome).rejects.toMatchObject({ code: 'TooManyRequests' });
  expect(steps).toEqual(['authenticate']);
  leave();
  await passCall('GET /api/v1/namespaces/default/pods/web', { concurrency }).outcome;
});
