import { VIA_KEY, type Identity } from '../authn/identity.ts';
import { GatewayError } from '../gateway-error.ts';

/** Identities live as long as their tokens are remembered, and their headers with them. */
const remembered = new WeakMap<Identity, readonly string[]>();

/**
 * The headers that make a call the caller's: names and values, alternating, one line for each value.
 *
 * @param via names this gateway in the extra `chaperone.dev/via`, by which admission policies tell its calls from direct
 *   ones; left out for identities that may carry no extras.
 * @throws GatewayError IdentityMissing where there is no username: without one the API server would take the call for
 *   the gateway's own.
 */
export function impersonationHeaders(identity: Identity, via: string): readonly string[] {
  const known = remembered.get(identity);
  if (known !== undefined) return known;
  const { username, uid, groups, extra, via: carriesVia } = identity.impersonation;
  if (username === '') throw new GatewayError('IdentityMissing');
  const headers = ['Impersonate-User', wireValue(username)];
  if (uid !== '') headers.push('Impersonate-Uid', wireValue(uid));
  for (const group of groups) headers.push('Impersonate-Group', wireValue(group));
  for (const [key, values] of Object.entries(extra)) {
    if (key === VIA_KEY) continue;
    for (const value of values) headers.push(`Impersonate-Extra-${wireKey(key)}`, wireValue(value));
  }
  if (carriesVia) headers.push(`Impersonate-Extra-${wireKey(VIA_KEY)}`, wireValue(via));
  remembered.set(identity, headers);
  return headers;
}

/** Header values are bytes: UTF-8 goes out byte by byte, as undici writes latin1. */
const wireValue = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const encoder = new TextEncoder();
const TOKEN_CHARACTER = /[!#$&'*+.^_`|~0-9A-Za-z-]/;

/** As client-go's headerKeyEscape: every byte that is no token character, and `%` itself, as `%XX`. */
function wireKey(key: string): string {
  return Array.from(encoder.encode(key), (byte) => {
    const character = String.fromCharCode(byte);
    return TOKEN_CHARACTER.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
