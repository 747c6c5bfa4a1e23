import { celEnv, celFunc, celList, CelScalar, isCelList, isCelMap, type CelEnv } from '@bufbuild/cel';
import type { CelFunc, CelInput, CelList, CelValue } from '@bufbuild/cel';
import { ExpressionFailure, readFailure } from './failure.ts';
import { conversions } from './functions/conversions.ts';
import { lists } from './functions/lists.ts';
import { operators } from './functions/operators.ts';
import { regexes, regexFunctions } from './functions/regexes.ts';
import { strings } from './functions/strings.ts';
import { times } from './functions/times.ts';
import { intrinsics } from './lower.ts';
import type { Meter } from './meter.ts';
import { parseDuration, parseTimestamp } from './moments.ts';
import { dispatchers, dispatchName, signature, type Overload } from './overload.ts';
import type { PatternTable } from './regex.ts';
import { literalText, type Expr } from './syntax.ts';

/** Every function that expressions may call: declared once, for the checker, the plan and the documentation. */
export class FunctionTable {
  readonly overloadList: readonly Overload[];
  readonly names: ReadonlySet<string>;
  /** The library's environment, in which expressions are planned. */
  readonly planned: CelEnv;
  readonly #byDispatch: ReadonlyMap<string, readonly Overload[]>;
  readonly #library: CelEnv;
  readonly #patterns: PatternTable;

  constructor(meter: Meter, patterns: PatternTable) {
    this.#patterns = patterns;
    this.#library = celEnv();
    this.overloadList = [
      ...operators(meter, this.#library),
      ...conversions(this.#library),
      ...strings(meter),
      ...regexes(meter, patterns),
      ...lists(meter, this.#library),
      ...times(this.#library),
    ];
    this.names = new Set(this.overloadList.map(({ name }) => name));
    this.#byDispatch = Map.groupBy(this.overloadList, (o) => dispatchName(o.style, o.name, o.parameters.length));
    this.planned = celEnv({ funcs: [...dispatchers(this.overloadList), ...intrinsicFunctions(meter)] });
  }

  overloads(dispatch: string): readonly Overload[] {
    return this.#byDispatch.get(dispatch) ?? [];
  }

  /** The signatures of a function, for a message. */
  usage(name: string): string {
    return this.overloadList
      .filter((overload) => overload.name === name)
      .map(signature)
      .join('; ');
  }

  /** What is wrong with a literal pattern, timestamp or duration, which Kubernetes refuses when compiling too. */
  checkLiterals(name: string, operands: readonly Expr[]): string | undefined {
    const text = literalText(regexFunctions.has(name) ? operands[1] : operands[0]);
    if (text === undefined) return undefined;
    if (regexFunctions.has(name)) {
      const result = this.#patterns.intern(text);
      return result.kind === 'invalid' ? `the pattern is ${result.message}` : undefined;
    }
    return literalProblem(name, text);
  }
}

function literalProblem(name: string, text: string): string | undefined {
  try {
    if (name === 'timestamp') parseTimestamp(text);
    if (name === 'duration') parseDuration(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? readFailure(error.message).message : String(error);
  }
}

function intrinsicFunctions(meter: Meter): CelFunc[] {
  const { DYN, BOOL } = CelScalar;
  const growing = new WeakMap<CelList, CelInput[]>();
  return [
    celFunc(intrinsics.variable, [DYN], DYN, (value) => value),
    celFunc(intrinsics.has, [DYN, DYN], BOOL, (value, key) => fieldOf(value, key) !== undefined),
    celFunc(intrinsics.hasField, [DYN, DYN], BOOL, (value, key) => isSet(fieldOf(value, key))),
    celFunc(intrinsics.range, [DYN], DYN, (range) => {
      const iterable = isCelList(range) || isCelMap(range) ? range : undefined;
      if (iterable === undefined) throw new ExpressionFailure('NoSuchOverload', 'only a list or a map can be iterated');
      meter.charge(1 + iterable.size);
      return iterable;
    }),
    celFunc(intrinsics.step, [DYN], BOOL, (cost) => {
      meter.charge(Number(cost));
      return true;
    }),
    celFunc(intrinsics.newList, [], DYN, () => {
      const elements: CelInput[] = [];
      const list = celList(elements);
      growing.set(list, elements);
      return list;
    }),
    celFunc(intrinsics.append, [DYN, DYN], DYN, (list, element) => {
      const elements = isCelList(list) ? growing.get(list) : undefined;
      if (elements === undefined) throw new ExpressionFailure('Failed', 'the accumulator is not a list');
      elements.push(element);
      return list;
    }),
  ];
}

function fieldOf(value: CelValue, key: CelValue): CelValue | undefined {
  if (isCelMap(value) && typeof key === 'string') return value.get(key);
  if (isCelList(value)) throw new ExpressionFailure('NoSuchOverload', 'a list has no fields');
  return undefined;
}

/** As for protocol buffers, which Kubernetes' `request` is made like: a field is set if it is not empty. */
function isSet(value: CelValue | undefined): boolean {
  if (isCelList(value) || isCelMap(value)) return value.size > 0;
  return value !== undefined && value !== '' && value !== false;
}
