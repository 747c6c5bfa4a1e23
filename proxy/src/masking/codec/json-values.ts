import type { ListValue, LiteralValue, Member, ObjectValue, TextValue, Value } from '../document.ts';

/*
 * There are some hundred thousand of these in a list of some MB: what they weigh decides how fast one is read. So they
 * hold no more than their place, `kind` is the class's, and a member and its key are one.
 */

/** A string token with its quotes: [start, end) of the source. Decoded at first use. */
export class JsonText implements TextValue {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  /** Undefined until it was asked for; of a token with escapes null until then. */
  #text: string | null | undefined;

  constructor(source: Buffer, start: number, end: number, text: string | null | undefined) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.#text = text;
  }

  get kind(): 'text' {
    return 'text';
  }

  get bytes(): boolean {
    return false;
  }

  get text(): string {
    this.#text ??= decodeToken(this.source, this.start, this.end, this.#text === null);
    return this.#text;
  }
}

export class JsonMember extends JsonText implements Member {
  value: Value = ABSENT;

  get key(): TextValue {
    return this;
  }
}

/** A number, boolean or null token: [start, end) of the source. */
export class JsonLiteral implements LiteralValue {
  readonly kind: 'number' | 'boolean' | 'null';
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;

  constructor(kind: JsonLiteral['kind'], source: Buffer, start: number, end: number) {
    this.kind = kind;
    this.source = source;
    this.start = start;
    this.end = end;
  }

  get text(): string {
    return this.source.toString('latin1', this.start, this.end);
  }
}

export class JsonObject implements ObjectValue {
  readonly members: readonly JsonMember[];

  constructor(members: readonly JsonMember[]) {
    this.members = members;
  }

  get kind(): 'object' {
    return 'object';
  }
}

export class JsonList implements ListValue {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }

  get kind(): 'list' {
    return 'list';
  }
}

/** The value of a member whose value has not been read yet. */
const ABSENT = new JsonLiteral('null', Buffer.from('null'), 0, 4);

/** Of a token that was checked: an escape of half a surrogate pair stays that half, as with JSON.parse. */
function decodeToken(source: Buffer, start: number, end: number, escaped: boolean): string {
  if (!escaped) return source.toString('utf8', start + 1, end - 1);
  const text: unknown = JSON.parse(source.toString('utf8', start, end));
  return typeof text === 'string' ? text : '';
}
