import { listElements, type HeaderLines } from './header-lines.ts';
import { Rejection } from './rejection.ts';

/** The protocols that a connection may be upgraded to. */
export type UpgradeProtocol = 'websocket' | 'SPDY/3.1';

/**
 * What a request wants its connection upgraded to; undefined for none.
 *
 * The API server looks for substrings: `Connection: xUpgrade` and `Upgrade: h2c, SPDY/3.1` upgrade there and nowhere
 * else. Anything but one known protocol and a plain `Connection: Upgrade` is refused (kubernetes #72112 allows the same
 * two protocols).
 */
export function upgradeProtocol(lines: HeaderLines): UpgradeProtocol | Rejection | undefined {
  const upgrade = lines.get('upgrade');
  const connection = listElements(lines, 'connection').map((option) => option.toLowerCase());
  if (upgrade === undefined) return undefined;
  if (upgrade.length !== 1 || !connection.includes('upgrade')) return new Rejection('UpgradeMalformed');
  if (hasBody(lines)) return new Rejection('UpgradeWithBody');
  switch (upgrade[0]?.toLowerCase()) {
    case 'websocket':
      return 'websocket';
    case 'spdy/3.1':
      return 'SPDY/3.1';
    case undefined:
    default:
      return new Rejection('UpgradeUnsupported');
  }
}

/**
 * The bytes of a body would be a body to one server and the first bytes of the new protocol to the next. client-go's
 * SPDY POST has an empty body and says so.
 */
const hasBody = (lines: HeaderLines): boolean =>
  lines.has('transfer-encoding') || /[^0]/.test(lines.get('content-length')?.[0] ?? '');
