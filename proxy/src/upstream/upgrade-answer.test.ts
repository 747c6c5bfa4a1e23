import { describe, expect, test } from 'vitest';
import { agreedProtocol } from './upgrade-answer.ts';
import type { UpgradeOffer } from './upgrade-offer.ts';

const connect = { subresource: 'portforward', ports: [] } as const;
const webSocket: UpgradeOffer = {
  protocol: 'websocket',
  key: 'dGhlIHNhbXBsZSBub25jZQ==',
  subprotocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  connect,
};
const spdy: UpgradeOffer = { protocol: 'SPDY/3.1', versions: ['v4.channel.k8s.io'], connect };
/** RFC 6455, 1.3. */
const ACCEPTED = [
  'Upgrade',
  'websocket',
  'Connection',
  'Upgrade',
  'Sec-WebSocket-Accept',
  's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
];

describe('agrees', () => {
  const cases: Record<string, { offer: UpgradeOffer; raw: readonly string[]; want: string }> = {
    'on a subprotocol that was offered': {
      offer: webSocket,
      raw: [...ACCEPTED, 'sec-websocket-protocol', 'v4.channel.k8s.io'],
      want: 'v4.channel.k8s.io',
    },
    'on none where none was offered': { offer: { ...webSocket, subprotocols: [] }, raw: ACCEPTED, want: '' },
    'on an empty one where none was offered': {
      offer: { ...webSocket, subprotocols: [] },
      raw: [...ACCEPTED, 'Sec-WebSocket-Protocol', ''],
      want: '',
    },
    'on none behind a proxy, whatever was offered': {
      offer: { ...webSocket, connect: undefined },
      raw: ACCEPTED,
      want: '',
    },
    'on a version of streams': {
      offer: spdy,
      raw: ['Upgrade', 'spdy/3.1', 'X-Stream-Protocol-Version', 'v4.channel.k8s.io'],
      want: 'v4.channel.k8s.io',
    },
    'on no version where none was offered': {
      offer: { ...spdy, versions: [] },
      raw: ['Upgrade', 'SPDY/3.1'],
      want: '',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { offer, raw, want }) => {
    expect(agreedProtocol(offer, raw)).toBe(want);
  });
});

describe('does not agree', () => {
  const cases: Record<string, { offer: UpgradeOffer; raw: readonly string[] }> = {
    'on another protocol': { offer: spdy, raw: ACCEPTED },
    'on no protocol': { offer: webSocket, raw: ACCEPTED.slice(2) },
    'on two protocols': { offer: webSocket, raw: [...ACCEPTED, 'Upgrade', 'SPDY/3.1'] },
    'with an answer to another key': { offer: webSocket, raw: ACCEPTED.with(5, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=') },
    'without an answer to the key': { offer: webSocket, raw: ACCEPTED.slice(0, 4) },
    'on an extension': {
      offer: webSocket,
      raw: [
        ...ACCEPTED,
        'Sec-WebSocket-Protocol',
        'v4.channel.k8s.io',
        'Sec-WebSocket-Extensions',
        'permessage-deflate',
      ],
    },
    'on a subprotocol that was not offered': {
      offer: webSocket,
      raw: [...ACCEPTED, 'Sec-WebSocket-Protocol', 'channel.k8s.io'],
    },
    'on two subprotocols': {
      offer: webSocket,
      raw: [...ACCEPTED, 'Sec-WebSocket-Protocol', 'v4.channel.k8s.io', 'Sec-WebSocket-Protocol', 'v5.channel.k8s.io'],
    },
    'on none of those that were offered': { offer: webSocket, raw: ACCEPTED },
    'on one behind a proxy that was not offered': {
      offer: { ...webSocket, connect: undefined },
      raw: [...ACCEPTED, 'Sec-WebSocket-Protocol', 'x'],
    },
    'on a version of streams that was not offered': {
      offer: spdy,
      raw: ['Upgrade', 'SPDY/3.1', 'X-Stream-Protocol-Version', 'v3.channel.k8s.io'],
    },
  };
  test.each(Object.entries(cases))('%s', (_, { offer, raw }) => {
    expect(() => agreedProtocol(offer, raw)).toThrow(expect.objectContaining({ code: 'UpstreamMalformed' }));
  });
});
