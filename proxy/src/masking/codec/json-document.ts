import type { BodyDocument, Edits, Value } from '../document.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { parseJson } from './json-parser.ts';
import { JsonLiteral, JsonText } from './json-values.ts';
import { spliceEdits } from './splice.ts';

/**
 * Reads a body of JSON.
 * @throws UndecodableBody
 */
export function decodeJson(source: Buffer, bounds: CodecBounds = CODEC_BOUNDS): BodyDocument {
  return new JsonDocument(source, parseJson(source, bounds));
}

class JsonDocument implements BodyDocument {
  readonly root: Value;
  readonly #source: Buffer;

  constructor(source: Buffer, root: Value) {
    this.root = root;
    this.#source = source;
  }

  encode(edits: Edits): Buffer {
    return spliceEdits(this.#source, edits, (value, text) => {
      const known = value instanceof JsonText || value instanceof JsonLiteral;
      if (!known || value.source !== this.#source) return undefined;
      return [{ start: value.start, end: value.end, bytes: Buffer.from(JSON.stringify(text)) }];
    });
  }
}
