import { lineStart } from './boundaries.ts';
import { matchAt, type Span } from './detector.ts';

/** What is assigned to a name in some notation. */
export interface Assigned extends Span {
  /** Whether the notation says where it ends, or it has a line to itself: prose has neither. */
  readonly delimited: boolean;
}

/** `"name": `, `name = `, `'name' => `, `["name"] = `, `name\": `, `name%3D`; JSON of some libraries escapes the sign. */
const SEPARATOR = /(?:\\*["'`])?\]?[ \t]{0,8}(?::=|=>|==?|:|%3[DdAa]|\\u003[DdAa])(?:[ \t]|%20){0,8}\[?/y;
const FLAG_SEPARATOR = /(?:[ \t]{1,4}|",? ?"|', ?')/y;
/** A variable of a container: `name: DB_PASSWORD`, and its `value` beside it, in JSON or on the next line of YAML. */
const NAME_KEY = /name(?:\\*["'])?:[ \t]{0,4}(?:\\*["'])?$/;
const LONGEST_NAME_KEY = 24;
const VALUE_KEY = /(?:\\*["'])?(?:\s|\\+[nrt]|,){1,32}(?:\\*["'])?value(?:\\*["'])?:[ \t]{0,4}/y;
const QUOTE = /(\\*)(["'`])/y;
const UNQUOTED = /[^\s"'<>`]{1,1024}/y;
const YAML_LINE = /[^\n\r]{1,1024}/y;
/** What may stand before a name on its line in YAML, in properties and in a script. */
const LINE_BEFORE_NAME = /^[ \t]*(?:(?:- |# ?|export |set |ENV |ARG |-e )[ \t]*)?$/;
const MAX_QUOTED = 4096;

/** The value that stands behind a name that ends at `nameEnd`. */
export function assignedValue(text: string, nameStart: number, nameEnd: number): Assigned | undefined {
  const separator =
    matchAt(SEPARATOR, text, nameEnd)?.[0] ??
    valueSeparator(text, nameStart, nameEnd) ??
    flagSeparator(text, nameStart, nameEnd);
  if (separator === undefined) return undefined;
  const at = nameEnd + separator.length;
  const quote = matchAt(QUOTE, text, at);
  if (quote !== null) return quoted(text, at + quote[0].length, (quote[1] ?? '').length, quote[2] ?? '"');
  // The separator of a list of arguments ends with the quote of the next one.
  if (/["']$/.test(separator)) return quoted(text, at, 0, separator.slice(-1));
  return bare(text, nameStart, at, separator.includes(': '));
}

/** A value without quotes. */
function bare(text: string, nameStart: number, at: number, afterColon: boolean): Assigned | undefined {
  const line = lineStart(text, nameStart, 64);
  const ownLine = line !== undefined && LINE_BEFORE_NAME.test(text.slice(line, nameStart));
  if (ownLine && afterColon) return trimmed(at, matchAt(YAML_LINE, text, at)?.[0] ?? '');
  const run = unquoted(matchAt(UNQUOTED, text, at)?.[0] ?? '', text.charAt(nameStart - 1));
  return run === '' ? undefined : { start: at, end: at + run.length, delimited: ownLine || !afterColon };
}

function valueSeparator(text: string, nameStart: number, nameEnd: number): string | undefined {
  if (!NAME_KEY.test(text.slice(Math.max(0, nameStart - LONGEST_NAME_KEY), nameStart))) return undefined;
  return matchAt(VALUE_KEY, text, nameEnd)?.[0];
}

function flagSeparator(text: string, nameStart: number, nameEnd: number): string | undefined {
  if (text.charAt(nameStart - 1) !== '-') return undefined;
  const separator = matchAt(FLAG_SEPARATOR, text, nameEnd)?.[0];
  return separator === undefined || text.charAt(nameEnd + separator.length) === '-' ? undefined : separator;
}

/** A plain scalar of YAML: to the end of its line, without a comment. */
function trimmed(at: number, line: string): Assigned | undefined {
  const value = line.replace(/[ \t]+#.*$/, '').trimEnd();
  // Of an unquoted line inside a JSON string the next escape is its end.
  const escaped = value.search(/\\[nr]/);
  const end = escaped < 0 ? value.length : escaped;
  return end === 0 ? undefined : { start: at, end: at + end, delimited: true };
}

/** Up to the quote that closes at the same depth of escapes, to the end of the line, or to the bound. */
function quoted(text: string, start: number, depth: number, quote: string): Assigned | undefined {
  const limit = Math.min(text.length, start + MAX_QUOTED);
  let backslashes = 0;
  let end = start;
  for (; end < limit; end += 1) {
    const character = text.charAt(end);
    if (character === '\n') break;
    if (character === quote && (backslashes <= depth ? backslashes === depth || backslashes % 2 === 0 : false)) {
      end -= Math.min(depth, backslashes);
      break;
    }
    backslashes = character === '\\' ? backslashes + 1 : 0;
  }
  return end <= start ? undefined : { start, end, delimited: true };
}

/** Cuts off what belongs to the notation around a value: the next parameter, key or element, and what closes a bracket. */
function unquoted(run: string, before: string): string {
  const escape = run.search(/\\+[nrt"']|\\u00[0-9a-fA-F]{2}|\\$/);
  const value = escape < 0 ? run : run.slice(0, escape);
  const next = value.search(before === '?' || before === '&' ? /[&#]/ : /[;&,]\s*[A-Za-z_][\w .-]{0,64}[=:]/);
  return (next < 0 ? value : value.slice(0, next)).replace(/[,;]+$/, '').replace(/^([^([{]*?)[)\]}]+$/, '$1');
}
