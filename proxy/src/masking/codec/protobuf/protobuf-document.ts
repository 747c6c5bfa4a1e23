import {
  UndecodableBody,
  type BodyDocument,
  type Edits,
  type LiteralValue,
  type TextValue,
  type Value,
} from '../../document.ts';
import { JsonLiteral, JsonText } from '../json-values.ts';
import { splice, type Splice } from '../splice.ts';
import type { Decoding, EmbeddedJson } from './decoding.ts';
import { delimited, FixedLiteral, FixedText, PlacedNumber, PlacedText, type Frame } from './place.ts';

/** A decoded body of protobuf. */
export class ProtobufDocument implements BodyDocument {
  readonly root: Value;
  /** Fields that no descriptor knows, and that passed unseen. */
  readonly unknownFields: number;
  readonly #bytes: Buffer;
  readonly #frame: Frame;
  readonly #embedded: ReadonlyMap<Buffer, EmbeddedJson>;

  constructor(decoding: Decoding, frame: Frame, root: Value) {
    this.root = root;
    this.unknownFields = decoding.unknownFields;
    this.#bytes = decoding.bytes;
    this.#frame = frame;
    this.#embedded = decoding.embedded;
  }

  encode(edits: Edits): Buffer {
    if (edits.size === 0) return this.#bytes;
    const content = this.#rewrite(this.#splices(edits));
    // What is before the content is the length of a frame of a watch.
    if (this.#frame.start === 0) return content;
    const header = Buffer.alloc(this.#frame.start);
    header.writeUInt32BE(content.length, this.#frame.start - 4);
    return Buffer.concat([header, content]);
  }

  /** What is written where, by the message that it lies in. */
  #splices(edits: Edits): Map<Frame, Splice[]> {
    const splices = new Map<Frame, Splice[]>();
    const ofJson = new Map<EmbeddedJson, Map<TextValue | LiteralValue, string>>();
    for (const [value, text] of edits) {
      if (value instanceof FixedText || value instanceof FixedLiteral) throw new UndecodableBody(value.reason);
      if ((value instanceof PlacedText || value instanceof PlacedNumber) && value.owner.root === this.#frame)
        add(splices, value.owner, { start: value.from, end: value.to, bytes: value.write(text) });
      else {
        const embedded = this.#embeddedOf(value);
        const within = ofJson.get(embedded) ?? new Map<TextValue | LiteralValue, string>();
        ofJson.set(embedded, within.set(value, text));
      }
    }
    for (const [{ owner, from, to, document }, within] of ofJson)
      add(splices, owner, { start: from, end: to, bytes: delimited(document.encode(within)) });
    return splices;
  }

  #embeddedOf(value: TextValue | LiteralValue): EmbeddedJson {
    const isJson = value instanceof JsonText || value instanceof JsonLiteral;
    const embedded = isJson ? this.#embedded.get(value.source) : undefined;
    // Silence here would let through what somebody meant to be masked.
    if (embedded === undefined) throw new TypeError('An edit is of a value of another document');
    return embedded;
  }

  /** Innermost messages first: each changes the length of the one around it. */
  #rewrite(splices: Map<Frame, Splice[]>): Buffer {
    const levels: Set<Frame>[] = [];
    for (const frame of splices.keys()) {
      for (let outer: Frame | undefined = frame; outer !== undefined; outer = outer.parent)
        (levels[outer.depth] ??= new Set()).add(outer);
    }
    let content: Buffer = Buffer.alloc(0);
    for (const frame of levels.toReversed().flatMap((level) => [...level])) {
      const within = (splices.get(frame) ?? []).map(({ start, end, bytes }) => ({
        start: start - frame.start,
        end: end - frame.start,
        bytes,
      }));
      content = splice(this.#bytes.subarray(frame.start, frame.end), within);
      if (frame.parent !== undefined)
        add(splices, frame.parent, { start: frame.lengthStart, end: frame.end, bytes: delimited(content) });
    }
    return content;
  }
}

function add(splices: Map<Frame, Splice[]>, frame: Frame, one: Splice): void {
  const present = splices.get(frame);
  if (present === undefined) splices.set(frame, [one]);
  else present.push(one);
}
