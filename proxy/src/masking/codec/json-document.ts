import type { BodyDocument, Edits, Value } from '../document.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { parseJson } from './json-parser.ts';
import { JsonLiteral, JsonText } from './json-values.ts';
import { splice } from './splice.ts';

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
    const splices = [];
    for (const [value, text] of edits) {
      const known = value instanceof JsonText || value instanceof JsonLiteral;
      // Silence here would let through what somebody meant to be masked.
      if (!known || value.source !== this.#source) throw new TypeError('An edit is of a value of another document');
      splices.push({ start: value.start, end: value.end, bytes: Buffer.from(JSON.stringify(text)) });
    }
    return splice(this.#source, splices);
  }
}
