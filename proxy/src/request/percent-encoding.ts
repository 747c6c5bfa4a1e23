const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** What percentDecode answers where there is no decoding: an escape cut short, or bytes that are not UTF-8. */
export type Undecodable = 'BadEscape' | 'NotUtf8';

export interface Decoded {
  readonly text: string;
}

/**
 * Percent-decodes ASCII text. Go accepts any bytes; here they must be UTF-8, because a name that no string can hold
 * can neither be judged nor recorded.
 */
export function percentDecode(raw: string): Decoded | Undecodable {
  if (!raw.includes('%')) return { text: raw };
  if (BAD_ESCAPE.test(raw)) return 'BadEscape';
  try {
    return { text: decodeURIComponent(raw) };
  } catch {
    return 'NotUtf8';
  }
}

/** What encodeURIComponent escapes although a path segment may hold it as it is (RFC 3986, 3.3). */
const SEGMENT_LITERALS = /%(?:24|26|2B|3D|3A|40)/g;

const NOTHING_TO_ENCODE = /^[A-Za-z0-9._~$&+=:@-]*$/;

/** Percent-encodes one path segment as client-go does: `$&+=:@` stay as they are. */
export function encodeSegment(segment: string): string {
  if (NOTHING_TO_ENCODE.test(segment)) return segment;
  return encodeURIComponent(segment).replace(SEGMENT_LITERALS, decodeURIComponent);
}
