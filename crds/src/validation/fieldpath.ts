/**
 * Paths of fields in MaskingRules: `data.*`, `spec.template.spec.containers[*].env[*].value`,
 * `metadata.annotations['a.b/c']`. A key is written plainly if it has only letters, digits, `-` and `_`, else quoted in
 * brackets, with `\` before a quote or a backslash. `*` stands for every key of an object and `[*]` for every element of
 * a list. There are no list indices: whoever writes the list chooses its order, so an index would be easy to evade.
 */

export type FieldPathSegment =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'everyKey' }
  | { readonly kind: 'everyElement' };

export type FieldPath = readonly FieldPathSegment[];

export type FieldPathResult =
  | { readonly kind: 'path'; readonly path: FieldPath }
  /** `offset` is where in the text, in UTF-16 units, reading failed. */
  | { readonly kind: 'invalid'; readonly offset: number; readonly message: string };

/** Deeper than any Kubernetes API, and a bound for what walks along a path. */
export const MAX_SEGMENTS = 32;

const PLAIN_KEY = /[A-Za-z0-9_-]+/uy;
const QUOTED_KEY = /\['((?:[^'\\]|\\['\\])*)'\]/uy;
const EVERY_ELEMENT = /\[\*\]/uy;

/** The match of a sticky pattern at `offset`. */
function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Reads a path. Never throws. */
export function parseFieldPath(text: string): FieldPathResult {
  const path: FieldPathSegment[] = [];
  let offset = 0;
  while (offset < text.length) {
    const next = readSegment(text, offset, path.length === 0);
    if (typeof next === 'string') {
      return { kind: 'invalid', offset, message: next };
    }
    path.push(next.segment);
    if (path.length > MAX_SEGMENTS) {
      return { kind: 'invalid', offset, message: `has more than ${MAX_SEGMENTS} segments` };
    }
    offset = next.end;
  }
  return path.length === 0 ? { kind: 'invalid', offset: 0, message: 'is empty' } : { kind: 'path', path };
}

type Read = { readonly segment: FieldPathSegment; readonly end: number } | string;

function readSegment(text: string, offset: number, first: boolean): Read {
  if (text[offset] === '[') {
    return readBracket(text, offset);
  }
  if (!first && text[offset] !== '.') {
    return "expected '.' or '['";
  }
  const start = first ? offset : offset + 1;
  if (text[start] === '*') {
    return text[start + 1] === '*'
      ? "'**' is not supported; write one segment for every level"
      : { segment: { kind: 'everyKey' }, end: start + 1 };
  }
  const match = matchAt(PLAIN_KEY, text, start);
  return match === null
    ? `expected a field name or '*' after position ${start}; quote other keys, as in ['a.b/c']`
    : { segment: { kind: 'key', key: match[0] }, end: start + match[0].length };
}

function readBracket(text: string, offset: number): Read {
  if (matchAt(EVERY_ELEMENT, text, offset) !== null) {
    return { segment: { kind: 'everyElement' }, end: offset + 3 };
  }
  const quoted = matchAt(QUOTED_KEY, text, offset);
  if (quoted === null) {
    return /^\[[0-9]/u.test(text.slice(offset))
      ? 'list indices are not supported, as the order of a list is up to its writer; write [*]'
      : "expected [*] or a quoted key, as in ['a.b/c']";
  }
  const key = (quoted[1] ?? '').replaceAll(/\\(['\\])/gu, '$1');
  return key === '' ? 'the quoted key is empty' : { segment: { kind: 'key', key }, end: offset + quoted[0].length };
}

/** Writes a path so that {@link parseFieldPath} reads the same one back. */
export const formatFieldPath = (path: FieldPath): string =>
  path.map((segment, index) => formatSegment(segment, index === 0)).join('');

function formatSegment(segment: FieldPathSegment, first: boolean): string {
  if (segment.kind === 'everyElement') {
    return '[*]';
  }
  if (segment.kind === 'key' && !/^[A-Za-z0-9_-]+$/u.test(segment.key)) {
    return `['${segment.key.replaceAll(/['\\]/gu, (character) => `\\${character}`)}']`;
  }
  const text = segment.kind === 'everyKey' ? '*' : segment.key;
  return first ? text : `.${text}`;
}
