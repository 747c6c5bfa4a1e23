import { UndecodableBody, type BodyDocument, type Edits, type Value } from '../document.ts';
import { parseCbor } from './cbor-parser.ts';
import { BYTE_STRING, TEXT_STRING } from './cbor-reader.ts';
import { CborLiteral, CborText, type CborForm } from './cbor-values.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { spliceEdits } from './splice.ts';

/**
 * Reads a body of CBOR: one item, with or without the tag that says that it is CBOR.
 * @throws UndecodableBody
 */
export function decodeCbor(source: Buffer, bounds: CodecBounds = CODEC_BOUNDS): BodyDocument {
  return new CborDocument(source, parseCbor(source, bounds));
}

class CborDocument implements BodyDocument {
  readonly root: Value;
  readonly #source: Buffer;

  constructor(source: Buffer, root: Value) {
    this.root = root;
    this.#source = source;
  }

  encode(edits: Edits): Buffer {
    return spliceEdits(this.#source, edits, (value, text) => {
      const known = value instanceof CborText || value instanceof CborLiteral;
      if (!known || value.range.source !== this.#source) return undefined;
      const form = value instanceof CborText ? value.form : 'text string';
      return [{ start: value.range.start, end: value.range.end, bytes: encodeText(text, form) }];
    });
  }
}

const BASE64_TAG = Buffer.of(0xd6);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function encodeText(text: string, form: CborForm): Buffer {
  if (form !== 'base64') {
    return withHead(form === 'byte string' ? BYTE_STRING : TEXT_STRING, Buffer.from(text.toWellFormed()));
  }
  if (!BASE64.test(text)) throw new UndecodableBody('What should be written in place of bytes is no base64');
  return Buffer.concat([BASE64_TAG, withHead(BYTE_STRING, Buffer.from(text, 'base64'))]);
}

function withHead(major: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 24) return Buffer.concat([Buffer.of((major << 5) | length), content]);
  const head = Buffer.alloc(5);
  head[0] = (major << 5) | 26;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, content]);
}
