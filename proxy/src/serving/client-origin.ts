import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Origin } from '../call/call.ts';
import type { ProxyOptions } from '../options.ts';
import { newAddressRanges, withoutMapping, type AddressRanges } from './address-ranges.ts';
import { forwardedFor } from './forwarded-for.ts';
import { newProxyProtocol, type ProxyProtocol } from './proxy-protocol.ts';

/** Tells where a request came from. */
export type OriginOf = (request: Pick<IncomingMessage, 'socket' | 'rawHeaders'>) => Origin;

/** How the client's address is known. */
export type ClientAddressSource =
  /** Nothing stands before the gateway that hides it. */
  | { readonly kind: 'Connection' }
  | { readonly kind: 'ProxyProtocol'; readonly protocol: ProxyProtocol }
  | { readonly kind: 'XForwardedFor'; readonly trusted: AddressRanges };

/** For a PROXY protocol header, which a load balancer sends at once. */
const HEADER_TIMEOUT = 5_000;

/** @param refused told of each connection that is closed for its header */
export function clientAddressSource(
  { source, trustedProxies }: ProxyOptions['listen']['clientAddress'],
  refused: () => void,
): ClientAddressSource {
  const trusted = newAddressRanges(trustedProxies);
  switch (source) {
    case 'Connection':
      return { kind: source };
    case 'ProxyProtocol':
      return { kind: source, protocol: newProxyProtocol({ trusted, timeoutMs: HEADER_TIMEOUT, refused }) };
    case 'XForwardedFor':
      return { kind: source, trusted };
    default:
      return source satisfies never;
  }
}

export function newOriginOf(source: ClientAddressSource): OriginOf {
  /** What is known of a connection does not change while it lasts, and takes time to ask for. */
  const remembered = new WeakMap<Socket, Origin>();

  function connectionOf(socket: Socket): Origin {
    const known = remembered.get(socket);
    if (known !== undefined) return known;
    const spoken = source.kind === 'ProxyProtocol' ? source.protocol.sourceOf(socket) : undefined;
    const origin = {
      clientAddress: spoken ?? withoutMapping(socket.remoteAddress ?? ''),
      clientCertificate: socket instanceof TLSSocket && Object.keys(socket.getPeerCertificate()).length > 0,
    };
    remembered.set(socket, origin);
    return origin;
  }

  return ({ socket, rawHeaders }) => {
    const connection = connectionOf(socket);
    return source.kind === 'XForwardedFor'
      ? { ...connection, clientAddress: forwardedFor(connection.clientAddress, rawHeaders, source.trusted) }
      : connection;
  };
}
