import { offeredProtocols, readCredentials, type Credentials } from './credentials.ts';
import { listElements, readHeaderLines, type HeaderLines } from './header-lines.ts';
import { DEFAULT_LIMITS, type RequestLimits } from './limits.ts';
import { Rejection } from './rejection.ts';
import { upgradeProtocol, type UpgradeProtocol } from './upgrade.ts';

/** What the headers of a request say, read once. */
export interface InboundHeaders {
  /** All lines but those that carry credentials, which nothing may forward or log. */
  readonly lines: HeaderLines;
  readonly credentials: Credentials;
  /** The names of `Impersonate-*` headers, in lower case; a caller that sends one is refused with 403. */
  readonly impersonation: readonly string[];
  readonly upgrade: UpgradeProtocol | undefined;
  /** The WebSocket subprotocols offered, in order, without one that carries a token. */
  readonly webSocketProtocols: readonly string[];
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean;
  readonly contentType: string | undefined;
  readonly declared: Declared;
}

/** What a client says about itself: recorded as declared, and never believed. */
export interface Declared {
  /** At most 1024 characters, as in Kubernetes' audit log; '' where there is none. */
  readonly userAgent: string;
  /** `Kubectl-Command`, `Kubectl-Session` and `Chaperone-*`, by lower-case name; at most 1024 characters each. */
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Headers of which a second line, or a second value in it, would be read by one parser and not by the next. Node keeps
 * the first of some and joins others; Go keeps the first of most.
 */
const SINGLE = [
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'impersonate-uid',
  'impersonate-user',
  'sec-websocket-key',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
] as const;

/**
 * Connection options that name no header which matters to the server. RFC 9110 (7.6.1) has the next hop drop whatever
 * else is named: with `Connection: Impersonate-User` that was CVE-2021-31999.
 */
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set([
  'close',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'sec-websocket-protocol'] as const;

/** Reads and checks Node's `rawHeaders`. Pure; nothing in it depends on the request line. */
export function inboundHeaders(
  rawHeaders: readonly string[],
  limits: Pick<RequestLimits, 'headers' | 'headerBytes'> = DEFAULT_LIMITS,
): InboundHeaders | Rejection {
  const lines = readHeaderLines(rawHeaders, limits);
  if (lines instanceof Rejection) return lines;
  const rejection = rejectRepeated(lines) ?? rejectConnection(lines) ?? rejectFraming(lines) ?? rejectExpect(lines);
  if (rejection !== undefined) return rejection;
  const upgrade = upgradeProtocol(lines);
  if (upgrade instanceof Rejection) return upgrade;
  const credentials = readCredentials(lines, upgrade);
  if (credentials instanceof Rejection) return credentials;
  const withoutCredentials = new Map(lines);
  for (const name of CREDENTIAL_HEADERS) withoutCredentials.delete(name);
  return {
    lines: withoutCredentials,
    credentials,
    impersonation: [...lines.keys()].filter(isImpersonation),
    upgrade,
    webSocketProtocols: offeredProtocols(lines),
    expectsContinue: lines.has('expect'),
    contentType: lines.get('content-type')?.[0],
    declared: declared(lines),
  };
}

function rejectRepeated(lines: HeaderLines): Rejection | undefined {
  const repeated = SINGLE.find((name) => (lines.get(name)?.length ?? 0) > 1);
  return repeated === undefined ? undefined : new Rejection('HeaderRepeated', repeated);
}

function rejectConnection(lines: HeaderLines): Rejection | undefined {
  const named = listElements(lines, 'connection').find((option) => !CONNECTION_OPTIONS.has(option.toLowerCase()));
  return named === undefined ? undefined : new Rejection('ConnectionOption', named);
}

/** Node's parser refuses most of this by itself; a request whose end is in doubt must not depend on that (RFC 9112, 6). */
function rejectFraming(lines: HeaderLines): Rejection | undefined {
  const length = lines.get('content-length')?.[0];
  const transferEncoding = lines.get('transfer-encoding')?.[0];
  const contentEncoding = lines.get('content-encoding')?.[0];
  if (length !== undefined && transferEncoding !== undefined) return new Rejection('FramingAmbiguous');
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) return new Rejection('ContentLengthInvalid');
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked')
    return new Rejection('TransferEncodingUnsupported');
  // The API server does not look at it and reads the bytes as they are: an inspector that decoded them would not.
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity')
    return new Rejection('ContentEncodingUnsupported');
  return undefined;
}

function rejectExpect(lines: HeaderLines): Rejection | undefined {
  const expect = lines.get('expect')?.[0];
  return expect === undefined || expect.toLowerCase() === '100-continue'
    ? undefined
    : new Rejection('ExpectationUnsupported');
}

/** Underscores too: some servers take them for hyphens. */
const isImpersonation = (name: string): boolean => name.replaceAll('_', '-').startsWith('impersonate-');

const DECLARED = /^(?:kubectl-(?:command|session)|chaperone-[a-z0-9-]+)$/;
const DECLARED_LENGTH = 1_024;

function declared(lines: HeaderLines): Declared {
  const headers = new Map<string, string>();
  for (const [name, values] of lines) if (DECLARED.test(name)) headers.set(name, declaredText(values[0]));
  return { userAgent: declaredText(lines.get('user-agent')?.[0]), headers };
}

/** Node gives header bytes as Latin-1; clients mean UTF-8. */
const declaredText = (value = ''): string =>
  Buffer.from(value, 'latin1').toString('utf8').slice(0, DECLARED_LENGTH).toWellFormed();
