import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** What the first bytes of a connection say, by the PROXY protocol (haproxy.org, proxy-protocol.txt). */
export type ProxyProtocolReading =
  | { readonly kind: 'incomplete' }
  /** No header, or one that says what nobody who speaks the protocol says. */
  | { readonly kind: 'broken' }
  | {
      readonly kind: 'header';
      readonly length: number;
      /** The client's; undefined where the load balancer speaks for itself, or knows none. */
      readonly source: string | undefined;
    };

const INCOMPLETE: ProxyProtocolReading = { kind: 'incomplete' };
const BROKEN: ProxyProtocolReading = { kind: 'broken' };

const V1_START = Buffer.from('PROXY ', 'latin1');
/** With its CRLF. */
const V1_LENGTH = 107;
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_HEADER = 16;
/** Addresses and extensions; the latter are skipped. Load balancers of the big clouds send less than 200 bytes. */
const V2_BODY = 2_048;

/** Bytes to keep at most while a header is incomplete. */
export const MAX_HEADER_BYTES = V2_HEADER + V2_BODY;

/** Reads version 1 or 2. Strict: whatever could be read in two ways is broken. Pure. */
export function readProxyProtocol(bytes: Buffer): ProxyProtocolReading {
  if (startsAlike(bytes, V2_START)) return bytes.length < V2_HEADER ? INCOMPLETE : readV2(bytes);
  if (startsAlike(bytes, V1_START)) return readV1(bytes);
  return BROKEN;
}

/** Whether as much as there is of both is the same. */
function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

const V1_LINE =
  /^PROXY (?:UNKNOWN(?: [ -~]*)?|(TCP4|TCP6) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) ([0-9]{1,5}) ([0-9]{1,5}))$/u;

function readV1(bytes: Buffer): ProxyProtocolReading {
  const end = bytes.subarray(0, V1_LENGTH).indexOf('\r\n');
  if (end < 0) return bytes.length < V1_LENGTH ? INCOMPLETE : BROKEN;
  const matched = V1_LINE.exec(bytes.toString('latin1', 0, end));
  if (matched === null) return BROKEN;
  const length = end + 2;
  const [, family, source = '', destination = '', ...ports] = matched;
  if (family === undefined) return { kind: 'header', length, source: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination) || !ports.every(isPort)) return BROKEN;
  return { kind: 'header', length, source: family === 'TCP4' ? source : canonical(source) };
}

const isPort = (text: string): boolean => String(Number(text)) === text && Number(text) <= 65_535;

const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP4 = { family: 0x11, addresses: 12 } as const;
const TCP6 = { family: 0x21, addresses: 36 } as const;

function readV2(bytes: Buffer): ProxyProtocolReading {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const body = bytes.readUInt16BE(14);
  if ((command !== LOCAL && command !== PROXY) || body > V2_BODY) return BROKEN;
  const length = V2_HEADER + body;
  if (bytes.length < length) return INCOMPLETE;
  // Of a LOCAL connection, a health check, the rest is to be ignored.
  if (command === LOCAL || family === UNSPECIFIED) return { kind: 'header', length, source: undefined };
  switch (family) {
    case TCP4.family:
      return body < TCP4.addresses ? BROKEN : { kind: 'header', length, source: bytes.subarray(16, 20).join('.') };
    case TCP6.family:
      return body < TCP6.addresses ? BROKEN : { kind: 'header', length, source: ipv6(bytes.subarray(16, 32)) };
    default:
      return BROKEN;
  }
}

const ipv6 = (bytes: Buffer): string =>
  canonical(Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16)).join(':'));

/** One address has one spelling. */
const canonical = (address: string): string => new SocketAddress({ address, family: 'ipv6' }).address;
