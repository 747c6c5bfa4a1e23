import { Buffer } from 'node:buffer';
import { message, varint } from '../../../streams/protobuf-writer.ts';
import { UndecodableBody, type LiteralValue, type TextValue } from '../../document.ts';

/** The bytes of a message that lies in another one: [start, end), after its length, which starts at `lengthStart`. */
export class Frame {
  readonly parent: Frame | undefined;
  readonly lengthStart: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;

  constructor(parent: Frame | undefined, lengthStart: number, start: number, end: number) {
    this.parent = parent;
    this.lengthStart = lengthStart;
    this.start = start;
    this.end = end;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  /** The body that it is a part of. */
  get root(): Frame {
    return this.parent === undefined ? this : this.parent.root;
  }
}

/** What stands in the place of a value: its length and content, or more where the value had no bytes of its own. */
export type Writing = (text: string) => Buffer;

/** A text with a place in the body: what is written for it replaces [from, to), which lies in `owner`. */
export class PlacedText implements TextValue {
  readonly kind = 'text';
  readonly text: string;
  readonly owner: Frame;
  readonly from: number;
  readonly to: number;
  readonly write: Writing;

  constructor(text: string, owner: Frame, from: number, to: number, write: Writing) {
    this.text = text;
    this.owner = owner;
    this.from = from;
    this.to = to;
    this.write = write;
  }

  get bytes(): boolean {
    return this.write === writeBytes || this.write === writeAbsentBytes;
  }
}

/** A number in whose place a text can be written. */
export class PlacedNumber implements LiteralValue {
  readonly kind = 'number';
  readonly text: string;
  readonly owner: Frame;
  readonly from: number;
  readonly to: number;
  readonly write: Writing = writeIntOrString;

  constructor(text: string, owner: Frame, from: number, to: number) {
    this.text = text;
    this.owner = owner;
    this.from = from;
    this.to = to;
  }
}

/** A text in whose place protobuf has no way to write another. */
export class FixedText implements TextValue {
  readonly kind = 'text';
  readonly bytes = false;
  readonly text: string;
  /** Why. */
  readonly reason: string;

  constructor(text: string, reason: string) {
    this.text = text;
    this.reason = reason;
  }
}

/** A literal in whose place protobuf has no way to write a text. */
export class FixedLiteral implements LiteralValue {
  readonly kind: 'number' | 'boolean' | 'null';
  readonly text: string;

  constructor(kind: 'number' | 'boolean' | 'null', text: string) {
    this.kind = kind;
    this.text = text;
  }

  get reason(): string {
    return `Protobuf has no text in the place of a ${this.kind === 'null' ? 'value that is not there' : this.kind}`;
  }
}

/** The content with its length before it. */
export function delimited(content: Buffer): Buffer {
  return Buffer.concat([varint(content.length), content]);
}

export const writeText: Writing = (text) => delimited(Buffer.from(text, 'utf8'));

/** Node's own decoder takes anything for base64 and leaves out what is not. */
export const writeBytes: Writing = (text) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new UndecodableBody('What replaces bytes is not base64');
  return delimited(bytes);
};

/** Of an entry of a map without a value, as some writers leave out empty ones: field 2, then. */
const VALUE_TAG = Buffer.from([0x12]);
export const writeAbsentText: Writing = (text) => Buffer.concat([VALUE_TAG, writeText(text)]);
export const writeAbsentBytes: Writing = (text) => Buffer.concat([VALUE_TAG, writeBytes(text)]);

/** resource.Quantity as its API documentation has it: any client would refuse the whole object over another text. */
const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9}|[KMGTPE]i|[numkMGTPE])?$/;
export const writeQuantity: Writing = (text) => {
  if (text.length > 100 || !QUANTITY.test(text)) throw new UndecodableBody('What replaces a Quantity is none');
  return writeText(text);
};

/** As Kubernetes writes them: all three fields, type 1 for a text. */
export const writeIntOrString: Writing = (text) =>
  delimited(
    message([
      [1, 1],
      [2, 0],
      [3, text],
    ]),
  );
