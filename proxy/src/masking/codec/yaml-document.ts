import { isUtf8 } from 'node:buffer';
import {
  UndecodableBody,
  type BodyDocument,
  type Edits,
  type LiteralValue,
  type TextValue,
  type Value,
} from '../document.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { decodeJson } from './json-document.ts';
import { jsonText } from './json-text.ts';
import { YamlComposer, type YamlRange } from './yaml-composer.ts';

/**
 * How long a YAML body may be that is no JSON: it is read at some MB a second, and nothing else happens meanwhile. What
 * kubectl and client-go send as YAML (`apply-patch+yaml`) is JSON.
 */
export const YAML_BYTES = 256 * 1024;

/**
 * What go-yaml takes for no character of a document, or for the end of a line where others do not: control characters,
 * U+0085, U+2028, U+2029, the byte order mark. A carriage return too: how it ends lines in scalars differs.
 */
const AMBIGUOUS = /[^\t\n\u{20}-\u{7e}\u{a0}-\u{2027}\u{202a}-\u{fefe}\u{ff00}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * Reads a body of YAML as an API server does, and refuses what another parser could read otherwise.
 * @throws UndecodableBody
 */
export function decodeYaml(source: Buffer, bounds: CodecBounds = CODEC_BOUNDS): BodyDocument {
  if (!isUtf8(source)) throw new UndecodableBody('The YAML is not UTF-8');
  const text = source.toString();
  if (AMBIGUOUS.test(text)) throw new UndecodableBody('The YAML has characters that parsers differ about');
  const first = text.trimStart().charAt(0);
  if (first === '{' || first === '[') {
    const document = decodedAsJson(source, bounds);
    if (document !== undefined) return new JsonInYaml(document);
  }
  if (source.length > YAML_BYTES) throw new UndecodableBody('The YAML is larger than its bound');
  const composer = new YamlComposer(text, bounds);
  return new YamlDocument(source, text, composer, bounds);
}

/** JSON of these characters is YAML that means the same, but for numbers that go-yaml takes for others or for texts. */
function decodedAsJson(source: Buffer, bounds: CodecBounds): BodyDocument | undefined {
  try {
    return decodeJson(source, bounds);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

/** Writes edits so that go-yaml reads them: it takes some characters for line breaks that JSON leaves as they are. */
class JsonInYaml implements BodyDocument {
  readonly root: Value;
  readonly #document: BodyDocument;

  constructor(document: BodyDocument) {
    this.root = document.root;
    this.#document = document;
  }

  encode(edits: Edits): Buffer {
    const encoded = this.#document.encode(edits);
    return edits.size === 0 ? encoded : Buffer.from(escaped(encoded.toString()));
  }
}

class YamlDocument implements BodyDocument {
  readonly root: Value;
  readonly #source: Buffer;
  readonly #text: string;
  readonly #ranges: ReadonlyMap<TextValue | LiteralValue, YamlRange>;
  readonly #bounds: CodecBounds;

  constructor(source: Buffer, text: string, composer: YamlComposer, bounds: CodecBounds) {
    this.root = composer.root;
    this.#ranges = composer.ranges;
    this.#source = source;
    this.#text = text;
    this.#bounds = bounds;
  }

  encode(edits: Edits): Buffer {
    if (edits.size === 0) return this.#source;
    const splices = [];
    for (const [value, text] of edits) {
      const range = this.#ranges.get(value);
      // Silence here would let through what somebody meant to be masked.
      if (range === undefined) throw new TypeError('An edit is of a value of another document');
      splices.push({ ...range, text: this.#written(range, text) });
    }
    const encoded = spliced(this.#text, splices);
    // A scalar may stand where no quoted one can. What is sent must be what was meant.
    const again = new YamlComposer(encoded, this.#bounds);
    if (jsonText(again.root, NO_EDITS) !== jsonText(this.root, edits)) {
      throw new UndecodableBody('The YAML has no way to say an edit');
    }
    return Buffer.from(encoded);
  }

  #written({ start, end }: YamlRange, text: string): string {
    const replaced = this.#text.slice(start, end);
    // A value that is not there: `key:`, `- `. A block scalar has its last line break in its range.
    const before = start === end ? ' ' : '';
    return before + quoted(text) + (replaced.endsWith('\n') ? '\n' : '');
  }
}

const NO_EDITS: Edits = new Map();
const UNPRINTABLE = /[\u{7f}-\u{9f}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}]/gu;

/** A scalar in double quotes on one line. What JSON escapes, YAML does too. */
function quoted(text: string): string {
  return escaped(JSON.stringify(text.toWellFormed()));
}

function escaped(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function spliced(source: string, splices: readonly (YamlRange & { readonly text: string })[]): string {
  const parts: string[] = [];
  let copied = 0;
  for (const { start, end, text } of splices.toSorted((a, b) => a.start - b.start)) {
    parts.push(source.slice(copied, start), text);
    copied = end;
  }
  parts.push(source.slice(copied));
  return parts.join('');
}
