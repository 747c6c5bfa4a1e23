import type { CelEnv } from '@bufbuild/cel';
import { ExpressionFailure } from '../failure.ts';
import { parseDuration, parseTimestamp, timestampOf } from '../moments.ts';
import * as declare from '../overload.ts';
import { any, bool, double, duration, func, int, string, timestamp, type Overload } from '../overload.ts';
import { BOOL, DOUBLE, DURATION, DYN, INT, parameter, STRING, TIMESTAMP, TYPE } from '../statictype.ts';
import type { CelDuration } from '../value.ts';
import { int64 } from './operators.ts';

/** Conversions, with Go's reading and writing of numbers where JavaScript's differs. */
export function conversions(library: CelEnv): Overload[] {
  const delegated = declare.delegated('function', library);
  return [
    func('bool', [bool], BOOL, (value) => value),
    func('bool', [string], BOOL, parseBool),
    func('int', [int], INT, (value) => value),
    func('int', [double], INT, truncate),
    func('int', [string], INT, parseInteger),
    func('int', [timestamp], INT, (value) => value.message.seconds),
    func('double', [double], DOUBLE, (value) => value),
    func('double', [int], DOUBLE, Number),
    func('double', [string], DOUBLE, parseDouble),
    func('string', [string], STRING, (value) => value),
    func('string', [bool], STRING, String),
    func('string', [int], STRING, String),
    func('string', [double], STRING, formatDouble),
    func('string', [duration], STRING, formatDuration),
    func('dyn', [any(parameter('A'))], DYN, (value) => value),
    func('timestamp', [timestamp], TIMESTAMP, (value) => value),
    func('duration', [duration], DURATION, (value) => value),
    func('timestamp', [string], TIMESTAMP, parseTimestamp),
    func('timestamp', [int], TIMESTAMP, (seconds) => timestampOf(seconds)),
    func('duration', [string], DURATION, parseDuration),
    delegated('type', [any(parameter('A'))], TYPE),
  ];
}

/** Go's strconv.ParseBool, which cel-go uses. */
function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new ExpressionFailure('InvalidArgument', 'the text is not a bool');
}

function parseInteger(text: string): bigint {
  // BigInt('') is 0 and BigInt('0x1f') is 31; Go's ParseInt refuses both. Twenty digits are always out of range.
  if (!/^[+-]?\d{1,64}$/u.test(text)) throw new ExpressionFailure('InvalidArgument', 'the text is not an int');
  return int64(BigInt(text.startsWith('+') ? text.slice(1) : text));
}

function truncate(value: number): bigint {
  if (!(value > -(2 ** 63) && value < 2 ** 63))
    throw new ExpressionFailure('Overflow', 'the double does not fit into 64 bits');
  return BigInt(Math.trunc(value));
}

function parseDouble(text: string): number {
  if (/^[+-]?(?:inf|infinity)$/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/iu.test(text)) return NaN;
  if (text.length > 512 || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text)) {
    throw new ExpressionFailure('InvalidArgument', 'the text is not a double');
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new ExpressionFailure('Overflow', 'the text is out of the range of a double');
  return value;
}

/** Go's `%g` with the shortest digits: exponents below -4 and from 6, of at least two digits. */
function formatDouble(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Number.isNaN(value)) return 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
}

/** cel-go writes the seconds as a double without an exponent; a nanosecond is the smallest that there is. */
function formatDuration(value: CelDuration): string {
  const seconds = Number(value.message.seconds) + value.message.nanos / 1e9;
  const text = Math.abs(seconds) < 1e-6 ? seconds.toFixed(9).replace(/\.?0+$/u, '') : String(seconds);
  return `${text === '-0' ? '0' : text}s`;
}
