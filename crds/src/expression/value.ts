import { celList, celMap, isCelList, isCelMap, isCelType } from '@bufbuild/cel';
import type { CelInput, CelList, CelMap, CelUint, CelValue } from '@bufbuild/cel';
import { isReflectMessage, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from '@bufbuild/protobuf/wkt';
import { ExpressionFailure } from './failure.ts';
import type { Meter } from './meter.ts';

/** A JSON value as the API server sends it; `bigint` where the decoder kept an integer that a double cannot hold. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonMapping;

export interface JsonMapping {
  readonly [key: string]: JsonValue | undefined;
}

type MapKey = bigint | string | boolean | CelUint;

export type CelTimestamp = ReflectMessage & { readonly message: Timestamp };
export type CelDuration = ReflectMessage & { readonly message: Duration };

export function isTimestamp(value: CelValue): value is CelTimestamp {
  return isReflectMessage(value, TimestampSchema);
}

export function isDuration(value: CelValue): value is CelDuration {
  return isReflectMessage(value, DurationSchema);
}

/**
 * The CEL value of a JSON value. Objects are wrapped, not copied: an expression reads a few fields of an object that
 * may have thousands.
 *
 * Integers become `int`, as in Kubernetes, where they are int64. A JavaScript number beyond 2^53 may have been another
 * integer in the JSON; reading it fails rather than comparing with a value that was never sent.
 *
 * @throws ExpressionFailure `InvalidArgument` for such a number.
 */
export function celValueOf(json: JsonValue): CelValue {
  if (typeof json === 'number') return celNumberOf(json);
  if (json === null || typeof json !== 'object') return json;
  return isJsonList(json) ? celList(json.map(celValueOf)) : celMap(new JsonMap(json));
}

function celNumberOf(json: number): number | bigint {
  if (!Number.isInteger(json)) return json;
  if (Number.isSafeInteger(json)) return BigInt(json);
  throw new ExpressionFailure('InvalidArgument', 'an integer beyond 2^53 was decoded without its last digits');
}

function isJsonList(json: object): json is readonly JsonValue[] {
  return Array.isArray(json);
}

/**
 * A JSON object as a map. Only own properties exist, so that `constructor`, `__proto__` and their kin are keys like
 * any other and never reach a JavaScript prototype.
 */
class JsonMap implements ReadonlyMap<MapKey, CelInput> {
  readonly #json: JsonMapping;
  readonly #read = new Map<string, CelValue>();

  constructor(json: JsonMapping) {
    this.#json = json;
  }

  get size(): number {
    return this.#keys().length;
  }

  get(key: MapKey): CelInput | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#json, key)) return undefined;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const json = this.#json[key];
    if (json === undefined) return undefined;
    const value = celValueOf(json);
    if (typeof value === 'object') this.#read.set(key, value);
    return value;
  }

  has(key: MapKey): boolean {
    return this.get(key) !== undefined;
  }

  keys(): MapIterator<MapKey> {
    return this.#keys().values();
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): MapIterator<[MapKey, CelInput]> {
    for (const key of this.#keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  [Symbol.iterator](): MapIterator<[MapKey, CelInput]> {
    return this.entries();
  }

  forEach(callback: (value: CelInput, key: MapKey, map: ReadonlyMap<MapKey, CelInput>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  #keys(): string[] {
    return Object.keys(this.#json).filter((key) => this.#json[key] !== undefined);
  }
}

/**
 * CEL's equality: numbers across types, lists by element, maps by key and value, everything else only within its type.
 * The library's own answers the same but counts no work, and two equal lists of a caller may be long.
 */
export function equalValues(left: CelValue, right: CelValue, meter: Meter): boolean {
  if (typeof left === 'string') {
    meter.chargeText(left);
    return left === right;
  }
  meter.charge(1);
  if (typeof left === 'boolean' || left === null) return left === right;
  if (typeof left === 'number' || typeof left === 'bigint') return equalNumbers(left, right);
  if (isCelList(left)) return isCelList(right) && equalLists(left, right, meter);
  if (isCelMap(left)) return isCelMap(right) && equalMaps(left, right, meter);
  if (isCelType(left)) return isCelType(right) && left.kind === right.kind && left.name === right.name;
  return compareMoments(left, right) === 0;
}

function equalLists(left: CelList, right: CelList, meter: Meter): boolean {
  if (left.size !== right.size) return false;
  for (let index = 0; index < left.size; index++) {
    const element = left.get(index);
    const other = right.get(index);
    if (element === undefined || other === undefined || !equalValues(element, other, meter)) return false;
  }
  return true;
}

function equalMaps(left: CelMap, right: CelMap, meter: Meter): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !equalValues(value, other, meter)) return false;
  }
  return true;
}

function equalNumbers(left: number | bigint, right: CelValue): boolean {
  if (typeof left === typeof right) return left === right;
  return (typeof right === 'number' || typeof right === 'bigint') && Number(left) === Number(right);
}

/**
 * -1, 0 or 1 for two values that have an order; `undefined` where they have none. Integers and doubles are compared as
 * doubles and NaN answers 0, as cel-go does.
 */
export function compareValues(left: CelValue, right: CelValue, meter: Meter): number | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    meter.chargeText(left);
    return compareText(left, right);
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (typeof left === 'bigint' && typeof right === 'bigint') return sign(left, right);
  const isNumbers =
    (typeof left === 'number' || typeof left === 'bigint') && (typeof right === 'number' || typeof right === 'bigint');
  if (isNumbers) return sign(Number(left), Number(right));
  return compareMoments(left, right);
}

function compareMoments(left: CelValue, right: CelValue): number | undefined {
  const isPair = (isTimestamp(left) && isTimestamp(right)) || (isDuration(left) && isDuration(right));
  if (!isPair) return undefined;
  return sign(left.message.seconds, right.message.seconds) || sign(left.message.nanos, right.message.nanos);
}

function sign<T extends number | bigint>(left: T, right: T): number {
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

/** By code point, as Go compares UTF-8; JavaScript's own order puts U+10000 and up before U+E000. */
function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return sign(utf8Rank(a), utf8Rank(b));
  }
  return sign(left.length, right.length);
}

function utf8Rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x0800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
