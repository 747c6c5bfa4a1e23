import { encodeSegment, percentDecode } from './percent-encoding.ts';
import { Rejection } from './rejection.ts';

/** A path that every parser reads alike. */
export interface Path {
  /** Percent-decoded, as the API server splits it: one trailing slash may stand at the end. */
  readonly decoded: string;
  /** Rebuilt from the decoded segments: what goes upstream. */
  readonly encoded: string;
}

/** Nothing to decode, no empty segment: what clients send almost always. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9._~$&+=:@-]+)*\/?$/;
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/;
const ESCAPED_UNRESERVED = /%(?:2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Reads the path of a request target (all before the `?`, printable ASCII).
 *
 * The API server decodes first and splits afterwards, so that `pods/p%2Fexec` is an exec; others split first, fold `..`
 * or collapse `//`. Instead of choosing, a path on which they differ is refused (cf. kubernetes #119269). Only what
 * follows a proxy subresource is the backend's own: it may hold empty segments and encoded slashes. The API server
 * hands it on decoded, so decoding and encoding it anew loses nothing.
 */
export function parsePath(raw: string): Path | Rejection {
  if (!raw.startsWith('/') || raw.startsWith('//')) return new Rejection('TargetForm');
  if (PLAIN_PATH.test(raw))
    return DOT_SEGMENT.test(raw) ? new Rejection('PathSegmentDots') : { decoded: raw, encoded: raw };
  const segments = raw.slice(1).split('/');
  const tailStart = proxyTailStart(segments);
  const decoded: string[] = [];
  for (const [index, segment] of segments.slice(0, tailStart).entries()) {
    const isTrailingSlash = index > 0 && index === segments.length - 1;
    const text = segment === '' && isTrailingSlash ? '' : decodeSegment(segment, `segment ${index + 1}`);
    if (text instanceof Rejection) return text;
    decoded.push(text);
  }
  if (tailStart < segments.length) {
    const tail = decodeTail(segments.slice(tailStart).join('/'), `after segment ${tailStart}`);
    if (tail instanceof Rejection) return tail;
    decoded.push(...tail.split('/'));
  }
  return { decoded: `/${decoded.join('/')}`, encoded: `/${decoded.map(encodeSegment).join('/')}` };
}

/** `where` says where in the path, for the answer: the text itself may hold what nobody should log. */
function decodeSegment(raw: string, where: string): string | Rejection {
  if (raw === '') return new Rejection('PathSegmentEmpty', where);
  const text = decodePart(raw, where);
  if (text instanceof Rejection) return text;
  if (ESCAPED_UNRESERVED.test(raw)) return new Rejection('PathEscapedUnreserved', where);
  if (text === '.' || text === '..') return new Rejection('PathSegmentDots', where);
  if (text.includes('/') || text.includes('%')) return new Rejection('PathSegmentSeparator', where);
  return text;
}

/**
 * Dot segments are refused here too: path.Join in the API server, and any load balancer, would fold them, and on
 * `pods/p/proxy/../../secrets` they would not do it alike.
 */
function decodeTail(raw: string, where: string): string | Rejection {
  const text = decodePart(raw, where);
  if (text instanceof Rejection) return text;
  return DOT_SEGMENT.test(`/${text}`) ? new Rejection('PathSegmentDots', where) : text;
}

function decodePart(raw: string, where: string): string | Rejection {
  const decoded = percentDecode(raw);
  if (decoded === 'BadEscape') return new Rejection('PathEscape', where);
  if (decoded === 'NotUtf8') return new Rejection('PathEncoding', where);
  return CONTROL_CHARACTER.test(decoded.text) ? new Rejection('PathControlCharacter', where) : decoded.text;
}

/**
 * The index of the first segment after a proxy subresource, or the number of segments.
 *
 * It looks at raw segments: the words it compares with consist of unreserved characters alone, whose escapes are
 * refused in all that stands before the tail.
 */
function proxyTailStart(segments: readonly string[]): number {
  const root = segments[0] === 'api' ? 2 : segments[0] === 'apis' ? 3 : undefined;
  if (root === undefined || segments[root] === 'watch' || segments[root] === 'proxy') return segments.length;
  const third = segments[root + 2];
  const namespaced =
    segments[root] === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  const resource = namespaced ? root + 2 : root;
  return segments[resource + 2] === 'proxy' ? Math.min(resource + 3, segments.length) : segments.length;
}
