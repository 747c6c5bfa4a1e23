import { describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway-error.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { upgradeOffer, type UpgradeOffer } from './upgrade-offer.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const POD = '/api/v1/namespaces/n/pods/p';

interface Request {
  readonly target?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

const WEBSOCKET = 'Connection Upgrade Upgrade websocket Sec-WebSocket-Version 13 Sec-WebSocket-Key'.split(' ');
const webSocket = (...more: readonly string[]): string[] => [...WEBSOCKET, KEY, ...more];
const spdy = (...versions: readonly string[]): string[] => [
  'Connection',
  'Upgrade',
  'Upgrade',
  'SPDY/3.1',
  ...versions.flatMap((version) => ['X-Stream-Protocol-Version', version]),
];

function read({ target = `${POD}/exec?command=id`, method = 'GET', headers = webSocket() }: Request): UpgradeOffer {
  const attributes = requestAttributes({ method, target });
  const inbound = inboundHeaders(headers);
  if (attributes instanceof Rejection || inbound instanceof Rejection) throw new TypeError('the test is wrong');
  return upgradeOffer(attributes, inbound);
}

describe('is served:', () => {
  const offering = (protocols: string): string[] => webSocket('Sec-WebSocket-Protocol', protocols);
  const cases: Record<string, { request: Request; want: object }> = {
    'exec over a WebSocket': {
      request: { headers: offering('v5.channel.k8s.io') },
      want: { protocol: 'websocket', key: KEY, subprotocols: ['v5.channel.k8s.io'], connect: { subresource: 'exec' } },
    },
    'attach over a WebSocket that offers nothing': {
      request: { target: `${POD}/attach` },
      want: { protocol: 'websocket', subprotocols: [], connect: { subresource: 'attach' } },
    },
    'what can be read of what is offered': {
      request: { headers: offering('v5.channel.k8s.io, v4.channel.k8s.io, v3.channel.k8s.io, channel.k8s.io, x') },
      want: { subprotocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'] },
    },
    'a tunnelled port-forward': {
      request: { target: `${POD}/portforward`, headers: offering('SPDY/3.1+portforward.k8s.io') },
      want: { subprotocols: ['SPDY/3.1+portforward.k8s.io'], connect: { subresource: 'portforward', ports: [] } },
    },
    'exec over SPDY': {
      request: { method: 'POST', headers: spdy('v5.channel.k8s.io', 'v4.channel.k8s.io', 'v9.channel.k8s.io') },
      want: { protocol: 'SPDY/3.1', versions: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] },
    },
    'exec over SPDY without a version': { request: { method: 'POST', headers: spdy() }, want: { versions: [] } },
    'port-forward over SPDY': {
      request: { method: 'POST', target: `${POD}/portforward`, headers: spdy('portforward.k8s.io') },
      want: { versions: ['portforward.k8s.io'] },
    },
    'any WebSocket behind a proxied pod': {
      request: { target: `${POD}/proxy/ws`, headers: offering('graphql-ws, x') },
      want: { protocol: 'websocket', subprotocols: ['graphql-ws', 'x'], connect: undefined },
    },
  };
  test.each(Object.entries(cases))('%s', (_, { request, want }) => {
    expect(read(request)).toMatchObject(want);
  });

  test('a token among the subprotocols is never part of the offer', () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from('token').toString('base64url')}`;
    for (const target of [`${POD}/exec`, `${POD}/proxy`])
      expect(read({ target, headers: offering(`${token}, v4.channel.k8s.io`) })).toMatchObject({
        subprotocols: ['v4.channel.k8s.io'],
      });
  });
});

describe('is refused:', () => {
  const cases: Record<string, { request: Request; code: string }> = {
    'a watch': { request: { target: '/api/v1/pods?watch=true' }, code: 'UpgradeNotServed' },
    logs: { request: { target: `${POD}/log?follow=true` }, code: 'UpgradeNotServed' },
    'a get': { request: { target: POD }, code: 'UpgradeNotServed' },
    'a path': { request: { target: '/healthz' }, code: 'UpgradeNotServed' },
    'exec of another kind of object': {
      request: { target: '/apis/example.com/v1/namespaces/n/pods/p/exec' },
      code: 'UpgradeNotServed',
    },
    'exec over SPDY by GET': { request: { headers: spdy('v4.channel.k8s.io') }, code: 'UpgradeNotServed' },
    'exec over a WebSocket by POST': { request: { method: 'POST' }, code: 'UpgradeNotServed' },
    'SPDY behind a proxied pod': {
      request: { method: 'POST', target: `${POD}/proxy`, headers: spdy() },
      code: 'UpgradeNotServed',
    },
    'SPDY behind a proxied node, where the kubelet serves exec': {
      request: { method: 'POST', target: '/api/v1/nodes/n/proxy/exec/n/p/c', headers: spdy('v4.channel.k8s.io') },
      code: 'UpgradeNotServed',
    },
    'subprotocols that are all unknown': {
      request: { headers: webSocket('Sec-WebSocket-Protocol', 'v9.channel.k8s.io') },
      code: 'UpgradeNotServed',
    },
    'a tunnel to exec': {
      request: { headers: webSocket('Sec-WebSocket-Protocol', 'SPDY/3.1+portforward.k8s.io') },
      code: 'UpgradeNotServed',
    },
    'versions of streams that are all unknown': {
      request: { method: 'POST', headers: spdy('portforward.k8s.io') },
      code: 'UpgradeNotServed',
    },
    'a WebSocket without a key': {
      request: { headers: ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'] },
      code: 'UpgradeMalformed',
    },
    'a key of other bytes': {
      request: { headers: webSocket().with(7, 'dGhlIHNhbXBsZSBub25jZR==') },
      code: 'UpgradeMalformed',
    },
    'another version of WebSockets': { request: { headers: webSocket().with(5, '8') }, code: 'UpgradeMalformed' },
  };
  test.each(Object.entries(cases))('%s', (_, { request, code }) => {
    expect(() => read(request)).toThrow(expect.objectContaining({ name: GatewayError.name, code }));
  });
});
