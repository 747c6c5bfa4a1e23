import { describe, expect, test } from 'vitest';
import { newIdentity, type Identity } from '../authn/identity.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { Rejection } from '../request/rejection.ts';
import { sideCallHeaders, upgradeHeaders, upstreamHeaders, type HeaderSource } from './headers.ts';

const CREDENTIAL = { authorization: 'Bearer gateway', via: 'replica-1' };
const OWN = [
  ['Authorization', 'Bearer gateway'],
  ['Impersonate-User', 'agent@example.com'],
  ['Impersonate-Group', 'agents'],
  ['Impersonate-Extra-chaperone.dev%2Fvia', 'replica-1'],
  ['Audit-ID', 'audit-1'],
  ['X-Forwarded-For', '192.0.2.7'],
];

const SOURCE = { issuer: 'https://issuer.example.com', expiresAt: 0 };
const identity = (username: string): Identity =>
  newIdentity({ username, uid: '', groups: ['agents'], extra: {} }, SOURCE);

function call(target: string, lines: readonly string[], username = 'agent@example.com'): HeaderSource {
  const attributes = requestAttributes({ method: 'GET', target });
  const headers = inboundHeaders(lines);
  if (attributes instanceof Rejection) throw attributes;
  if (headers instanceof Rejection) throw headers;
  const origin = { clientAddress: '192.0.2.7', clientCertificate: false };
  return { auditID: 'audit-1', attributes, headers, origin, identity: identity(username) };
}

const pairs = (flat: readonly string[]): string[][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);

const HOSTILE = [
  ['Host', 'gateway'],
  ['Authorization', 'Bearer agent'],
  ['Cookie', 'a=b'],
  ['Audit-ID', 'forged'],
  ['X-Forwarded-For', '203.0.113.9'],
  ['X_Forwarded_For', '203.0.113.9'],
  ['X-Real-Ip', '203.0.113.9'],
  ['Forwarded', 'for=203.0.113.9'],
  ['X-Remote-User', 'admin'],
  ['X_Remote_User', 'admin'],
  ['X-Remote-Extra-Scopes', 'all'],
  ['Impersonate-User', 'admin'],
  ['Impersonate_User', 'admin'],
  ['Impersonate-Extra-chaperone.dev%2Fvia', 'forged'],
  ['Proxy-Authorization', 'Bearer agent'],
  ['Connection', 'keep-alive, te'],
  ['Keep-Alive', 'timeout=1000'],
  ['TE', 'trailers'],
  ['Trailer', 'X-A'],
  ['Expect', '100-continue'],
  ['Via', '1.1 other'],
  ['Sec-WebSocket-Extensions', 'permessage-deflate'],
  ['Sec-WebSocket-Protocol', 'v5.channel.k8s.io'],
];

describe('headers of a call to the API server', () => {
  test('are those of the gateway and of the identity, and of the client those that are on the list', () => {
    const lines = [
      ...HOSTILE,
      ['accept', 'application/json'],
      ['accept', 'application/yaml'],
      ['Content-Type', 'application/json'],
      ['User-Agent', 'kubectl/v1.36.3'],
      ['If-None-Match', '"1"'],
      ['X-Anything', 'else'],
    ];
    expect(pairs(upstreamHeaders(call('/api/v1/pods', lines.flat()), CREDENTIAL))).toEqual([
      ...OWN,
      ['Accept', 'application/json'],
      ['Accept', 'application/yaml'],
      ['Content-Type', 'application/json'],
      ['If-None-Match', '"1"'],
      ['User-Agent', 'kubectl/v1.36.3'],
    ]);
  });

  test('to a backend behind a proxy are all but those of the hops before it', () => {
    const target = '/api/v1/namespaces/default/services/web/proxy/';
    const lines = [...HOSTILE, ['X-Api-Key', 'k'], ['accept', '*/*']];
    expect(pairs(upstreamHeaders(call(target, lines.flat()), CREDENTIAL))).toEqual([
      ...OWN,
      ['x-api-key', 'k'],
      ['accept', '*/*'],
    ]);
  });

  test('of an upgrade hold what is offered, and no extension', () => {
    const source = call('/api/v1/namespaces/default/pods/p/exec?command=id', HOSTILE.flat());
    const offer = {
      protocol: 'websocket',
      connect: undefined,
      key: 'key',
      subprotocols: ['v5.channel.k8s.io'],
    } as const;
    expect(pairs(upgradeHeaders(source, CREDENTIAL, offer))).toEqual([
      ...OWN,
      ['Sec-WebSocket-Key', 'key'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Protocol', 'v5.channel.k8s.io'],
    ]);
  });

  test("of a call of the gateway's own are JSON in the name of the caller, with its words for itself", () => {
    const source = call('/api/v1/pods', [...HOSTILE.flat(), 'User-Agent', 'kubectl']);
    expect(pairs(sideCallHeaders(source, CREDENTIAL, 'application/json'))).toEqual([
      ...OWN,
      ['Accept', 'application/json'],
      ['Content-Type', 'application/json'],
      ['User-Agent', 'kubectl'],
    ]);
    expect(sideCallHeaders(call('/api/v1/pods', []), CREDENTIAL, undefined)).not.toContain('Content-Type');
  });

  describe('are never made', () => {
    const offer = { protocol: 'websocket', connect: undefined, key: 'key', subprotocols: [] } as const;
    const makers: Record<string, (source: HeaderSource, authorization: string) => unknown> = {
      'for a call': (source, authorization) => upstreamHeaders(source, { authorization, via: 'r' }),
      'for an upgrade': (source, authorization) => upgradeHeaders(source, { authorization, via: 'r' }, offer),
      "for a call of the gateway's own": (source, authorization) =>
        sideCallHeaders(source, { authorization, via: 'r' }, undefined),
    };
    test.each(Object.entries(makers))('%s without a name', (_, make) => {
      expect(() => make(call('/api/v1/pods', [], ''), 'Bearer gateway')).toThrow(
        expect.objectContaining({ code: 'IdentityMissing' }),
      );
    });

    test.each(
      Object.entries(makers).flatMap(([what, make]) =>
        ['', 'Bearer ', 'gateway'].map((authorization) => [what, authorization, make] as const),
      ),
    )('%s by the credential "%s"', (_, authorization, make) => {
      expect(() => make(call('/api/v1/pods', []), authorization)).toThrow(
        expect.objectContaining({ code: 'IdentityMissing' }),
      );
    });
  });
});
