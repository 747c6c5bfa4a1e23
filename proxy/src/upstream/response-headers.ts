/** RFC 9110, 7.6.1: these belong to one connection. Node frames and keeps alive by itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Says where else the server listens, or what browsers are to do: true of the API server and not of the gateway. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(['alt-svc', 'strict-transport-security']);

/**
 * The headers of an answer as they go to the client: names and values, alternating, repeated ones one line each.
 * `Audit-Id` is put in, as some answers of the API server lack it.
 */
export function responseHeaders(raw: readonly string[], auditID: string): string[] {
  const nominated = nominatedBy(raw);
  const headers: string[] = [];
  let hasAuditID = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key) || OF_THE_SERVER.has(key) || nominated.has(key)) continue;
    if (key === 'audit-id') hasAuditID = true;
    headers.push(name, raw[at + 1] ?? '');
  }
  if (!hasAuditID) headers.push('Audit-Id', auditID);
  return headers;
}

function nominatedBy(raw: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== 'connection') continue;
    for (const option of (raw[at + 1] ?? '').split(',')) names.add(option.trim().toLowerCase());
  }
  return names;
}

/** The first value of a header. @param raw names and values, alternating */
export function headerOf(raw: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) if (raw[at]?.toLowerCase() === name) return raw[at + 1];
  return undefined;
}

/** undici's raw headers, whose elements are bytes. */
export function rawHeaderStrings(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part: unknown) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
}
