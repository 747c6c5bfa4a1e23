import type { Buffer } from 'node:buffer';
import { UndecodableBody, type BodyDocument, type Member, type Value } from '../../document.ts';
import type { CodecBounds } from '../codec-bounds.ts';
import { decodeJson } from '../json-document.ts';
import { notAs, type Field, type Message } from './message.ts';
import { FixedLiteral, Frame, PlacedText, writeBytes, writeText } from './place.ts';
import { LENGTH_DELIMITED, WireReader } from './wire-reader.ts';

/** JSON that lies in a message as bytes: an edit of one of its values rewrites it at its place. */
export interface EmbeddedJson {
  readonly owner: Frame;
  readonly from: number;
  readonly to: number;
  readonly document: BodyDocument;
}

export interface DecodingOptions {
  readonly bounds: CodecBounds;
  /** Of fields that the descriptors do not know and that have content; a newer API server may write them. */
  readonly unknownFields: 'Refuse' | 'Keep';
}

/**
 * Messages in messages. A schema of a CustomResourceDefinition, the one message that contains itself, takes three for
 * each of its levels. Reading recurses, so that the stack is a bound as well.
 */
const DEEPEST = 256;

/** Called for a field with the reader behind the field's tag; must read its value. */
export type Visit = (field: Field, wire: number) => void;

/** Appends the members of a message's JSON, in the order of its bytes. */
export type ReadMembers = (decoding: Decoding, message: Message, frame: Frame, members: Member[]) => void;

/** One pass over one body: where it is, what it has found, and what it may still cost. */
export class Decoding {
  readonly reader: WireReader;
  readonly bytes: Buffer;
  readonly embedded = new Map<Buffer, EmbeddedJson>();
  unknownFields = 0;
  readonly #options: DecodingOptions;
  #values: number;

  constructor(bytes: Buffer, options: DecodingOptions) {
    this.bytes = bytes;
    this.reader = new WireReader(bytes);
    this.#options = options;
    this.#values = options.bounds.values;
  }

  /** Reads all fields of a frame. A field that is no list and comes twice is refused: readers merge it, or take the last. */
  fields(message: Message, frame: Frame, visit: Visit, start = frame.start): void {
    const reader = this.reader;
    let seen = 0;
    let seenLater: Set<number> | undefined;
    reader.position = start;
    while (reader.position < frame.end) {
      const tagStart = reader.position;
      const tag = reader.tag(frame.end);
      const field = message.field(tag >>> 3);
      if (field === undefined) {
        this.#skipUnknown(tag & 7, tagStart, frame);
        continue;
      }
      if (!field.repeated && field.kind.type !== 'map') {
        const early = field.number < 32;
        if (early ? (seen & (1 << field.number)) !== 0 : seenLater?.has(field.number))
          throw notAs(message, field, 'comes twice', tagStart);
        if (early) seen |= 1 << field.number;
        else (seenLater ??= new Set()).add(field.number);
      }
      visit(field, tag & 7);
    }
  }

  /** The object that a frame's JSON is. */
  message(frame: Frame, message: Message, readMembers: ReadMembers): Value {
    const members: Member[] = [];
    readMembers(this, message, frame, members);
    return this.object(members);
  }

  /** Counts a value: bytes by the twos could otherwise become objects by the million. */
  spend(count = 1): void {
    this.#values -= count;
    if (this.#values < 0)
      throw new UndecodableBody('The protobuf has too many values', { offset: this.reader.position });
  }

  /** The message that the reader is before: its length has not been read yet. */
  frame(parent: Frame): Frame {
    const lengthStart = this.reader.position;
    const end = this.reader.delimitedEnd(parent.end);
    const frame = new Frame(parent, lengthStart, this.reader.position, end);
    if (frame.depth > DEEPEST) throw new UndecodableBody('The protobuf is nested too deep', { offset: lengthStart });
    return frame;
  }

  /** The text or the bytes that the reader is before. */
  placed(owner: Frame, as: 'text' | 'bytes'): PlacedText {
    this.spend();
    const from = this.reader.position;
    const to = this.reader.delimitedEnd(owner.end);
    const start = this.reader.position;
    this.reader.position = to;
    return as === 'text'
      ? new PlacedText(this.reader.text(start, to), owner, from, to, writeText)
      : new PlacedText(this.bytes.toString('base64', start, to), owner, from, to, writeBytes);
  }

  /** JSON in bytes that the reader is before; nothing is null, as Kubernetes' JSON has it. */
  json(owner: Frame): Value {
    const from = this.reader.position;
    const to = this.reader.delimitedEnd(owner.end);
    const start = this.reader.position;
    this.reader.position = to;
    if (start === to) return this.null();
    const source = this.bytes.subarray(start, to);
    const document = decodeEmbedded(source, start, { ...this.#options.bounds, values: this.#values });
    this.spend(countValues(document.root));
    this.embedded.set(source, { owner, from, to, document });
    return document.root;
  }

  null(): Value {
    this.spend();
    return new FixedLiteral('null', 'null');
  }

  object(members: readonly Member[]): Value {
    this.spend();
    return { kind: 'object', members };
  }

  list(items: readonly Value[]): Value {
    this.spend();
    return { kind: 'list', items };
  }

  #skipUnknown(wire: number, start: number, frame: Frame): void {
    const from = this.reader.position;
    this.reader.skip(wire, frame.end);
    this.unknownFields += 1;
    // A field of a newer API may hold what must be masked, and nobody here would see it.
    const empty = this.reader.position === from + 1;
    if (wire === LENGTH_DELIMITED && !empty && this.#options.unknownFields === 'Refuse')
      throw new UndecodableBody('A field with content that the descriptors do not know', { offset: start });
  }
}

/** Offsets are those of the whole body. */
function decodeEmbedded(source: Buffer, start: number, bounds: CodecBounds): BodyDocument {
  try {
    return decodeJson(source, bounds);
  } catch (error) {
    if (!(error instanceof UndecodableBody)) throw error;
    throw new UndecodableBody(error.reason, { offset: start + (error.offset ?? 0), cause: error });
  }
}

/** Does not recurse: JSON may be nested deeper than the stack. */
function countValues(root: Value): number {
  let count = 0;
  const open: Value[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    count += 1;
    if (value.kind === 'object') for (const member of value.members) open.push(member.value);
    else if (value.kind === 'list') for (const item of value.items) open.push(item);
  }
  return count;
}
