import {
  celFunc,
  CelScalar,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  type CelEnv,
  type CelFunc,
} from '@bufbuild/cel';
import type { CelInput, CelList, CelMap, CelType, CelValue } from '@bufbuild/cel';
import { ExpressionFailure } from './failure.ts';
import {
  BOOL,
  DOUBLE,
  DURATION,
  formatType,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  type StaticType,
} from './statictype.ts';
import { isDuration, isTimestamp, type CelDuration, type CelTimestamp } from './value.ts';

/** A parameter: what the checker demands of an argument, and what evaluation demands where the type was `dyn`. */
export interface Parameter<T extends CelValue = CelValue> {
  readonly type: StaticType;
  readonly accepts: (value: CelValue) => value is T;
}

export const bool: Parameter<boolean> = { type: BOOL, accepts: (v): v is boolean => typeof v === 'boolean' };
export const int: Parameter<bigint> = { type: INT, accepts: (v): v is bigint => typeof v === 'bigint' };
export const double: Parameter<number> = { type: DOUBLE, accepts: (v): v is number => typeof v === 'number' };
export const string: Parameter<string> = { type: STRING, accepts: (v): v is string => typeof v === 'string' };
export const timestamp: Parameter<CelTimestamp> = { type: TIMESTAMP, accepts: isTimestamp };
export const duration: Parameter<CelDuration> = { type: DURATION, accepts: isDuration };
export const typeValue: Parameter<CelType> = { type: TYPE, accepts: isCelType };
export const nullValue: Parameter<null> = { type: NULL, accepts: (v): v is null => v === null };

export function any(type: StaticType): Parameter {
  return { type, accepts: (v): v is CelValue => v !== undefined };
}

export function list(type: StaticType): Parameter<CelList> {
  return { type, accepts: isCelList };
}

export function map(type: StaticType): Parameter<CelMap> {
  return { type, accepts: isCelMap };
}

export type CallStyle = 'function' | 'method' | 'operator';

/** One overload of a function of the environment. A method's receiver is its first parameter. */
export interface Overload {
  readonly name: string;
  readonly style: CallStyle;
  readonly parameters: readonly StaticType[];
  readonly result: StaticType;
  /** The value for these arguments, or `undefined` where they are not of this overload's types. */
  readonly call: (args: readonly CelValue[]) => CelInput | undefined;
}

type Arguments<P extends readonly Parameter[]> = { [I in keyof P]: P[I] extends Parameter<infer T> ? T : never };

function acceptsAll<P extends readonly Parameter[]>(parameters: P, args: unknown): args is Arguments<P> {
  if (!isArguments(args)) return false;
  // A plain loop: this runs for every call of every evaluation.
  for (let index = 0; index < parameters.length; index++) {
    const argument = args[index];
    if (argument === undefined || parameters[index]?.accepts(argument) !== true) return false;
  }
  return true;
}

function isArguments(args: unknown): args is readonly CelValue[] {
  return Array.isArray(args);
}

function declare(style: CallStyle) {
  return function overload<const P extends readonly Parameter[]>(
    name: string,
    parameters: P,
    result: StaticType,
    implementation: (...args: Arguments<P>) => CelInput,
  ): Overload {
    return {
      name,
      style,
      parameters: parameters.map(({ type }) => type),
      result,
      call: (args) => (acceptsAll(parameters, args) ? implementation(...args) : undefined),
    };
  };
}

export const operator = declare('operator');
export const func = declare('function');
export const method = declare('method');

/** An overload that the library evaluates as Kubernetes does; declared here so that the checker knows it. */
export function delegated(style: CallStyle, library: CelEnv) {
  return (name: string, parameters: readonly Parameter[], result: StaticType): Overload => {
    const group = library.funcs.find(name);
    if (group === undefined) throw new Error(`the CEL library has no function ${name}`);
    return {
      name,
      style,
      parameters: parameters.map(({ type }) => type),
      result,
      call(args) {
        if (!acceptsAll(parameters, args)) return undefined;
        const [receiver, ...others] = args;
        const value = style === 'method' ? group.call(0, receiver, others) : group.call(0, undefined, [...args]);
        if (isCelError(value)) throw value;
        return value;
      },
    };
  };
}

/** The name under which the plan calls all overloads of one name, style and number of arguments. */
export function dispatchName(style: CallStyle, name: string, count: number): string {
  return `@${style}:${name}/${count}`;
}

/** One library function per name, style and arity, which picks the overload by the values it is given. */
export function dispatchers(overloads: readonly Overload[]): CelFunc[] {
  const groups = Map.groupBy(overloads, (o) => dispatchName(o.style, o.name, o.parameters.length));
  return [...groups].map(([name, group]) => dispatcher(name, group));
}

function dispatcher(name: string, group: readonly Overload[]): CelFunc {
  const parameters = (group[0]?.parameters ?? []).map(() => CelScalar.DYN);
  return celFunc(name, parameters, CelScalar.DYN, (...args: CelValue[]) => {
    for (const overload of group) {
      const value = overload.call(args);
      if (value !== undefined) return value;
    }
    const title = group[0]?.name ?? name;
    throw new ExpressionFailure('NoSuchOverload', `${title} is not defined for the types of its operands`);
  });
}

/** `'text'.contains(string) -> bool` in the notation of the documentation. */
export function signature(overload: Overload): string {
  const types = overload.parameters.map(formatType);
  const result = formatType(overload.result);
  if (overload.style === 'method')
    return `${types[0] ?? ''}.${overload.name}(${types.slice(1).join(', ')}) -> ${result}`;
  return `${overload.name}(${types.join(', ')}) -> ${result}`;
}
