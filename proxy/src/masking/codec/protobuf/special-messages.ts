import { UndecodableBody, type Value } from '../../document.ts';
import type { Decoding } from './decoding.ts';
import { hasMagic } from './envelope.ts';
import { formatDuration, formatMicroTime, formatTime } from './go-format.ts';
import { notAs, ownMessage, type Field, type Message } from './message.ts';
import { FixedText, type Frame, PlacedNumber, PlacedText, writeIntOrString, writeQuantity } from './place.ts';
import { LENGTH_DELIMITED, VARINT } from './wire-reader.ts';

const TIMESTAMP = ownMessage('meta/v1.Timestamp', '1l=seconds 2i=nanos');
const DURATION = ownMessage('meta/v1.Duration', '1l=duration');
const QUANTITY = ownMessage('api/resource.Quantity', '1s=string');
const INT_OR_STRING = ownMessage('util/intstr.IntOrString', '1l=type 2i=intVal 3s=strVal');
const RAW = ownMessage('runtime.RawExtension', '1b=raw');

/** A frame of nothing is Go's zero time, which is null in JSON. */
export function readTime(decoding: Decoding, type: 'time' | 'microTime', frame: Frame): Value {
  if (frame.start === frame.end) return decoding.null();
  const { reader } = decoding;
  let seconds = '0';
  let nanos = 0;
  decoding.fields(TIMESTAMP, frame, (field, wire) => {
    expectWire(decoding, TIMESTAMP, field, wire, VARINT);
    if (field.number === 1) seconds = reader.int64(frame.end);
    else nanos = reader.int32(frame.end);
  });
  const text = type === 'time' ? formatTime(seconds) : formatMicroTime(seconds, nanos);
  if (text === undefined) throw new UndecodableBody('A time that RFC 3339 cannot say', { offset: frame.start });
  if (text === null) return decoding.null();
  decoding.spend();
  return new FixedText(text, 'Protobuf has no text in the place of a time');
}

export function readDuration(decoding: Decoding, frame: Frame): Value {
  let nanoseconds = '0';
  decoding.fields(DURATION, frame, (field, wire) => {
    expectWire(decoding, DURATION, field, wire, VARINT);
    nanoseconds = decoding.reader.int64(frame.end);
  });
  decoding.spend();
  return new FixedText(formatDuration(nanoseconds), 'Protobuf has no text in the place of a duration');
}

/** As it is on the wire: Kubernetes writes it there in its canonical form. */
export function readQuantity(decoding: Decoding, frame: Frame): Value {
  let quantity: PlacedText | undefined;
  decoding.fields(QUANTITY, frame, (field, wire) => {
    expectWire(decoding, QUANTITY, field, wire, LENGTH_DELIMITED);
    const { text, from, to } = decoding.placed(frame, 'text');
    quantity = new PlacedText(text, frame, from, to, writeQuantity);
  });
  if (quantity === undefined) throw new UndecodableBody('A Quantity without its text', { offset: frame.start });
  return quantity;
}

/** Its JSON is one of its two values; the other one, which JSON does not show, must be empty: it would pass unseen. */
export function readIntOrString(decoding: Decoding, frame: Frame): Value {
  const { reader } = decoding;
  let type = '0';
  let number = 0;
  let text = '';
  decoding.fields(INT_OR_STRING, frame, (field, wire) => {
    expectWire(decoding, INT_OR_STRING, field, wire, field.number === 3 ? LENGTH_DELIMITED : VARINT);
    if (field.number === 1) type = reader.int64(frame.end);
    else if (field.number === 2) number = reader.int32(frame.end);
    else ({ text } = decoding.placed(frame, 'text'));
  });
  decoding.spend();
  const owner = frame.parent ?? frame;
  if (type === '0' && text === '') return new PlacedNumber(String(number), owner, frame.lengthStart, frame.end);
  if (type === '1' && number === 0) return new PlacedText(text, owner, frame.lengthStart, frame.end, writeIntOrString);
  throw new UndecodableBody('An IntOrString that is not one of both', { offset: frame.start });
}

/** A message that holds JSON and nothing else: FieldsV1, a default or an example of a schema. */
export function readJson(decoding: Decoding, frame: Frame): Value {
  let value: Value | undefined;
  decoding.fields(RAW, frame, (field, wire) => {
    expectWire(decoding, RAW, field, wire, LENGTH_DELIMITED);
    value = decoding.json(frame);
  });
  return value ?? decoding.null();
}

/** An object of any kind: in protobuf with its envelope, or in JSON. */
export function readRawExtension(decoding: Decoding, frame: Frame, readObject: (frame: Frame) => Value): Value {
  let value: Value | undefined;
  decoding.fields(RAW, frame, (field, wire) => {
    expectWire(decoding, RAW, field, wire, LENGTH_DELIMITED);
    const { reader } = decoding;
    const before = reader.position;
    const inner = decoding.frame(frame);
    if (hasMagic(decoding.bytes, inner)) value = readObject(inner);
    else {
      reader.position = before;
      value = decoding.json(frame);
    }
  });
  return value ?? decoding.null();
}

function expectWire(decoding: Decoding, message: Message, field: Field, wire: number, expected: number): void {
  if (wire !== expected) throw notAs(message, field, 'has another wire type', decoding.reader.position);
}
