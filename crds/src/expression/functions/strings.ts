import { celList, type CelList } from '@bufbuild/cel';
import { ExpressionFailure } from '../failure.ts';
import type { Meter } from '../meter.ts';
import { func, int, list, method, string, type Overload } from '../overload.ts';
import { BOOL, INT, listOf, STRING } from '../statictype.ts';

/**
 * Functions of strings. Positions count code points, as Kubernetes does; JavaScript's count UTF-16 units, so
 * `'😀x'.indexOf('x')` is 1 here and 2 there.
 */
export function strings(meter: Meter): Overload[] {
  const points = (text: string): string[] => {
    meter.charge(1 + (text.length >> 3));
    return Array.from(text);
  };
  return [
    func('size', [string], INT, (text) => BigInt(countPoints(text, meter))),
    method('size', [string], INT, (text) => BigInt(countPoints(text, meter))),
    method('contains', [string, string], BOOL, (text, part) => (meter.chargeText(text), text.includes(part))),
    method('startsWith', [string, string], BOOL, (text, part) => (meter.chargeText(part), text.startsWith(part))),
    method('endsWith', [string, string], BOOL, (text, part) => (meter.chargeText(part), text.endsWith(part))),
    method('charAt', [string, int], STRING, (text, index) => {
      const characters = points(text);
      return characters[position(index, characters.length)] ?? '';
    }),
    method('indexOf', [string, string], INT, (text, part) => indexOf(points(text), part, 0n)),
    method('indexOf', [string, string, int], INT, (text, part, from) => indexOf(points(text), part, from)),
    method('lastIndexOf', [string, string], INT, (text, part) => {
      const characters = points(text);
      if (part === '') return BigInt(characters.length);
      return characters.length === 0 ? -1n : lastIndexOf(characters, part, BigInt(characters.length - 1));
    }),
    method('lastIndexOf', [string, string, int], INT, (text, part, from) => lastIndexOf(points(text), part, from)),
    method('lowerAscii', [string], STRING, (text) => {
      meter.chargeText(text);
      return text.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase());
    }),
    method('upperAscii', [string], STRING, (text) => {
      meter.chargeText(text);
      return text.replace(/[a-z]+/gu, (letters) => letters.toUpperCase());
    }),
    method('replace', [string, string, string], STRING, (text, old, by) => replace(text, old, by, -1n, meter)),
    method('replace', [string, string, string, int], STRING, (text, old, by, n) => replace(text, old, by, n, meter)),
    method('split', [string, string], listOf(STRING), (text, by) => celList(split(text, by, -1n, meter))),
    method('split', [string, string, int], listOf(STRING), (text, by, n) => celList(split(text, by, n, meter))),
    method('substring', [string, int], STRING, (text, start) => {
      const characters = points(text);
      return characters.slice(position(start, characters.length)).join('');
    }),
    method('substring', [string, int, int], STRING, (text, start, end) => {
      const characters = points(text);
      if (start > end) throw new ExpressionFailure('IndexOutOfRange', 'the substring ends before it starts');
      return characters.slice(position(start, characters.length), position(end, characters.length)).join('');
    }),
    method('trim', [string], STRING, (text) => (meter.chargeText(text), trimSpace(text))),
    method('join', [list(listOf(STRING))], STRING, (parts) => join(parts, '', meter)),
    method('join', [list(listOf(STRING)), string], STRING, (parts, by) => join(parts, by, meter)),
  ];
}

function countPoints(text: string, meter: Meter): number {
  meter.chargeText(text);
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const isPair = (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    if (isPair) count--;
  }
  return count;
}

/** A position from 0 to the length, both included, as Kubernetes allows them. */
function position(index: bigint, length: number): number {
  if (index >= 0n && index <= BigInt(length)) return Number(index);
  throw new ExpressionFailure('IndexOutOfRange', 'the position is outside the text');
}

function indexOf(characters: readonly string[], part: string, from: bigint): bigint {
  if (part === '') return from;
  if (from < 0n) throw new ExpressionFailure('IndexOutOfRange', 'the position is outside the text');
  if (from >= BigInt(characters.length)) return -1n;
  const rest = characters.slice(Number(from)).join('');
  const found = rest.indexOf(part);
  return found < 0 ? -1n : from + BigInt(Array.from(rest.slice(0, found)).length);
}

function lastIndexOf(characters: readonly string[], part: string, from: bigint): bigint {
  if (part === '') return from;
  if (from < 0n) throw new ExpressionFailure('IndexOutOfRange', 'the position is outside the text');
  if (from >= BigInt(characters.length)) return -1n;
  const text = characters.join('');
  const start = characters.slice(0, Number(from)).join('').length;
  const found = text.lastIndexOf(part, start);
  return found < 0 ? -1n : BigInt(Array.from(text.slice(0, found)).length);
}

/** Go's strings.Replace: an empty `old` matches between all characters; `limit` below 0 means all. */
function replace(text: string, old: string, by: string, limit: bigint, meter: Meter): string {
  const parts = split(text, old, limit < 0n ? -1n : limit + 1n, meter);
  if (old === '') return replaceBetween(text, by, limit, meter);
  if (limit === 0n) return text;
  meter.charge(1 + ((text.length + parts.length * by.length) >> 6));
  return parts.join(by);
}

function replaceBetween(text: string, by: string, limit: bigint, meter: Meter): string {
  const characters = Array.from(text);
  const count = limit < 0n ? characters.length + 1 : Math.min(Number(limit), characters.length + 1);
  meter.charge(1 + ((text.length + count * by.length) >> 6));
  const spread = characters.map((character, index) => (index < count ? by : '') + character).join('');
  return count > characters.length ? spread + by : spread;
}

/** Go's strings.SplitN: `limit` 0 gives nothing, below 0 all; the last part keeps the rest. */
function split(text: string, by: string, limit: bigint, meter: Meter): string[] {
  if (limit === 0n) return [];
  const parts = by === '' ? Array.from(text) : text.split(by);
  meter.charge(1 + (text.length >> 6) + parts.length);
  if (limit < 0n || BigInt(parts.length) <= limit) return parts;
  const head = parts.slice(0, Number(limit) - 1);
  return [...head, parts.slice(Number(limit) - 1).join(by)];
}

function join(parts: CelList, by: string, meter: Meter): string {
  let text = '';
  let isFirst = true;
  for (const part of parts) {
    if (typeof part !== 'string') throw new ExpressionFailure('InvalidArgument', 'join takes a list of strings');
    meter.charge(1 + ((part.length + by.length) >> 6));
    text += isFirst ? part : by + part;
    isFirst = false;
  }
  return text;
}

/** Go's unicode.IsSpace, which has U+0085 and lacks U+FEFF; JavaScript's trim has it the other way round. */
function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(unit: number): boolean {
  if ((unit >= 0x09 && unit <= 0x0d) || unit === 0x20) return true;
  if (unit < 0x85) return false;
  return unit === 0x85 || (unit >= 0x2000 && unit <= 0x200a) || SPACES.has(unit);
}

const SPACES: ReadonlySet<number> = new Set([0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]);
