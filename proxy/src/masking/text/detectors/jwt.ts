import { startsEncoded } from './boundaries.ts';
import { type Detector, matchAt } from './detector.ts';

/** RFC 7515, 7.1: three base64url parts; RFC 7516, 7.1: five, the second of which may be empty. */
const COMPACT =
  /([A-Za-z0-9_-]{10,2048})\.[A-Za-z0-9_-]{0,16384}\.[A-Za-z0-9_-]{16,16384}(?:\.[A-Za-z0-9_-]{1,16384}\.[A-Za-z0-9_-]{1,64})?/y;
export const jwt: Detector = {
  name: 'jwt',
  kind: 'JWT',
  description:
    'signed and encrypted tokens in compact form whose header is JSON with an `alg`; OIDC and ServiceAccount tokens are such',
  example: 'eyJhbGciOi….eyJzdWIi….c2lnbmF0…',
  // `{"`, `{ `, and `{` with a line break or a tab after it.
  anchors: ['eyj', 'eya', 'ewo', 'ew0', 'ewk'],
  match(text, at) {
    if (!startsEncoded(text, at)) return undefined;
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
