import { createHash } from 'node:crypto';
import { GatewayError } from '../gateway-error.ts';
import type { UpgradeOffer } from './upgrade-offer.ts';

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * What was agreed on by a 101: a WebSocket's subprotocol, or the version of streams over SPDY; '' for none.
 *
 * A 101 that is not an answer to what was asked would have both sides read the same bytes by different rules.
 *
 * @param raw names and values, alternating
 * @throws GatewayError UpstreamMalformed
 */
export function agreedProtocol(offer: UpgradeOffer, raw: readonly string[]): string {
  if (single(raw, 'upgrade')?.toLowerCase() !== offer.protocol.toLowerCase()) throw mismatch();
  switch (offer.protocol) {
    case 'websocket': {
      const accept = createHash('sha1').update(`${offer.key}${WEBSOCKET_GUID}`).digest('base64');
      // None was offered: frames that an extension changed could not be read.
      if (single(raw, 'sec-websocket-accept') !== accept || values(raw, 'sec-websocket-extensions').length > 0)
        throw mismatch();
      return chosen(single(raw, 'sec-websocket-protocol'), offer.subprotocols, offer.connect === undefined);
    }
    case 'SPDY/3.1':
      return chosen(single(raw, 'x-stream-protocol-version'), offer.versions, false);
    default:
      return offer satisfies never;
  }
}

/** @param optional whether none may be chosen though some were offered: so with what is behind a proxy. */
function chosen(answered: string | undefined, offered: readonly string[], optional: boolean): string {
  if (answered === undefined && (optional || offered.length === 0)) return '';
  if (answered === undefined || !offered.includes(answered)) throw mismatch();
  return answered;
}

const values = (raw: readonly string[], name: string): string[] =>
  raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name);

function single(raw: readonly string[], name: string): string | undefined {
  const found = values(raw, name);
  if (found.length > 1) throw mismatch();
  // Go's WebSocket server writes the header for the protocol of those who offer none, too.
  return found[0]?.trim() || undefined;
}

const mismatch = (): GatewayError =>
  new GatewayError('UpstreamMalformed', { detail: 'it upgrades to something that was not asked for' });
