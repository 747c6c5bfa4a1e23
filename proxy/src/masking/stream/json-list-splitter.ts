import { decodeJson } from '../codec/json-document.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from '../codec/json-tokens.ts';
import { UndecodableBody, type BodyDocument } from '../document.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { JsonSkipper } from './json-skipper.ts';
import type { ListSplitter, Piece, SplitterBounds } from './splitter.ts';

/** Where in the list the next byte is. White space is passed over in all but those that say otherwise. */
type Place =
  | 'start'
  | 'first key or end'
  | 'key'
  | 'in key' // white space counts
  | 'colon'
  | 'value'
  | 'in value' // white space counts
  | 'in word' // white space counts
  | 'after value'
  | 'first item or end'
  | 'item'
  | 'in item' // white space counts
  | 'after item'
  | 'done';

/**
 * A list in JSON: its top-level object, cut into the objects of its `items` (of a *List) or `rows` (of a Table) and
 * what lies between them, wherever in it these stand.
 */
export class JsonListSplitter implements ListSplitter {
  readonly #skipper = new JsonSkipper();
  readonly #item: ByteAccumulator;
  readonly #key: ByteAccumulator;
  readonly #envelope: ByteAccumulator;
  #place: Place = 'start';
  /** Whether the member that is being read is one whose list is cut; which it is, and which there were. */
  #isSplit = false;
  #path: 'items' | 'rows' = 'items';
  readonly #split = new Set<string>();
  /** Of the envelope: how much of it is whole members. */
  #whole = 0;
  #decoded: { readonly whole: number; readonly document: BodyDocument } | undefined;

  /** Of the chunk that is being cut: from where on its bytes are in no piece, and not in the envelope, yet. */
  #betweenFrom = 0;
  #envelopeFrom = 0;
  #pieces: Piece[] = [];

  constructor({ objectBytes }: SplitterBounds) {
    this.#item = new ByteAccumulator(objectBytes);
    this.#key = new ByteAccumulator(objectBytes);
    this.#envelope = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    this.#pieces = [];
    this.#betweenFrom = 0;
    this.#envelopeFrom = 0;
    let position = 0;
    while (position < chunk.length) position = this.#step(chunk, position);
    if (!inList(this.#place)) this.#envelope.append(chunk.subarray(this.#envelopeFrom));
    if (this.#place !== 'in item') this.#between(chunk, chunk.length);
    return this.#pieces;
  }

  end(): Piece[] {
    if (this.#place !== 'done') throw new UndecodableBody('The list ends before it is complete');
    this.envelope();
    return [];
  }

  envelope(): BodyDocument {
    const whole = this.#whole;
    if (this.#decoded?.whole === whole) return this.#decoded.document;
    const members = whole === 0 ? Buffer.from('{') : this.#envelope.peek().subarray(0, whole);
    const document = decodeJson(Buffer.concat([members, Buffer.from('}')]));
    this.#decoded = { whole, document };
    return document;
  }

  /** Goes on from a byte; where to. */
  #step(chunk: Buffer, position: number): number {
    const place = this.#place;
    if (place === 'in item') return this.#inItem(chunk, position);
    if (place === 'in value') return this.#inValue(chunk, position);
    if (place === 'in key') return this.#inKey(chunk, position);
    if (place === 'in word') return this.#inWord(chunk, position);
    if (isSpace(chunk[position])) return position + 1;
    return inList(place) ? this.#aroundItems(chunk, position) : this.#aroundMembers(chunk, position);
  }

  #aroundMembers(chunk: Buffer, position: number): number {
    const place = this.#place;
    const byte = chunk[position];
    if (place === 'start') return this.#expect(byte === OPEN_OBJECT, 'first key or end', position);
    if (place === 'colon') return this.#expect(byte === COLON, 'value', position);
    if (place === 'value') return this.#startValue(chunk, position);
    if (place === 'key') return this.#startKey(byte, position);
    if (place === 'done') return this.#expect(false, 'done', position);
    if (byte === CLOSE_OBJECT) return this.#expect(true, 'done', position);
    return place === 'after value' ? this.#expect(byte === COMMA, 'key', position) : this.#startKey(byte, position);
  }

  #expect(isThere: boolean, place: Place, position: number): number {
    if (!isThere) throw new UndecodableBody('The list is no JSON object, or something follows it');
    this.#place = place;
    return position + 1;
  }

  /** Stays at the quote: the skipper starts with it. */
  #startKey(byte: number | undefined, position: number): number {
    this.#expect(byte === QUOTE, 'in key', position);
    return position;
  }

  #inKey(chunk: Buffer, position: number): number {
    const end = this.#skipper.scan(chunk, position);
    if (end === -1) {
      this.#key.append(chunk.subarray(position));
      return chunk.length;
    }
    const { root } = decodeJson(this.#key.takeWith(chunk.subarray(position, end)));
    this.#place = 'colon';
    this.#isSplit = root.kind === 'text' && (root.text === 'items' || root.text === 'rows');
    if (root.kind !== 'text' || (root.text !== 'items' && root.text !== 'rows')) return end;
    // The envelope would show it too, but only when both have passed.
    if (this.#split.has(root.text)) throw new UndecodableBody('The list has a key twice');
    this.#split.add(root.text);
    this.#path = root.text;
    return end;
  }

  #startValue(chunk: Buffer, position: number): number {
    const byte = chunk[position];
    if (this.#isSplit && byte === OPEN_LIST) {
      this.#place = 'first item or end';
      this.#envelope.append(chunk.subarray(this.#envelopeFrom, position + 1));
      return position + 1;
    }
    this.#place = byte === OPEN_OBJECT || byte === OPEN_LIST || byte === QUOTE ? 'in value' : 'in word';
    return position;
  }

  #inValue(chunk: Buffer, position: number): number {
    const end = this.#skipper.scan(chunk, position);
    if (end === -1) return chunk.length;
    this.#endMember(end);
    return end;
  }

  /** A number, true, false or null: ends where something else starts. */
  #inWord(chunk: Buffer, position: number): number {
    let end = position;
    while (end < chunk.length && !endsWord(chunk[end])) end += 1;
    if (end < chunk.length) this.#endMember(end);
    return end;
  }

  #endMember(end: number): void {
    this.#whole = this.#envelope.length + end - this.#envelopeFrom;
    this.#place = 'after value';
  }

  #aroundItems(chunk: Buffer, position: number): number {
    const byte = chunk[position];
    if (byte === CLOSE_LIST && this.#place !== 'item') {
      this.#envelopeFrom = position;
      this.#endMember(position + 1);
      return position + 1;
    }
    if (this.#place === 'after item') {
      if (byte !== COMMA) throw new UndecodableBody('The list has neither a comma nor an end after an item');
      this.#place = 'item';
      return position + 1;
    }
    if (byte !== OPEN_OBJECT) throw new UndecodableBody('The list has an item that is no object');
    this.#between(chunk, position);
    this.#place = 'in item';
    return position;
  }

  #inItem(chunk: Buffer, position: number): number {
    const end = this.#skipper.scan(chunk, position);
    if (end === -1) {
      this.#item.append(chunk.subarray(position));
      return chunk.length;
    }
    const bytes = this.#item.takeWith(chunk.subarray(position, end));
    this.#pieces.push({ kind: 'object', bytes, path: this.#path });
    this.#betweenFrom = end;
    this.#place = 'after item';
    return end;
  }

  #between(chunk: Buffer, end: number): void {
    const bytes = chunk.subarray(this.#betweenFrom, end);
    if (bytes.length > 0) this.#pieces.push({ kind: 'between', bytes });
  }
}

function inList(place: Place): boolean {
  return place === 'first item or end' || place === 'item' || place === 'in item' || place === 'after item';
}

function endsWord(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || isSpace(byte);
}
