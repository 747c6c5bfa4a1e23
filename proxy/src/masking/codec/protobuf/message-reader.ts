import { UndecodableBody, type Member, type Value } from '../../document.ts';
import type { Decoding } from './decoding.ts';
import { readEnvelope } from './envelope.ts';
import { formatDouble } from './go-format.ts';
import { notAs, type Field, type Kind, type LiteralType, type Message, type SpecialType } from './message.ts';
import { FixedLiteral, PlacedText, writeAbsentBytes, writeAbsentText, type Frame } from './place.ts';
import {
  readDuration,
  readIntOrString,
  readJson,
  readQuantity,
  readRawExtension,
  readTime,
} from './special-messages.ts';
import { FIXED64, LENGTH_DELIMITED, VARINT } from './wire-reader.ts';

/** Appends the members of a message's JSON, in the order of its bytes. */
export function readMembers(decoding: Decoding, message: Message, frame: Frame, members: Member[]): void {
  new MessageReader(decoding, message, frame).members(members);
}

/** What a field that comes again and again has brought so far. */
interface Collected {
  readonly items: Value[];
  readonly entries: Member[];
  readonly keys: Set<string>;
}

class MessageReader {
  readonly #decoding: Decoding;
  readonly #message: Message;
  readonly #frame: Frame;
  /** Most messages have no lists. */
  #collected: Map<Field, Collected> | undefined;

  constructor(decoding: Decoding, message: Message, frame: Frame) {
    this.#decoding = decoding;
    this.#message = message;
    this.#frame = frame;
  }

  members(into: Member[]): void {
    this.#decoding.fields(this.#message, this.#frame, (field, wire) => {
      if (field.kind.type === 'map') this.#entry(field, field.kind.entry, wire, into);
      else if (field.repeated) this.#items(field, wire, this.#collect(field, into).items);
      else if (field.inline && field.kind.type === 'message')
        readMembers(this.#decoding, field.kind.message, this.#inner(field, wire), into);
      else into.push({ key: field.name, value: this.value(field, wire) });
    });
  }

  /** The value that the reader is before. */
  value(field: Field, wire: number): Value {
    const { kind } = field;
    if (wire !== wireOf(kind)) throw this.#fault(field, 'has another wire type');
    switch (kind.type) {
      case 'delimited':
        return this.#decoding.placed(this.#frame, kind.as);
      case 'literal':
        return this.#literal(field, kind.as);
      case 'special':
        return readSpecial(this.#decoding, kind.as, this.#decoding.frame(this.#frame));
      case 'message':
        return this.#decoding.message(this.#decoding.frame(this.#frame), kind.message, readMembers);
      case 'union':
        return readUnion(this.#decoding, kind, this.#decoding.frame(this.#frame));
      case 'wrappedList':
        return readWrappedList(this.#decoding, kind.message, this.#decoding.frame(this.#frame));
      case 'map':
        throw this.#fault(field, 'is a map in a map');
      default:
        return kind satisfies never;
    }
  }

  #literal(field: Field, type: LiteralType): FixedLiteral {
    const { reader } = this.#decoding;
    const { end } = this.#frame;
    this.#decoding.spend();
    switch (type) {
      case 'boolean':
        return new FixedLiteral('boolean', String(reader.boolean(end)));
      case 'int32':
        return new FixedLiteral('number', String(reader.int32(end)));
      case 'int64':
        return new FixedLiteral('number', reader.int64(end));
      case 'double': {
        const text = formatDouble(reader.double(end));
        if (text === undefined) throw this.#fault(field, 'is no number that JSON has');
        return new FixedLiteral('number', text);
      }
      default:
        return type satisfies never;
    }
  }

  #inner(field: Field, wire: number): Frame {
    if (wire !== LENGTH_DELIMITED) throw this.#fault(field, 'has another wire type');
    return this.#decoding.frame(this.#frame);
  }

  /** A list or a map stands where it comes first. */
  #collect(field: Field, members: Member[]): Collected {
    this.#collected ??= new Map();
    let found = this.#collected.get(field);
    if (found === undefined) {
      found = { items: [], entries: [], keys: new Set() };
      this.#collected.set(field, found);
      const { entries, items } = found;
      const value = field.kind.type === 'map' ? this.#decoding.object(entries) : this.#decoding.list(items);
      members.push({ key: field.name, value });
    }
    return found;
  }

  #items(field: Field, wire: number, items: Value[]): void {
    const unpacked = wireOf(field.kind);
    if (wire !== LENGTH_DELIMITED || unpacked === LENGTH_DELIMITED) {
      items.push(this.value(field, wire));
      return;
    }
    const packed = this.#inner(field, wire);
    const reader = new MessageReader(this.#decoding, this.#message, packed);
    while (this.#decoding.reader.position < packed.end) items.push(reader.value(field, unpacked));
  }

  #entry(field: Field, entry: Message, wire: number, members: Member[]): void {
    const { entries, keys } = this.#collect(field, members);
    const frame = this.#inner(field, wire);
    const reader = new MessageReader(this.#decoding, entry, frame);
    let key: Value | undefined;
    let value: Value | undefined;
    this.#decoding.fields(entry, frame, (part, partWire) => {
      if (part.number === 1) key = reader.value(part, partWire);
      else value = reader.value(part, partWire);
    });
    if (key?.kind !== 'text') throw this.#fault(field, 'has an entry without a key');
    if (keys.has(key.text)) throw this.#fault(field, 'has a key twice');
    keys.add(key.text);
    entries.push({ key, value: value ?? absentValue(this.#decoding, entry, frame) });
  }

  /** Names what the descriptors name, never what the body holds. */
  #fault(field: Field, what: string): UndecodableBody {
    return notAs(this.#message, field, what, this.#decoding.reader.position);
  }
}

/** What an entry without a value means: the empty one of its kind. */
function absentValue(decoding: Decoding, entry: Message, frame: Frame): Value {
  const kind = entry.field(2)?.kind;
  decoding.spend();
  if (kind?.type === 'delimited') {
    const write = kind.as === 'text' ? writeAbsentText : writeAbsentBytes;
    return new PlacedText('', frame, frame.end, frame.end, write);
  }
  if (kind?.type === 'message') return decoding.object([]);
  if (kind?.type === 'wrappedList') return decoding.list([]);
  throw new UndecodableBody('An entry of a map has no value', { offset: frame.start });
}

function wireOf(kind: Kind): number {
  if (kind.type !== 'literal') return LENGTH_DELIMITED;
  return kind.as === 'double' ? FIXED64 : VARINT;
}

function readWrappedList(decoding: Decoding, message: Message, frame: Frame): Value {
  const members: Member[] = [];
  readMembers(decoding, message, frame, members);
  return members[0]?.value ?? decoding.list([]);
}

/**
 * One of the types of CustomResourceDefinitions that are in JSON either a schema or something else. Whether additional
 * ones are allowed at all says nothing beside a schema.
 */
function readUnion(decoding: Decoding, kind: Kind & { readonly type: 'union' }, frame: Frame): Value {
  const members: Member[] = [];
  readMembers(decoding, kind.message, frame, members);
  const telling = members.length > 1 ? members.filter(({ value }) => value.kind !== 'boolean') : members;
  if (telling.length > 1) throw new UndecodableBody('A schema and something in its place', { offset: frame.start });
  const value = telling[0]?.value;
  if (value !== undefined) return value;
  decoding.spend();
  return kind.absent === 'false' ? new FixedLiteral('boolean', 'false') : new FixedLiteral('null', 'null');
}

function readSpecial(decoding: Decoding, type: SpecialType, frame: Frame): Value {
  switch (type) {
    case 'time':
    case 'microTime':
      return readTime(decoding, type, frame);
    case 'duration':
      return readDuration(decoding, frame);
    case 'quantity':
      return readQuantity(decoding, frame);
    case 'intOrString':
      return readIntOrString(decoding, frame);
    case 'json':
      return readJson(decoding, frame);
    case 'rawExtension':
      return readRawExtension(decoding, frame, (inner) => readEnvelope(decoding, inner, {}, readMembers));
    default:
      return type satisfies never;
  }
}
