/** The bodies of a record as the text that they are in it. */
export interface BodyTexts {
  readonly requestObject?: string;
  readonly responseObject?: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

/**
 * Cuts the bodies out of a record's text, byte for byte: parsed and written again, numbers beyond 2^53 would be others.
 *
 * @param original a record as `recordText` writes it: one JSON object without spaces between its parts
 */
export function bodyTexts(original: string): BodyTexts {
  const found: { requestObject?: string; responseObject?: string } = {};
  let at = 1;
  while (original.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(original, at);
    const start = keyEnd + 1;
    const end = endOfValue(original, start);
    const key = original.slice(at + 1, keyEnd - 1);
    if (key === 'requestObject' || key === 'responseObject') found[key] = original.slice(start, end);
    if (original.charCodeAt(end) !== COMMA) break;
    at = end + 1;
  }
  return found;
}

/** @param start of the quote that opens it */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

/** Does not recurse: bodies are as deep as callers make them. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (code === COMMA && depth === 0) return at;
    at += 1;
  }
  return at;
}
