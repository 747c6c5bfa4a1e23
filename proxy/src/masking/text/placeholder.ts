import { base64Cores, toUrlAlphabet } from './base64-cores.ts';

/**
 * What stands in the place of a masked value. A placeholder tells which rule or built-in hid the value, and nothing
 * else of it, unless the rule asks for fingerprints.
 */

/** The name of a rule, of one of its patterns (`rule/pattern`) or of a built-in. */
const NAME = /^[a-z0-9./-]+$/;
const KEY_ID = /^[a-z0-9-]{1,16}$/;
const DIGEST = /^[0-9a-f]{16}$/;

const OPENING = '[MASKED:';
const SHAPE = /\[MASKED:[a-z0-9./-]+(?::[a-z0-9-]{1,16}:[0-9a-f]{16})?\]/g;
const WHOLE = new RegExp(`^${SHAPE.source}$`);

/** @throws RangeError where the name could not be told from the rest of the placeholder. */
export function redacted(name: string): string {
  return `${OPENING}${checked(name, NAME)}]`;
}

/** A placeholder that is the same for the same value under the same key. */
export function fingerprinted(name: string, keyId: string, digestHex16: string): string {
  return `${OPENING}${checked(name, NAME)}:${checked(keyId, KEY_ID)}:${checked(digestHex16, DIGEST)}]`;
}

function checked(part: string, shape: RegExp): string {
  // The part itself stays out of the message: a mistake might put a value there.
  if (!shape.test(part)) throw new RangeError(`a part of a placeholder is not of the form ${shape.source}`);
  return part;
}

/** Whether the whole text is one placeholder. */
export function isPlaceholder(text: string): boolean {
  return text.startsWith(OPENING) && WHOLE.test(text);
}

/** Where placeholders stand in a text, in order, as they are (see holdsPlaceholder for their encoded forms). */
export function placeholderRanges(text: string): readonly { readonly start: number; readonly end: number }[] {
  if (!text.includes(OPENING)) return [];
  return Array.from(text.matchAll(SHAPE), (match) => ({ start: match.index, end: match.index + match[0].length }));
}

/** What is looked for in encoded text. In base64 and hex its closing part may be cut or coded apart, so it is left out. */
const OPENING_BYTES = Buffer.from(OPENING, 'latin1');
const HEX = OPENING_BYTES.toString('hex');
const ENCODED = encodedOpenings();

/** Base64 of the opening, and base64 of that (a Secret's data inside a Helm release), at every alignment. */
function encodedOpenings(): readonly string[] {
  const once = base64Cores(OPENING_BYTES).flatMap((core) => [core, toUrlAlphabet(core)]);
  const twice = once.flatMap((core) => base64Cores(Buffer.from(core, 'latin1')));
  return [...new Set([...once, ...twice, ...twice.map(toUrlAlphabet)])];
}

const PERCENT = /%[0-9A-Fa-f]{2}/g;
const UNICODE_ESCAPE = /\\+(?:u00|x)([2-7][0-9A-Fa-f])/g;
/** Escapes of escapes, as in a URL inside a URL inside a JSON string. */
const MAX_LAYERS = 4;

/**
 * Whether a text carries a placeholder anywhere: as it is, percent-encoded, with JSON's or Go's escapes, in hex, or in
 * base64 of either alphabet (once or twice, at any alignment, wrapped or not). For refusing writes that would store it.
 */
export function holdsPlaceholder(text: string): boolean {
  let layer = text;
  for (let depth = 0; depth < MAX_LAYERS; depth += 1) {
    if (layer.includes(OPENING) && layer.search(SHAPE) >= 0) return true;
    const next = unescaped(layer);
    if (next === layer) break;
    layer = next;
  }
  if (layer.length < HEX.length && layer.length < (ENCODED[0] ?? '').length) return false;
  const unwrapped = /[\s\\]/.test(layer) ? layer.replace(/\\[nrt]|\s+/g, '') : layer;
  if (ENCODED.some((core) => unwrapped.includes(core))) return true;
  return unwrapped.toLowerCase().includes(HEX);
}

function unescaped(text: string): string {
  const decoded = text.includes('%') ? text.replace(PERCENT, asciiOfPercent) : text;
  return decoded.includes('\\')
    ? decoded.replace(UNICODE_ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : decoded;
}

function asciiOfPercent(escape: string): string {
  const code = Number.parseInt(escape.slice(1), 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : escape;
}
