import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { UndecodableBody, type LiteralValue, type Member, type TextValue, type Value } from '../document.ts';
import type { CodecBounds } from './codec-bounds.ts';
import { plainMeaning } from './yaml-scalar.ts';

/** Of the text: [start, end). */
export interface YamlRange {
  readonly start: number;
  readonly end: number;
}

/** The tag that says that a scalar is a text; no other is taken. */
const STRING_TAG = 'tag:yaml.org,2002:str';

/** As deep as YAML may be nested: its parser recurses. */
const DEPTH = 500;

/** Directives, and the marker that ends a document: what follows is read by some. */
const DIRECTIVE_OR_END = /^(?:%|\.\.\.(?:\s|$))/m;

/** Of a block scalar: any empty lines, none of them with white space. More than these are not looked at. */
const ENDS_IN_TEXT = /[^ \t\n][ \t]*\n+$/;
const LONGEST_END = 1024;
const INDENTED = /^[|>][-+]?[1-9]/;

/**
 * The one document of a text of YAML. Taken is what has one meaning: no aliases and anchors, no tags but `!!str`, no
 * merge keys, no `?` keys, no directives, one document.
 */
export class YamlComposer {
  readonly root: Value;
  readonly #ranges = new Map<TextValue | LiteralValue, YamlRange>();
  readonly #source: string;
  readonly #bounds: CodecBounds;
  #values = 0;

  /** @throws UndecodableBody */
  constructor(text: string, bounds: CodecBounds) {
    this.#bounds = bounds;
    this.#source = text;
    this.root = this.#value(parse(text), 0);
  }

  /** Where each text and literal stands. */
  get ranges(): ReadonlyMap<TextValue | LiteralValue, YamlRange> {
    return this.#ranges;
  }

  #value(node: unknown, depth: number): Value {
    this.#values += 1;
    if (this.#values > this.#bounds.values) throw new UndecodableBody('The YAML has too many values');
    if (depth > Math.min(DEPTH, this.#bounds.depth)) throw new UndecodableBody('The YAML is nested too deep');
    if (isScalar(node)) return this.#scalar(node);
    if (isAlias(node)) throw new UndecodableBody('The YAML has an alias');
    if (!isMap(node) && !isSeq(node)) throw new UndecodableBody('The YAML has a place without a value');
    if (node.tag !== undefined || node.anchor !== undefined)
      throw new UndecodableBody('The YAML has a tag or an anchor');
    return isMap(node) ? this.#object(node, depth) : this.#list(node, depth);
  }

  #list(node: YAMLSeq, depth: number): Value {
    return { kind: 'list', items: node.items.map((item) => this.#value(item, depth + 1)) };
  }

  #object(node: YAMLMap, depth: number): Value {
    const members: Member[] = [];
    const keys = new Set<string>();
    for (const pair of node.items) {
      const key = this.#key(pair);
      if (keys.has(key.text)) throw new UndecodableBody('The YAML has a key twice in one map');
      keys.add(key.text);
      members.push({ key, value: this.#value(pair.value, depth + 1) });
    }
    return { kind: 'object', members };
  }

  #key({ key, srcToken }: Pair): TextValue {
    const isExplicit = srcToken?.start.some(({ type }) => type === 'explicit-key-ind') === true;
    if (!isScalar(key) || isExplicit) throw new UndecodableBody('The YAML has a key that is no scalar');
    const text = contentOf(key);
    if (!isPlain(key)) return this.#text(key, text);
    if (text === '<<') throw new UndecodableBody('The YAML merges maps');
    const meaning = plainMeaning(text);
    if (meaning === undefined) return this.#text(key, text);
    if (meaning === 'unsayable' || meaning.kind === 'null' || meaning.isFloat === true) {
      throw new UndecodableBody('The YAML has a key that JSON does not have');
    }
    return this.#text(key, meaning.text);
  }

  #scalar(node: Scalar): Value {
    const text = contentOf(node);
    if (!isPlain(node)) return this.#text(node, text);
    const meaning = plainMeaning(text);
    if (meaning === undefined) return this.#text(node, text);
    if (meaning === 'unsayable') throw new UndecodableBody('The YAML has a number that JSON does not have');
    const value: LiteralValue = { kind: meaning.kind, text: meaning.text };
    this.#ranges.set(value, rangeOf(node));
    return value;
  }

  /** Parsers differ about a block scalar that ends with the text, or in a line of white space, and about one that says its indentation. */
  #checkBlock({ start, end }: YamlRange): void {
    const isIndented = INDENTED.test(this.#source.slice(start, start + 3));
    if (isIndented || !ENDS_IN_TEXT.test(this.#source.slice(Math.max(start, end - LONGEST_END), end))) {
      throw new UndecodableBody('The YAML has a block scalar that parsers differ about');
    }
  }

  #text(node: Scalar, text: string): TextValue {
    if (node.type?.startsWith('BLOCK') === true) this.#checkBlock(rangeOf(node));
    const value: TextValue = { kind: 'text', text, bytes: false };
    this.#ranges.set(value, rangeOf(node));
    return value;
  }
}

function parse(text: string): ParsedNode {
  if (DIRECTIVE_OR_END.test(text)) throw new UndecodableBody('The YAML has a directive or an end of a document');
  const documents = parseAllDocuments(text, {
    version: '1.1',
    // All scalars stay the texts that they are: what plain ones mean is decided here.
    schema: 'failsafe',
    strict: true,
    uniqueKeys: false,
    merge: false,
    keepSourceTokens: true,
    logLevel: 'silent',
    // They quote the body, and cost the length of the body each.
    prettyErrors: false,
  });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined || second !== undefined) throw new UndecodableBody('The YAML is not one document');
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new UndecodableBody(`The YAML is not valid (${problem.code})`);
  // Parsers differ about block scalars there; no body of Kubernetes is a scalar.
  if (!isCollection(document.contents)) throw new UndecodableBody('The YAML is neither a map nor a list');
  return document.contents;
}

/** What a scalar holds, if nothing about it is special. */
function contentOf(node: Scalar): string {
  if (node.anchor !== undefined) throw new UndecodableBody('The YAML has an anchor');
  if (node.tag !== undefined && node.tag !== STRING_TAG) throw new UndecodableBody('The YAML has a tag');
  if (typeof node.value !== 'string') throw new UndecodableBody('The YAML has a scalar that is no text');
  return node.value;
}

function isPlain(node: Scalar): boolean {
  return node.type === 'PLAIN' && node.tag === undefined;
}

function rangeOf({ range }: Scalar): YamlRange {
  const [start, end] = range ?? [0, 0];
  return { start, end };
}
