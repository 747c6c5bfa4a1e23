import { listElements, type HeaderLines } from './header-lines.ts';
import { Rejection } from './rejection.ts';
import type { UpgradeProtocol } from './upgrade.ts';

/** What a caller shows as its identity; a token here is unverified. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  /** Basic, Negotiate, ...: never valid here, named so that the answer can say so. */
  | { readonly kind: 'unsupported'; readonly scheme: string };

/** How browsers, which cannot set headers on a WebSocket, send a token (k8s.io/apiserver, request/websocket). */
const TOKEN_PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';
/** b64token (RFC 6750, 2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const SCHEME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Finds the token, in Authorization or, for a WebSocket, among the subprotocols. Where both hold one it is refused:
 * the API server would try one after the other, and which of the two identities acts would be decided by an expiry.
 */
export function readCredentials(lines: HeaderLines, upgrade: UpgradeProtocol | undefined): Credentials | Rejection {
  const authorization = readAuthorization(lines.get('authorization')?.[0]);
  if (authorization instanceof Rejection) return authorization;
  const token = readTokenProtocol(webSocketProtocols(lines), upgrade);
  if (token instanceof Rejection) return token;
  if (token === undefined) return authorization;
  return authorization.kind === 'none' ? { kind: 'bearer', token } : new Rejection('CredentialsRepeated');
}

/** The subprotocols that are offered, in order, those that carry a token included. */
const webSocketProtocols = (lines: HeaderLines): string[] => listElements(lines, 'sec-websocket-protocol');

/** The subprotocols to negotiate: a token is none of them and is never forwarded, echoed or logged. */
export function offeredProtocols(lines: HeaderLines): string[] {
  return webSocketProtocols(lines).filter((protocol) => !isTokenProtocol(protocol));
}

const isTokenProtocol = (protocol: string): boolean => protocol.startsWith(TOKEN_PROTOCOL_PREFIX);

/** An empty header is a broken one and not an anonymous caller. */
function readAuthorization(value: string | undefined): Credentials | Rejection {
  if (value === undefined) return { kind: 'none' };
  const [scheme = '', token, ...rest] = value.split(/ +/);
  if (!SCHEME.test(scheme)) return new Rejection('AuthorizationMalformed');
  if (scheme.toLowerCase() !== 'bearer') return { kind: 'unsupported', scheme };
  if (token === undefined || rest.length > 0 || !TOKEN.test(token)) return new Rejection('AuthorizationMalformed');
  return { kind: 'bearer', token };
}

function readTokenProtocol(
  protocols: readonly string[],
  upgrade: UpgradeProtocol | undefined,
): string | Rejection | undefined {
  const carriers = protocols.filter(isTokenProtocol);
  const carrier = carriers[0];
  if (carrier === undefined) return undefined;
  if (upgrade !== 'websocket' || carriers.length > 1 || carriers.length === protocols.length)
    return new Rejection('TokenProtocolMalformed');
  const encoded = carrier.slice(TOKEN_PROTOCOL_PREFIX.length);
  const decoded = Buffer.from(encoded, 'base64url');
  const token = decoded.toString('latin1');
  // Buffer skips what is no base64url: only what encodes back to itself was base64url throughout.
  return decoded.toString('base64url') === encoded && TOKEN.test(token)
    ? token
    : new Rejection('TokenProtocolMalformed');
}
