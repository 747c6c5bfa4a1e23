import { agent } from '@chaperone/test/policy/calls';
import { describe, expect, test } from 'vitest';
import type { AuthenticatedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { newRightsRefusalReader, notServed } from './not-served.ts';
import type { SideAnswer } from './object-answer.ts';

function attributesOf(line: string): RequestAttributes {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

const answer = (status: number, value: unknown): SideAnswer => ({
  status,
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});
const resources = answer(200, {
  kind: 'APIResourceList',
  resources: [
    { name: 'deployments', verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] },
    { name: 'deployments/scale', verbs: ['get', 'update', 'patch'] },
  ],
});

describe('a call that was refused for the gateway own rights', () => {
  const cases: Record<string, readonly [string, SideAnswer, string | undefined]> = {
    'is served: the rights are to come': ['GET /apis/apps/v1/namespaces/a/deployments/b', resources, undefined],
    'has a subresource that is served': ['PUT /apis/apps/v1/namespaces/a/deployments/b/scale', resources, undefined],
    'is of a resource that its group does not have': ['GET /apis/apps/v1/nothings', resources, 'ResourceNotServed'],
    'is of a subresource that its resource does not have': [
      'GET /apis/apps/v1/namespaces/a/deployments/b/nothing',
      resources,
      'ResourceNotServed',
    ],
    'has a verb that the subresource does not have': [
      'DELETE /apis/apps/v1/namespaces/a/deployments/b/scale',
      resources,
      'MethodNotServed',
    ],
    'is of a group or version that there is not': [
      'GET /apis/none/v1/a',
      answer(404, '404 page not found'),
      'ResourceNotServed',
    ],
    'is of a group whose server is away': [
      'GET /apis/metrics.k8s.io/v1/pods',
      answer(503, 'service unavailable'),
      undefined,
    ],
    'is of a group that the caller may not discover': ['GET /apis/apps/v1/nothings', answer(403, {}), undefined],
    'has discovery of another shape': ['GET /apis/apps/v1/nothings', answer(200, { kind: 'Other' }), undefined],
    'has discovery that is too long to be read': [
      'GET /apis/apps/v1/nothings',
      { status: 200, body: undefined },
      undefined,
    ],
  };
  test.each(Object.entries(cases))('%s', (_name, [line, discovery, expected]) => {
    expect(notServed(attributesOf(line), discovery)?.code).toBe(expected);
  });
});

describe('the reader of such refusals', () => {
  const refusal = new GatewayError('RightsLagging');
  const callOf = (target: string): AuthenticatedCall => {
    const headers = inboundHeaders(['Host', 'gateway']);
    if (headers instanceof Rejection) throw headers;
    const body = {
      present: false,
      claim: () => undefined,
      read: async () => Buffer.of(),
      stream: () => neverRead(),
      release: () => undefined,
    };
    return {
      auditID: 'audit-1',
      receivedAt: 0,
      origin: { clientAddress: '127.0.0.1', clientCertificate: false },
      attributes: attributesOf(`GET ${target}`),
      headers,
      body,
      signal: new AbortController().signal,
      identity: agent,
    };
  };
  const neverRead = (): never => {
    throw new Error('no body is read here');
  };

  test('asks for the resources of the group and version of the call', async () => {
    const asked: string[] = [];
    const read = newRightsRefusalReader(async (_caller, { method, target }) => {
      asked.push(`${method} ${target}`);
      return resources;
    });
    expect(await read(callOf('/apis/apps/v1/nothings'), refusal)).toMatchObject({ code: 'ResourceNotServed' });
    await read(callOf('/api/v1/nothings'), refusal);
    expect(asked).toEqual(['GET /apis/apps/v1', 'GET /api/v1']);
  });

  test('leaves a refusal as it is for a path that is no resource, and asks nothing', async () => {
    const read = newRightsRefusalReader(async () => neverRead());
    expect(await read(callOf('/metrics'), refusal)).toBe(refusal);
  });

  test.each([
    ['cannot be asked', () => Promise.reject(new GatewayError('UpstreamTimeout'))],
    ['answers what is no JSON', async () => answer(200, '{')],
  ])('leaves it as it is when discovery %s', async (_name, answered) => {
    const read = newRightsRefusalReader(answered);
    expect(await read(callOf('/apis/apps/v1/nothings'), refusal)).toBe(refusal);
  });
});
