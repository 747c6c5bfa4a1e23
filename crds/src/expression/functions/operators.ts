import { celList, type CelEnv, type CelList, type CelMap, type CelValue } from '@bufbuild/cel';
import { ExpressionFailure } from '../failure.ts';
import type { Meter } from '../meter.ts';
import * as declare from '../overload.ts';
import {
  any,
  bool,
  double,
  duration,
  int,
  list,
  map,
  operator,
  string,
  timestamp,
  type Overload,
} from '../overload.ts';
import { BOOL, DOUBLE, DURATION, INT, listOf, mapOf, parameter, STRING, TIMESTAMP } from '../statictype.ts';
import { compareValues, equalValues } from '../value.ts';

const A = parameter('A');
const B = parameter('B');

/** CEL's operators under their names in the syntax tree. `&&`, `||` and `?:` are not here: they evaluate lazily. */
export function operators(meter: Meter, library: CelEnv): Overload[] {
  const delegated = declare.delegated('operator', library);
  return [
    operator('!_', [bool], BOOL, (value) => !value),
    operator('-_', [int], INT, (value) => int64(-value)),
    operator('-_', [double], DOUBLE, (value) => -value),
    operator('_+_', [int, int], INT, (a, b) => int64(a + b)),
    operator('_+_', [double, double], DOUBLE, (a, b) => a + b),
    operator('_+_', [string, string], STRING, (a, b) => {
      meter.charge(1 + ((a.length + b.length) >> 6));
      return a + b;
    }),
    operator('_+_', [list(listOf(A)), list(listOf(A))], listOf(A), (a, b) => {
      meter.charge(1 + a.size + b.size);
      return celList([...a, ...b]);
    }),
    delegated('_+_', [timestamp, duration], TIMESTAMP),
    delegated('_+_', [duration, timestamp], TIMESTAMP),
    delegated('_+_', [duration, duration], DURATION),
    operator('_-_', [int, int], INT, (a, b) => int64(a - b)),
    operator('_-_', [double, double], DOUBLE, (a, b) => a - b),
    delegated('_-_', [timestamp, timestamp], DURATION),
    delegated('_-_', [timestamp, duration], TIMESTAMP),
    delegated('_-_', [duration, duration], DURATION),
    operator('_*_', [int, int], INT, (a, b) => int64(a * b)),
    operator('_*_', [double, double], DOUBLE, (a, b) => a * b),
    operator('_/_', [int, int], INT, (a, b) => int64(a / divisor(b))),
    operator('_/_', [double, double], DOUBLE, (a, b) => a / b),
    operator('_%_', [int, int], INT, (a, b) => {
      int64(a / divisor(b));
      return a % b;
    }),
    operator('_==_', [any(A), any(A)], BOOL, (a, b) => equalValues(a, b, meter)),
    operator('_!=_', [any(A), any(A)], BOOL, (a, b) => !equalValues(a, b, meter)),
    ...orderings(meter),
    operator('@in', [any(A), list(listOf(A))], BOOL, (value, values) => {
      for (let index = 0; index < values.size; index++) {
        const candidate = values.get(index);
        if (candidate !== undefined && equalValues(value, candidate, meter)) return true;
      }
      return false;
    }),
    operator('@in', [any(A), map(mapOf(A, B))], BOOL, (key, values) => find(values, key) !== undefined),
    operator('_[_]', [list(listOf(A)), any(INT)], A, elementAt),
    operator('_[_]', [map(mapOf(A, B)), any(A)], B, (values, key) => {
      const value = find(values, key);
      if (value === undefined) throw new ExpressionFailure('NoSuchKey', 'the map has no such key');
      return value;
    }),
  ];
}

const comparisons: readonly (readonly [name: string, holds: (order: number) => boolean])[] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
];

const ordered: readonly (readonly [declare.Parameter, declare.Parameter])[] = [
  [bool, bool],
  [int, int],
  [double, double],
  [int, double],
  [double, int],
  [string, string],
  [timestamp, timestamp],
  [duration, duration],
];

function orderings(meter: Meter): Overload[] {
  return comparisons.flatMap(([name, holds]) =>
    ordered.map(([left, right]) =>
      operator(name, [left, right], BOOL, (a, b) => {
        if (Number.isNaN(a) || Number.isNaN(b)) throw new ExpressionFailure('InvalidArgument', 'NaN has no order');
        const order = compareValues(a, b, meter);
        return order !== undefined && holds(order);
      }),
    ),
  );
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** @throws ExpressionFailure `Overflow` outside 64 bits, where Kubernetes fails too and a bigint would carry on. */
export function int64(value: bigint): bigint {
  if (value >= MIN_INT64 && value <= MAX_INT64) return value;
  throw new ExpressionFailure('Overflow', 'the result does not fit into 64 bits');
}

function divisor(value: bigint): bigint {
  if (value === 0n) throw new ExpressionFailure('DivisionByZero', 'division by zero');
  return value;
}

function elementAt(values: CelList, index: CelValue): CelValue {
  const position =
    typeof index === 'bigint' || (typeof index === 'number' && Number.isInteger(index)) ? Number(index) : undefined;
  if (position === undefined) throw new ExpressionFailure('NoSuchOverload', 'a list is indexed by an int');
  const value = values.get(position);
  if (value === undefined) throw new ExpressionFailure('IndexOutOfRange', 'the list has no such element');
  return value;
}

/** A map's value; a double that is a whole number finds an int key, a value that can be no key finds nothing. */
function find(values: CelMap, key: CelValue): CelValue | undefined {
  return typeof key === 'object' ? undefined : values.get(key);
}
