import { isIP } from 'node:net';
import { withoutMapping, type AddressRanges } from './address-ranges.ts';

/**
 * The client's address by `X-Forwarded-For`: read from its end, where the nearest proxy has written, for as long as
 * proxies that are trusted have written it. What stands before is whatever the client has sent.
 *
 * @param peer who sent the request
 * @param rawHeaders names and values, alternating; several lines are one list
 */
export function forwardedFor(peer: string, rawHeaders: readonly string[], trusted: AddressRanges): string {
  let client = withoutMapping(peer);
  for (const element of listed(rawHeaders).toReversed()) {
    if (!trusted.includes(client)) break;
    // A proxy that is trusted wrote what is no address: nothing before it can be believed.
    if (isIP(element) === 0 || element.includes('%')) break;
    client = withoutMapping(element);
  }
  return client;
}

function listed(rawHeaders: readonly string[]): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'x-forwarded-for') values.push(rawHeaders[at + 1] ?? '');
  }
  return values
    .join(',')
    .split(',')
    .map((value) => value.trim());
}
