import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { systemClock } from '@chaperone/crds/client/clock';
import { agent } from '@chaperone/test/policy/calls';
import { Agent } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { newSideCall, type SideCaller, type SideRequest } from './side-call.ts';

const dispatcher = new Agent({ allowH2: false });
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Asks a server that breaks as the real one cannot be made to. */
async function ask(
  listener: RequestListener,
  changes: Partial<SideRequest> = {},
  signal = new AbortController().signal,
) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const attributes = requestAttributes({ method: 'PUT', target: '/api/v1/namespaces/d/pods/p' });
  const headers = inboundHeaders([
    'User-Agent',
    'kubectl/v1',
    'Accept',
    'application/vnd.kubernetes.protobuf',
    'X-Other',
    'x',
  ]);
  if (attributes instanceof Rejection) throw attributes;
  if (headers instanceof Rejection) throw headers;
  const caller: SideCaller = {
    auditID: 'audit-1',
    identity: agent,
    headers,
    attributes,
    origin: { clientAddress: '192.0.2.1', clientCertificate: false },
    signal,
  };
  const sideCall = newSideCall({
    upstream: {
      calls: async () => ({
        origin: `http://127.0.0.1:${address.port}`,
        basePath: '/base',
        dispatcher,
        credential: { authorization: 'Bearer own', via: 'replica' },
      }),
    },
    clock: systemClock,
    timeoutMs: 300,
    maxBytes: 1_024,
  });
  const outcome = sideCall(caller, { method: 'GET', target: '/api/v1/x?y', ...changes });
  return { outcome, requests };
}

describe('a side call', () => {
  test('is the caller’s, under the Audit-ID of the call, and asks for JSON', async () => {
    const { outcome, requests } = await ask((_, response) => response.end('{}'), {
      method: 'PATCH',
      body: Buffer.from('patch'),
      contentType: 'application/merge-patch+json',
    });
    expect(await outcome).toEqual({ status: 200, body: Buffer.from('{}') });
    expect(requests[0]).toMatchObject({ method: 'PATCH', url: '/base/api/v1/x?y' });
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer own',
      'impersonate-user': agent.username,
      'audit-id': 'audit-1',
      accept: 'application/json',
      'content-type': 'application/merge-patch+json',
      'user-agent': 'kubectl/v1',
    });
    expect(requests[0]?.headers).not.toHaveProperty('x-other');
  });

  test('is given up where it is not answered in time', async () => {
    const { outcome } = await ask(() => undefined);
    await expect(outcome).rejects.toMatchObject({ code: 'UpstreamTimeout' });
  });

  test('is given up where its answer does not end in time', async () => {
    const { outcome } = await ask((_, response) => void response.write('{'));
    await expect(outcome).rejects.toMatchObject({ code: 'UpstreamTimeout' });
  });

  test('is given up where its client goes', async () => {
    const gone = new AbortController();
    const { outcome, requests } = await ask(() => gone.abort(), {}, gone.signal);
    await expect(outcome).rejects.toMatchObject({ code: 'UpstreamBroken' });
    expect(requests).toHaveLength(1);
  });

  test('is made once more where the connection broke', async () => {
    let broken = false;
    const { outcome, requests } = await ask((request, response) => {
      if (broken) response.end('{}');
      else request.socket.destroy();
      broken = true;
    });
    expect(await outcome).toMatchObject({ status: 200 });
    expect(requests).toHaveLength(2);
  });

  test('is not made a third time', async () => {
    const { outcome, requests } = await ask((request) => request.socket.destroy());
    await expect(outcome).rejects.toMatchObject({ code: 'UpstreamBroken' });
    expect(requests).toHaveLength(2);
  });

  test('reads no more of an answer than its bound', async () => {
    const { outcome } = await ask((_, response) => response.end(Buffer.alloc(1_025)));
    expect(await outcome).toEqual({ status: 200, body: undefined });
  });
});
