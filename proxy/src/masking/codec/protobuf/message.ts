import { UndecodableBody, type TextValue } from '../../document.ts';
import { FixedText } from './place.ts';

/** How a field's bytes are read, and what its JSON is. */
export type Kind =
  | { readonly type: 'delimited'; readonly as: (typeof DELIMITED)[keyof typeof DELIMITED] }
  | { readonly type: 'literal'; readonly as: LiteralType }
  | { readonly type: 'special'; readonly as: SpecialType }
  | { readonly type: 'message'; readonly message: Message }
  /** A message that is in JSON the one value that it holds; `absent` where it holds none. */
  | { readonly type: 'union'; readonly message: Message; readonly absent: 'false' | 'null' }
  /** A message that holds nothing but a list, which is that list in JSON. */
  | { readonly type: 'wrappedList'; readonly message: Message }
  /** A repeated message of a key and a value, which is an object in JSON. */
  | { readonly type: 'map'; readonly entry: Message };

export type LiteralType = (typeof LITERALS)[keyof typeof LITERALS];
export type SpecialType = (typeof SPECIALS)[keyof typeof SPECIALS];

export interface Field {
  readonly number: number;
  /** In JSON; nothing changes it, for in protobuf it is a number. */
  readonly name: TextValue;
  readonly repeated: boolean;
  /** Its members stand in the JSON of the message around it. */
  readonly inline: boolean;
  readonly kind: Kind;
}

const DELIMITED = { s: 'text', b: 'bytes' } as const;

const LITERALS = { t: 'boolean', i: 'int32', l: 'int64', d: 'double' } as const;

/** Messages whose JSON is not an object of their fields. */
const SPECIALS = {
  T: 'time',
  U: 'microTime',
  D: 'duration',
  Q: 'quantity',
  O: 'intOrString',
  R: 'rawExtension',
  J: 'json',
} as const;

/** Finds a message by its number in the descriptors. */
export type MessageByNumber = (number: number) => Message;

/** A message as the generated descriptors write it, read at first use: few of a thousand are ever met. */
export class Message {
  readonly name: string;
  readonly #fields: string;
  readonly #find: MessageByNumber;
  #parsed: ReadonlyMap<number, Field> | undefined;

  constructor(name: string, fields: string, find: MessageByNumber) {
    this.name = name;
    this.#fields = fields;
    this.#find = find;
  }

  field(number: number): Field | undefined {
    this.#parsed ??= new Map(
      this.#fields
        .split(' ')
        .filter((word) => word !== '')
        .map((word) => parseField(word, this.#find))
        .map((field) => [field.number, field]),
    );
    return this.#parsed.get(number);
  }
}

/** A message that is no part of the descriptors, as they would write it. */
export function ownMessage(name: string, fields: string): Message {
  return new Message(name, fields, (number) => {
    throw new RangeError(`${name} has no message ${number}`);
  });
}

function parseField(word: string, find: MessageByNumber): Field {
  const [, number, repeated, inline, kind, name] = /^(\d+)(\*?)(\^?)([A-Za-z]+\d*)=(\S*)$/.exec(word) ?? [];
  if (number === undefined || kind === undefined || name === undefined)
    throw new TypeError(`the descriptors hold the field ${word}`);
  return {
    number: Number(number),
    name: new FixedText(name, 'The name of a field is a number in protobuf'),
    repeated: repeated === '*',
    inline: inline === '^',
    kind: parseKind(kind, find),
  };
}

function parseKind(kind: string, find: MessageByNumber): Kind {
  const letter = kind.slice(0, 1);
  const rest = kind.slice(1);
  const own = (name: string, fields: string): Message => new Message(name, fields, find);
  switch (letter) {
    case 'M':
      return { type: 'map', entry: own('entry of a map', `1s=key 2${rest}=value`) };
    case 'w':
      return { type: 'wrappedList', message: own('list', `1*${rest}=items`) };
    case 'm':
      return { type: 'message', message: find(Number(rest)) };
    case 'B':
      return { type: 'union', message: own('JSONSchemaPropsOrBool', `1t=allows 2m${rest}=schema`), absent: 'false' };
    case 'A':
      return {
        type: 'union',
        message: own('JSONSchemaPropsOrArray', `1m${rest}=schema 2*m${rest}=jSONSchemas`),
        absent: 'null',
      };
    case 'S':
      return {
        type: 'union',
        message: own('JSONSchemaPropsOrStringArray', `1m${rest}=schema 2*s=property`),
        absent: 'null',
      };
    default:
      return parseScalar(kind);
  }
}

function parseScalar(letter: string): Kind {
  if (isKey(DELIMITED, letter)) return { type: 'delimited', as: DELIMITED[letter] };
  if (isKey(LITERALS, letter)) return { type: 'literal', as: LITERALS[letter] };
  if (isKey(SPECIALS, letter)) return { type: 'special', as: SPECIALS[letter] };
  throw new TypeError(`the descriptors hold the kind ${letter}`);
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}

/** That bytes are not what the descriptors say. Names what the descriptors name, never what the body holds. */
export function notAs(message: Message, field: Field, what: string, offset: number): UndecodableBody {
  return new UndecodableBody(`The protobuf field ${field.name.text} of ${message.name} ${what}`, { offset });
}
