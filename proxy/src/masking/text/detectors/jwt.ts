import { type Detector, matchAt } from './detector.ts';

/** RFC 7515, 7.1: three base64url parts; RFC 7516, 7.1: five, the second of which may be empty. */
const COMPACT =
  /([A-Za-z0-9_-]{10,2048})\.[A-Za-z0-9_-]{0,16384}\.[A-Za-z0-9_-]{16,16384}(?:\.[A-Za-z0-9_-]{1,16384}\.[A-Za-z0-9_-]{1,64})?/y;
/** A dash is left in: on `eyJ-eyJ-…` only the first may be read from, or the time is quadratic. */
const WITHIN = /[A-Za-z0-9_-]/;
const ESCAPE_BEFORE = /(?:\\[nrtfb]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,8}m)$/;

export const jwt: Detector = {
  name: 'jwt',
  kind: 'JWT',
  description:
    'signed and encrypted tokens in compact form whose header is JSON with an `alg`; OIDC and ServiceAccount tokens are such',
  example: 'eyJhbGciOi….eyJzdWIi….c2lnbmF0…',
  // `{"`, `{ `, and `{` with a line break or a tab after it.
  anchors: ['eyj', 'eya', 'ewo', 'ew0', 'ewk'],
  match(text, at) {
    if (at > 0 && WITHIN.test(text.charAt(at - 1)) && !ESCAPE_BEFORE.test(text.slice(Math.max(0, at - 12), at))) {
      return undefined;
    }
    const found = matchAt(COMPACT, text, at);
    return found !== null && isHeader(found[1] ?? '') ? { start: at, end: at + found[0].length } : undefined;
  },
};

function isHeader(part: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && 'alg' in header && typeof header.alg === 'string';
  } catch {
    // Not JSON, so no header: `eyJ` also begins the base64 of any other JSON.
    return false;
  }
}
