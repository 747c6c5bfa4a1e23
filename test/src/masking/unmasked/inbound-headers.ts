import { inboundHeaders as realInboundHeaders } from '@chaperone/proxy/request/inbound-headers';
import { Rejection } from '@chaperone/proxy/request/rejection';

export type * from '@chaperone/proxy/request/inbound-headers';

const CREDENTIALS = /^(?:authorization|sec-websocket-protocol)$/iu;

/** Takes all headers for what a client says of itself, credentials included; malformed ones count as none. */
export function inboundHeaders(
  ...[rawHeaders, limits]: Parameters<typeof realInboundHeaders>
): ReturnType<typeof realInboundHeaders> {
  const read = realInboundHeaders(rawHeaders, limits);
  const kept = read instanceof Rejection ? realInboundHeaders(withoutCredentials(rawHeaders), limits) : read;
  if (kept instanceof Rejection) return kept;
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.set(rawHeaders[at]?.toLowerCase() ?? '', rawHeaders[at + 1] ?? '');
  return { ...kept, declared: { ...kept.declared, headers } };
}

const withoutCredentials = (raw: readonly string[]): string[] =>
  raw.filter((_, at) => !CREDENTIALS.test(raw[at - (at % 2)] ?? ''));
