import type { RequestLimits } from './limits.ts';
import { Rejection } from './rejection.ts';

/** Header values by lower-case name, one entry a line, in order. */
export type HeaderLines = ReadonlyMap<string, readonly string[]>;

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN_IN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/;
/** `: ` and the line's end. */
const LINE_OVERHEAD = 4;

/**
 * Reads Node's `rawHeaders` (name, value, name, value, ...). Not `headers`: that joins repeated lines into one value
 * or drops all but one, so that what a second reader would take is gone.
 */
export function readHeaderLines(
  rawHeaders: readonly string[],
  limits: Pick<RequestLimits, 'headers' | 'headerBytes'>,
): HeaderLines | Rejection {
  if (rawHeaders.length > 2 * limits.headers) return new Rejection('TooManyHeaders');
  const lines = new Map<string, string[]>();
  let bytes = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    bytes += name.length + value.length + LINE_OVERHEAD;
    if (bytes > limits.headerBytes) return new Rejection('HeadersTooLarge');
    if (!NAME.test(name)) return new Rejection('HeaderMalformed');
    if (FORBIDDEN_IN_VALUE.test(value)) return new Rejection('HeaderMalformed', name);
    const key = name.toLowerCase();
    const earlier = lines.get(key);
    if (earlier === undefined) lines.set(key, [trimBlanks(value)]);
    else earlier.push(trimBlanks(value));
  }
  return lines;
}

/** The elements of a header that is a list, over all its lines; empty ones are left out (RFC 9110, 5.6.1). */
export function listElements(lines: HeaderLines, name: string): string[] {
  return (lines.get(name) ?? [])
    .flatMap((value) => value.split(','))
    .map(trimBlanks)
    .filter((element) => element !== '');
}

/**
 * Takes blanks and tabs away, and nothing else: what String.trim removes beside them (U+00A0, ...) is part of a value to
 * the API server. By hand, as a pattern that looks for blanks before the end takes quadratic time on blanks before
 * something else.
 */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
