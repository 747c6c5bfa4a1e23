import { isUtf8 } from 'node:buffer';
import {
  UndecodableBody,
  type BodyDocument,
  type Edits,
  type ListValue,
  type LiteralValue,
  type Member,
  type ObjectValue,
  type TextValue,
} from '../document.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { spliceEdits } from './splice.ts';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;

/** Where a text stands, and what must be written before it: a value after a key without `=` has none of its own. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly before: string;
}

/**
 * Reads pairs of `key=value` joined by `&` (a query string without its `?`, or a body of
 * `application/x-www-form-urlencoded`) as an object of lists of texts: each key once, where it comes first, its values
 * in their order. An edit of a key is made wherever the key stands.
 * @throws UndecodableBody where Go's url.ParseQuery would drop a pair (an escape that is none, a semicolon), and where
 * a text is not UTF-8.
 */
export function decodeForm(source: Buffer, bounds: CodecBounds = CODEC_BOUNDS): BodyDocument & { root: ObjectValue } {
  const semicolon = source.indexOf(SEMICOLON);
  if (semicolon !== -1) throw new UndecodableBody('The form has a semicolon', { offset: semicolon });
  const document = new FormDocument(source);
  let pairs = 0;
  for (let start = 0; start < source.length; pairs += 1) {
    if (pairs === bounds.values) throw new UndecodableBody('The form has too many values', { offset: start });
    const ampersand = source.indexOf(AMPERSAND, start);
    const end = ampersand === -1 ? source.length : ampersand;
    if (end > start) document.add(start, end);
    start = end + 1;
  }
  return document;
}

class FormDocument implements BodyDocument {
  readonly root: ObjectValue;
  readonly #source: Buffer;
  readonly #members: Member[] = [];
  readonly #lists = new Map<string, { readonly key: TextValue; readonly items: TextValue[] }>();
  readonly #places = new Map<TextValue | LiteralValue, Place[]>();

  constructor(source: Buffer) {
    this.#source = source;
    this.root = { kind: 'object', members: this.#members };
  }

  add(start: number, end: number): void {
    const equals = this.#source.subarray(0, end).indexOf(EQUALS, start);
    const keyEnd = equals === -1 ? end : equals;
    const valueStart = equals === -1 ? end : equals + 1;
    const list = this.#list(unescape(this.#source, start, keyEnd));
    this.#places.get(list.key)?.push({ start, end: keyEnd, before: '' });
    const value: TextValue = { kind: 'text', text: unescape(this.#source, valueStart, end), bytes: false };
    list.items.push(value);
    this.#places.set(value, [{ start: valueStart, end, before: equals === -1 ? '=' : '' }]);
  }

  encode(edits: Edits): Buffer {
    return spliceEdits(this.#source, edits, (value, text) =>
      this.#places.get(value)?.map(({ start, end, before }) => ({
        start,
        end,
        bytes: Buffer.from(before + encodeURIComponent(text.toWellFormed())),
      })),
    );
  }

  #list(text: string): { readonly key: TextValue; readonly items: TextValue[] } {
    const known = this.#lists.get(text);
    if (known !== undefined) return known;
    const key: TextValue = { kind: 'text', text, bytes: false };
    const items: TextValue[] = [];
    const value: ListValue = { kind: 'list', items };
    const list = { key, items };
    this.#lists.set(text, list);
    this.#members.push({ key, value });
    this.#places.set(key, []);
    return list;
  }
}

const NO_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** [start, end) with `+` as a space and its escapes as the bytes that they mean. */
function unescape(source: Buffer, start: number, end: number): string {
  const escaped = source.toString('latin1', start, end);
  if (NO_ESCAPE.test(escaped)) throw new UndecodableBody('The form has an escape that is none', { offset: start });
  const bytes = escaped
    .replaceAll('+', ' ')
    .replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const text = Buffer.from(bytes, 'latin1');
  if (!isUtf8(text)) throw new UndecodableBody('The form has a text that is not UTF-8', { offset: start });
  return text.toString();
}
