import type { AuthenticatedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import { jsonAccept } from '../masking/answer/json-accept.ts';
import { impersonationHeaders } from './impersonation-headers.ts';
import type { UpgradeOffer } from './upgrade-offer.ts';

/** What the gateway is to the API server. */
export interface GatewayCredential {
  /** The whole value of `Authorization`. */
  readonly authorization: string;
  /** The name of this replica, sent as `chaperone.dev/via`. */
  readonly via: string;
}

/** Of a call, what its headers are made of. */
export type HeaderSource = Pick<AuthenticatedCall, 'auditID' | 'identity' | 'headers' | 'attributes' | 'origin'> & {
  readonly masking?: { readonly response: unknown };
};

/**
 * What a client's request may say to the API server. Everything else is dropped, whatever it is called: a list of what
 * to drop would have to know every header that some server before or behind gives a meaning.
 */
const FORWARDED = ['Accept', 'Accept-Encoding', 'Content-Type', 'If-None-Match', 'If-Modified-Since', 'User-Agent'];

/** A backend behind a proxy subresource reads headers of its own. These belong to the hops before it. */
const NEVER_TO_BACKENDS =
  /^(?:authorization|cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|host|content-length|content-encoding|audit-id|forwarded|x-real-ip|via|http2-settings|(?:proxy|x-forwarded|x-remote|impersonate|sec-websocket)-.*)$/;

/** Backends that read headers as variables (CGI, WSGI) take underscores for hyphens. */
const isOfHops = (name: string): boolean => NEVER_TO_BACKENDS.test(name.replaceAll('_', '-'));

/**
 * Headers of a call as it goes to the API server: names and values, alternating. The only place where they are made.
 *
 * @throws GatewayError IdentityMissing
 */
export function upstreamHeaders(call: HeaderSource, credential: GatewayCredential): string[] {
  const { headers, attributes } = call;
  const forwarded =
    attributes.isResourceRequest && attributes.subresource === 'proxy'
      ? [...headers.lines].filter(([name]) => !isOfHops(name))
      : FORWARDED.flatMap((name) => {
          const values = headers.lines.get(name.toLowerCase());
          return values === undefined ? [] : [[name, values] as const];
        });
  const asked = call.masking?.response === undefined ? forwarded : forMasking(forwarded, headers.lines, attributes);
  return [
    ...ownHeaders(call, credential),
    ...asked.flatMap(([name, values]) => values.flatMap((value) => [name, value])),
  ];
}

type Lines = readonly (readonly [name: string, values: readonly string[]])[];

/** In these forms an answer cannot be masked as it passes: compressed, or in parts of the client's choosing. */
const NOT_WHILE_MASKING: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'range', 'if-range']);

function forMasking(
  forwarded: Lines,
  lines: HeaderSource['headers']['lines'],
  { isResourceRequest, subresource }: HeaderSource['attributes'],
): Lines {
  const kept = forwarded.filter(([name]) => !NOT_WHILE_MASKING.has(name.toLowerCase()));
  const accept = lines.get('accept') ?? [];
  // Backends, logs and schemas have types of their own.
  const ofObjects = isResourceRequest && subresource !== 'proxy' && subresource !== 'log';
  const values = ofObjects ? jsonAccept(accept) : accept;
  return values.length === 0 ? kept : [['Accept', values], ...kept];
}

/**
 * Headers of a call whose connection is to be upgraded, but for `Connection` and `Upgrade`. What is offered is built
 * from what was read of it: no extension of WebSockets, which would change what passes, and no token among subprotocols.
 *
 * @throws GatewayError IdentityMissing
 */
export function upgradeHeaders(call: HeaderSource, credential: GatewayCredential, offer: UpgradeOffer): string[] {
  return [...upstreamHeaders(call, credential), ...offerHeaders(offer)];
}

function offerHeaders(offer: UpgradeOffer): string[] {
  switch (offer.protocol) {
    case 'websocket':
      return [
        'Sec-WebSocket-Key',
        offer.key,
        'Sec-WebSocket-Version',
        '13',
        ...(offer.subprotocols.length === 0 ? [] : ['Sec-WebSocket-Protocol', offer.subprotocols.join(', ')]),
      ];
    case 'SPDY/3.1':
      return offer.versions.flatMap((version) => ['X-Stream-Protocol-Version', version]);
    default:
      return offer satisfies never;
  }
}

/** Headers of a call that the gateway makes in the caller's name beside its own: a read, a dry run. */
export function sideCallHeaders(
  call: HeaderSource,
  credential: GatewayCredential,
  contentType: string | undefined,
): string[] {
  return [
    ...ownHeaders(call, credential),
    'Accept',
    'application/json',
    ...(contentType === undefined ? [] : ['Content-Type', contentType]),
    // The caller's own words, or its silence, so that managedFields name the same manager in a dry run.
    ...(call.headers.lines.get('user-agent') ?? []).flatMap((value) => ['User-Agent', value]),
  ];
}

function ownHeaders(call: HeaderSource, { authorization, via }: GatewayCredential): string[] {
  const headers = [
    'Authorization',
    authorization,
    ...impersonationHeaders(call.identity, via),
    'Audit-ID',
    call.auditID,
    'X-Forwarded-For',
    call.origin.clientAddress,
  ];
  assertIdentity(headers, call.identity.impersonation.username);
  return headers;
}

/**
 * Asked once more of what is about to be sent: without `Impersonate-User`, or without a credential, the API server would
 * take the call for the gateway's own, or for nobody's.
 */
function assertIdentity(headers: readonly string[], username: string): void {
  const impersonated = headers.indexOf('Impersonate-User');
  const authorization = headers[headers.indexOf('Authorization') + 1] ?? '';
  if (
    username === '' ||
    impersonated < 0 ||
    (headers[impersonated + 1] ?? '') === '' ||
    !/^Bearer .|^Basic ./.test(authorization)
  )
    throw new GatewayError('IdentityMissing');
}
