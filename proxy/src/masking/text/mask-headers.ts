import type { Finder } from './find.ts';
import { addCounts, maskText, type Replace } from './mask-text.ts';
import { maskUrl } from './mask-url.ts';
import { isPlaceholder } from './placeholder.ts';

export type Header = readonly [name: string, value: string];

export interface MaskedHeaders {
  readonly headers: readonly Header[];
  readonly counts: ReadonlyMap<string, number>;
}

const CREDENTIAL = /^(?:proxy-)?authorization$/;
const COOKIE = /^(?:set-)?cookie2?$/;
/** `X-Auth-Token`, `X-Api-Key`, `X-Vault-Token`, `X-Amz-Security-Token`, `Private-Token` (GitLab), and what is called alike. */
const SECRET_NAME =
  /^(?:x-.*(?:token|secret|password|passwd|credential|signature|api-?key|access-?key|auth-key)|private-token|job-token|deploy-token|api-?key|www-authorization|authentication)$/;
const URL_VALUED =
  /^(?:location|content-location|referer|origin|x-original-(?:uri|url)|x-forwarded-uri|x-rewrite-url)$/;
const SUBPROTOCOL = 'sec-websocket-protocol';
const BEARER_SUBPROTOCOL = /(base64url\.bearer\.authorization\.k8s\.io\.)([^,\s]{1,65536})/gi;

/** Masks header lines, in order. What the name says is a credential always is one, whatever it looks like. */
export function maskHeaders(headers: readonly Header[], finder: Finder, replace: Replace): MaskedHeaders {
  const counts = new Map<string, number>();
  const masked = headers.map(([name, value]): Header => {
    const lower = name.toLowerCase();
    const count = (what: string, secret: string): string => {
      if (secret === '' || isPlaceholder(secret)) return secret;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      return replace(what, secret);
    };
    if (CREDENTIAL.test(lower)) return [name, maskCredential(value, (secret) => count('authorization', secret))];
    if (COOKIE.test(lower)) return [name, maskCookie(lower, value, (secret) => count('cookie', secret))];
    if (SECRET_NAME.test(lower)) return [name, count('secret-header', value)];
    const text =
      lower === SUBPROTOCOL ? maskSubprotocols(value, (secret) => count('bearer-subprotocol', secret)) : value;
    const rest = URL_VALUED.test(lower) ? maskUrl(text, finder, replace) : maskText(text, finder, replace);
    addCounts(counts, rest.counts);
    return [name, rest.text];
  });
  return { headers: masked, counts };
}

/** RFC 9110, 11.4: a scheme and what goes with it. A value of one word may be a token that forgot its scheme. */
function maskCredential(value: string, mask: (secret: string) => string): string {
  const scheme = /^\s*[A-Za-z][A-Za-z0-9-]{0,31}\s+/.exec(value)?.[0] ?? '';
  return scheme + mask(value.slice(scheme.length));
}

/** RFC 6265: names of cookies stay, and of Set-Cookie the attributes behind the first pair. */
function maskCookie(header: string, value: string, mask: (secret: string) => string): string {
  const pairs = value.split(';');
  const secret = header.startsWith('set-') ? 1 : pairs.length;
  return pairs
    .map((pair, index) => {
      if (index >= secret) return pair;
      const equals = pair.indexOf('=');
      return equals < 0 ? mask(pair) : `${pair.slice(0, equals + 1)}${mask(pair.slice(equals + 1))}`;
    })
    .join(';');
}

function maskSubprotocols(value: string, mask: (secret: string) => string): string {
  return value.replace(BEARER_SUBPROTOCOL, (_, prefix: string, token: string) => `${prefix}${mask(token)}`);
}
