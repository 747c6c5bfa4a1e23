const WORD = /[A-Za-z0-9_]/;
/** Escapes whose last character is a letter or digit and belongs to no token: `\n`, `\u0026`, `\x1b`, `%3D`, and the end of ANSI's. */
const ESCAPE_BEFORE = /(?:\\[abefnrtv0]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,12}[mK])$/;
const LONGEST_ESCAPE = 16;

/** Whether a token may begin at this place: nothing before it, or nothing that would be a part of it. */
export function startsToken(text: string, at: number): boolean {
  if (at === 0 || !WORD.test(text.charAt(at - 1))) return true;
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, at - LONGEST_ESCAPE), at));
}

const ENCODED = /[A-Za-z0-9_+/-]/;

/**
 * Whether a run of base64, of either alphabet, may begin at this place. Stricter than startsToken: what only begins inside
 * of such a run is no token of its own, and were it read from there again and again, the time would be quadratic.
 */
export function startsEncoded(text: string, at: number): boolean {
  if (at === 0 || !ENCODED.test(text.charAt(at - 1))) return true;
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, at - LONGEST_ESCAPE), at));
}

/** Whether no letter, digit or underscore follows. */
export function endsToken(text: string, at: number): boolean {
  return at >= text.length || !WORD.test(text.charAt(at));
}

/** Where the line of a position begins, if it begins at most `limit` characters before it. */
export function lineStart(text: string, at: number, limit: number): number | undefined {
  const from = Math.max(0, at - limit);
  const newline = text.slice(from, at).lastIndexOf('\n');
  if (newline >= 0) return from + newline + 1;
  return from === 0 ? 0 : undefined;
}
