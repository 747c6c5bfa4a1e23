import type { LiteralValue, TextValue } from '../document.ts';

/** How a text is written when it is replaced. */
export type CborForm = 'text string' | 'byte string' | 'base64';

/** The bytes of an item with its tags: [start, end) of the source. */
export interface CborRange {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
}

export class CborText implements TextValue {
  readonly kind = 'text';
  readonly range: CborRange;
  readonly text: string;
  readonly form: CborForm;

  constructor(range: CborRange, text: string, form: CborForm) {
    this.range = range;
    this.text = text;
    this.form = form;
  }

  get bytes(): boolean {
    return this.form === 'base64';
  }
}

export class CborLiteral implements LiteralValue {
  readonly range: CborRange;
  readonly kind: 'number' | 'boolean' | 'null';
  readonly text: string;

  constructor(range: CborRange, kind: CborLiteral['kind'], text: string) {
    this.range = range;
    this.kind = kind;
    this.text = text;
  }
}
