/**
 * All that the headers of an answer may differ by between the gateway and the API server. Docs: docs/gateway-headers.md.
 *
 * - `Value`: both have it, and it says something of this very call.
 * - `GatewayOnly`: said of the connection, by whoever holds it.
 */
export const DECLARED_HEADERS: ReadonlyMap<string, 'Value' | 'GatewayOnly'> = new Map([
  ['audit-id', 'Value'],
  ['date', 'Value'],
  ['connection', 'GatewayOnly'],
  ['keep-alive', 'GatewayOnly'],
]);

/** Headers as they are compared: by name, repeated ones in their order, what is declared taken out. */
export function comparable(
  headers: readonly (readonly [string, string])[],
  declared: typeof DECLARED_HEADERS = DECLARED_HEADERS,
): (readonly [string, string])[] {
  return headers
    .flatMap(([name, value]): (readonly [string, string])[] => {
      const difference = declared.get(name.toLowerCase());
      if (difference === 'GatewayOnly') return [];
      return [[name, difference === 'Value' ? '<declared>' : value]];
    })
    .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}
