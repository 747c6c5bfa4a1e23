import {
  isCelError,
  isCelList,
  type CelEnv,
  type CelInput,
  type CelList,
  type CelMap,
  type CelValue,
} from '@bufbuild/cel';
import { ExpressionFailure } from '../failure.ts';
import type { Meter } from '../meter.ts';
import { parseDuration } from '../moments.ts';
import { any, bool, double, duration, func, int, list, map, method, string, timestamp } from '../overload.ts';
import type { Overload, Parameter } from '../overload.ts';
import { BOOL, INT, listOf, mapOf, parameter, type StaticType } from '../statictype.ts';
import { compareValues, equalValues } from '../value.ts';

const A = parameter('A');
const LIST_A = list(listOf(A));
const MAP_AB = map(mapOf(A, parameter('B')));

/** Sizes of collections, Kubernetes' list library and cel-go's set library. */
export function lists(meter: Meter, library: CelEnv): Overload[] {
  const size = (value: CelList | CelMap): bigint => BigInt(value.size);
  return [
    func('size', [LIST_A], INT, size),
    func('size', [MAP_AB], INT, size),
    method('size', [LIST_A], INT, size),
    method('size', [MAP_AB], INT, size),
    method('indexOf', [LIST_A, any(A)], INT, (values, item) => BigInt(indexOf(values, item, meter))),
    method('lastIndexOf', [LIST_A, any(A)], INT, (values, item) => {
      meter.charge(1 + values.size);
      const found = indexOf([...values].toReversed(), item, meter);
      return found < 0 ? -1n : BigInt(values.size - 1 - found);
    }),
    ...ordered.flatMap(({ type }) => orderedList(type, meter)),
    ...summable.map((element) =>
      method('sum', [listWith(element)], element.type, (values) => {
        const total = sum(values, element.type.kind === 'double' ? 0 : undefined, { meter, library });
        return total ?? zeroOf(element.type);
      }),
    ),
    func('sets.contains', [LIST_A, LIST_A], BOOL, (values, part) => containsAll(values, part, meter)),
    func('sets.equivalent', [LIST_A, LIST_A], BOOL, (a, b) => containsAll(a, b, meter) && containsAll(b, a, meter)),
    func('sets.intersects', [LIST_A, LIST_A], BOOL, (a, b) => {
      for (const value of a) if (indexOf(b, value, meter) >= 0) return true;
      return false;
    }),
  ];
}

const ordered: readonly Parameter[] = [int, double, bool, duration, timestamp, string];
const summable: readonly Parameter[] = [int, double, duration];

/** A list that starts with such an element, for functions whose overloads do different things. */
function listWith(element: Parameter): Parameter<CelList> {
  const accepts = (value: CelValue): value is CelList => {
    if (!isCelList(value)) return false;
    const first = value.get(0);
    return first === undefined || element.accepts(first);
  };
  return { type: listOf(element.type), accepts };
}

function orderedList(type: StaticType, meter: Meter): Overload[] {
  const parameterOf = list(listOf(type));
  return [
    method('isSorted', [parameterOf], BOOL, (values) => {
      let previous: CelValue | undefined;
      for (const value of values) {
        if (previous !== undefined && order(previous, value, meter) > 0) return false;
        previous = value;
      }
      return true;
    }),
    method('min', [parameterOf], type, (values) => extreme(values, -1, meter)),
    method('max', [parameterOf], type, (values) => extreme(values, 1, meter)),
  ];
}

function order(left: CelValue, right: CelValue, meter: Meter): number {
  meter.charge(1);
  const result = compareValues(left, right, meter);
  if (result === undefined) throw new ExpressionFailure('NoSuchOverload', 'the elements of the list have no order');
  return result;
}

function extreme(values: CelList, direction: 1 | -1, meter: Meter): CelValue {
  let best: CelValue | undefined;
  for (const value of values) {
    if (best === undefined || Math.sign(order(value, best, meter)) === direction) best = value;
  }
  if (best === undefined) throw new ExpressionFailure('InvalidArgument', 'the list is empty');
  return best;
}

function indexOf(values: Iterable<CelValue>, item: CelValue, meter: Meter): number {
  let index = 0;
  for (const value of values) {
    if (equalValues(value, item, meter)) return index;
    index++;
  }
  return -1;
}

function containsAll(values: CelList, part: CelList, meter: Meter): boolean {
  for (const value of part) if (indexOf(values, value, meter) < 0) return false;
  return true;
}

interface SumOptions {
  readonly meter: Meter;
  readonly library: CelEnv;
}

function zeroOf(type: StaticType): CelInput {
  if (type.kind === 'int') return 0n;
  return type.kind === 'double' ? 0 : parseDuration('0s');
}

/** The sum from `zero`, or from the first element; a double starts at 0 because -0.0 added to it is no longer -0.0. */
function sum(values: CelList, zero: CelValue | undefined, { meter, library }: SumOptions): CelValue | undefined {
  let total = zero;
  for (const value of values) {
    meter.charge(1);
    const next = total === undefined ? value : library.funcs.find('_+_')?.call(0, undefined, [total, value]);
    if (next === undefined) throw new ExpressionFailure('NoSuchOverload', 'the elements of the list have no sum');
    if (isCelError(next)) throw next;
    total = next;
  }
  return total;
}
