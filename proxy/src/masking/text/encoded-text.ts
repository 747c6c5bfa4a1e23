import { isUtf8 } from 'node:buffer';

/** Shorter ones hold no secret that a detector would tell from chance. */
const MIN_ENCODED = 40;
/** Longer texts are not decoded as a whole. */
export const MAX_ENCODED = 8 * 1024 * 1024;

const BASE64 = /^\s*[A-Za-z0-9+/_-][A-Za-z0-9+/_\s-]{38,}={0,2}\s*$/;
const FIRST_CHARACTERS = /^\s*[A-Za-z0-9+/_-]{16}/;

/**
 * The text that a text as a whole is base64 of (either alphabet, wrapped or not), or undefined where it is not, or is of
 * something that is no text. Whether it is takes one look at the first characters of nearly every other text.
 */
export function base64Text(text: string): string | undefined {
  if (text.length < MIN_ENCODED || text.length > MAX_ENCODED || !FIRST_CHARACTERS.test(text) || !BASE64.test(text))
    return undefined;
  const bytes = Buffer.from(text, 'base64');
  return isUtf8(bytes) && isPrintable(bytes) ? bytes.toString('utf8') : undefined;
}

/** Nothing that text does not have, in the first bytes: names of 40 letters decode to noise. */
function isPrintable(bytes: Buffer): boolean {
  const end = Math.min(bytes.length, 256);
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b) || byte === 0x7f) return false;
  }
  return true;
}
