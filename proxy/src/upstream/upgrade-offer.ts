import { GatewayError } from '../gateway-error.ts';
import { isChannelProtocol } from '../recording/channels.ts';
import { connectOptions, type ConnectOptions } from '../request/connect-options.ts';
import type { InboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** What a client wants its connection upgraded to, as far as it is served. */
export type UpgradeOffer = WebSocketOffer | SpdyOffer;

interface CommonOffer {
  /** Undefined for what is behind a proxy subresource: nothing is known of its bytes. */
  readonly connect: ConnectOptions | undefined;
}

export interface WebSocketOffer extends CommonOffer {
  readonly protocol: 'websocket';
  readonly key: string;
  /** In the client's order; empty is the protocol of those that offer none. */
  readonly subprotocols: readonly string[];
}

export interface SpdyOffer extends CommonOffer {
  readonly protocol: 'SPDY/3.1';
  readonly connect: ConnectOptions;
  /** Of `X-Stream-Protocol-Version`; empty is version 1. */
  readonly versions: readonly string[];
}

/** On the wire; KEP-4006 has another name. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const COMMAND_VERSIONS = /^(?:v[2-5]\.)?channel\.k8s\.io$/;
const FORWARD_VERSION = 'portforward.k8s.io';
/** 16 bytes in base64 (RFC 6455, 4.1). */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Reads what an upgrade asks for. Exec, attach and port-forward are upgraded to a protocol that can be read, and a
 * proxied call to a WebSocket; nothing else is. `watch` and `log` are served over WebSockets by the API server too, where
 * nobody would look at what passes.
 *
 * What is offered beside what can be read is left out, so that the API server cannot choose it.
 *
 * @throws GatewayError UpgradeNotServed, UpgradeMalformed
 */
export function upgradeOffer(
  attributes: RequestAttributes,
  headers: Pick<InboundHeaders, 'upgrade' | 'lines' | 'webSocketProtocols'>,
): UpgradeOffer {
  const connect = connectOptions(attributes, attributes.query);
  const proxied = attributes.isResourceRequest && attributes.subresource === 'proxy';
  if (connect instanceof Rejection) throw connect;
  if (connect === undefined && !proxied) throw new GatewayError('UpgradeNotServed');
  // The API server takes SPDY by GET as well, and then asks for no more than `get` of its caller.
  const method = headers.upgrade === 'websocket' ? 'GET' : 'POST';
  if (attributes.method !== method)
    throw new GatewayError('UpgradeNotServed', { detail: `${headers.upgrade ?? ''} begins with ${method}` });
  switch (headers.upgrade) {
    case 'websocket':
      return webSocketOffer(connect, headers);
    case 'SPDY/3.1':
      if (connect === undefined)
        throw new GatewayError('UpgradeNotServed', { detail: 'proxied calls are upgraded to WebSockets alone' });
      return spdyOffer(connect, headers);
    case undefined:
      throw new GatewayError('UpgradeNotServed');
    default:
      return headers.upgrade satisfies never;
  }
}

function webSocketOffer(
  connect: ConnectOptions | undefined,
  { lines, webSocketProtocols }: Pick<InboundHeaders, 'lines' | 'webSocketProtocols'>,
): WebSocketOffer {
  const key = lines.get('sec-websocket-key')?.[0] ?? '';
  const version = lines.get('sec-websocket-version')?.[0];
  if (!KEY.test(key)) throw new GatewayError('UpgradeMalformed', { detail: 'Sec-WebSocket-Key' });
  if (version !== '13') throw new GatewayError('UpgradeMalformed', { detail: 'Sec-WebSocket-Version is not 13' });
  const known =
    connect === undefined
      ? webSocketProtocols
      : webSocketProtocols.filter((offered) =>
          offered === TUNNEL_PROTOCOL ? connect.subresource === 'portforward' : isChannelProtocol(offered),
        );
  if (known.length === 0 && webSocketProtocols.length > 0)
    throw new GatewayError('UpgradeNotServed', { detail: 'none of the subprotocols that are offered is known' });
  return { protocol: 'websocket', connect, key, subprotocols: known };
}

function spdyOffer(connect: ConnectOptions, { lines }: Pick<InboundHeaders, 'lines'>): SpdyOffer {
  const offered = lines.get('x-stream-protocol-version') ?? [];
  const versions = offered.filter((version) =>
    connect.subresource === 'portforward' ? version === FORWARD_VERSION : COMMAND_VERSIONS.test(version),
  );
  if (versions.length === 0 && offered.length > 0)
    throw new GatewayError('UpgradeNotServed', { detail: 'none of the stream protocols that are offered is known' });
  return { protocol: 'SPDY/3.1', connect, versions };
}
