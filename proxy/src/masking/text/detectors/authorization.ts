import { startsToken } from './boundaries.ts';
import { type Detector, matchAt, type Span } from './detector.ts';
import { isVaried, looksRandom, standsForValue } from './shown-values.ts';

/** `Authorization: `, `"authorization":["`, `map[Authorization:[`, `authorization=`: as headers, JSON, Go and logs write it. */
const HEADER =
  /authorization(?:\\*["'])?\s{0,4}(?::=|=>|[:=,]|%3[AaDd])(?:\s|%20|\+){0,4}\[?\s{0,4}(?:\\*["'`]){0,2}(?:(basic|bearer|token|digest|negotiate|ntlm|apikey|api-key|aws4-hmac-sha256|bot|key|splunk|hmac|signature)(?:\s|%20|\+){1,4})?([^\s"'`\\\])},;<>]{1,64})/iy;
/** The credential is judged by its first characters: a row of headers would otherwise be read to its end for each. */
const CREDENTIAL = /[^\s"'`\\\])},;<>]{1,16384}/y;

/** Their credential is the whole line: parameters with spaces and commas. */
const REST_OF_LINE = /^(?:digest|aws4-hmac-sha256|hmac|signature)$/i;
const LINE = /[^\r\n"'\\]{1,2048}/y;

export const authorizationHeader: Detector = {
  name: 'authorization',
  kind: undefined,
  description:
    'credentials in `Authorization` and `Proxy-Authorization` headers, whatever the scheme, wherever they are written down',
  example: 'Authorization: Bearer …',
  anchors: ['authorization'],
  match(text, at): Span | undefined {
    const found = matchAt(HEADER, text, at);
    if (found === null) return undefined;
    const [whole, scheme, credential = ''] = found;
    const start = at + whole.length - credential.length;
    if (scheme === undefined ? !isOpaque(credential) : standsForValue(credential) || credential.length < 4)
      return undefined;
    const rest = matchAt(scheme !== undefined && REST_OF_LINE.test(scheme) ? LINE : CREDENTIAL, text, start)?.[0];
    return { start, end: start + (rest ?? credential).length };
  },
};

/** Without a scheme it may be any word: `authorization: rbac`. */
function isOpaque(value: string): boolean {
  return value.length >= 16 && looksRandom(value) && isVaried(value, 8) && !standsForValue(value);
}

/** RFC 6750, 2.1; RFC 7617. Alone, as in messages and in the argument of a flag. */
const SCHEME = /(?:bearer|basic)(?:\s|%20|\+){1,4}([A-Za-z0-9._~+/-]{8,16384}={0,2})/iy;

export const bearerToken: Detector = {
  name: 'bearer-token',
  kind: undefined,
  description: 'what follows the word `Bearer` or `Basic` and looks drawn by a machine, without the name of a header',
  example: 'Bearer eyJhbGciOi…',
  anchors: ['bearer', 'basic'],
  match(text, at) {
    if (!startsToken(text, at)) return undefined;
    const found = matchAt(SCHEME, text, at);
    const token = found?.[1] ?? '';
    if (found === null || !looksRandom(token) || !isVaried(token, 6) || standsForValue(token)) return undefined;
    if (/^basic/i.test(found[0]) ? !isUserAndPassword(token) : token.length < 16) return undefined;
    return { start: at + found[0].length - token.length, end: at + found[0].length };
  },
};

/** Whether it is base64 of `user:password` in printable text. */
export function isUserAndPassword(encoded: string): boolean {
  if (!/^[A-Za-z0-9+/_-]{4,16384}={0,2}$/.test(encoded)) return false;
  return /^[\x20-\x39\x3b-\x7e]{0,1024}:[\x20-\x7e\u0080-\uffff]{1,16384}$/.test(
    Buffer.from(encoded, 'base64').toString('utf8'),
  );
}

const SUBPROTOCOL = /base64url\.bearer\.authorization\.k8s\.io\.([A-Za-z0-9_-]{4,32768})/iy;

export const bearerSubprotocol: Detector = {
  name: 'bearer-subprotocol',
  kind: undefined,
  description: 'tokens in the WebSocket subprotocol by which browsers authenticate at an API server',
  example: 'base64url.bearer.authorization.k8s.io.…',
  anchors: ['base64url.bearer.authorization.k8s.io.'],
  match(text, at) {
    const found = matchAt(SUBPROTOCOL, text, at);
    return found === null
      ? undefined
      : { start: at + found[0].length - (found[1] ?? '').length, end: at + found[0].length };
  },
};
