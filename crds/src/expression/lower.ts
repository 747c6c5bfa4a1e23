import type { ResolvedCall } from './checker.ts';
import { callNode, countNodes, foldOf, literalNode, operandOf } from './syntax.ts';
import type { Comprehension, Expr, Select, Struct } from './syntax.ts';

/** What the checker found out that the tree alone does not tell, by node id. */
export interface Resolution {
  readonly calls: ReadonlyMap<bigint, ResolvedCall>;
  /** `has()` of a field of `request` or `user`. */
  readonly fieldTests: ReadonlySet<bigint>;
}

/** Names of the functions that lowering adds; `@` keeps them out of reach of expressions. */
export const intrinsics = {
  variable: '@variable',
  has: '@has',
  hasField: '@hasField',
  range: '@range',
  step: '@step',
  newList: '@newList',
  append: '@append',
} as const;

/**
 * Rewrites a checked tree so that the library's plan calls our functions: each call by the name of its overloads, each
 * comprehension metered. Without the meter inside the loop, `a.all(x, a.all(y, a.all(z, true)))` over a caller's list
 * would run for hours.
 */
export function lower(node: Expr, resolution: Resolution): Expr {
  const down = (child: Expr): Expr => lower(child, resolution);
  const { exprKind } = node;
  switch (exprKind.case) {
    case 'selectExpr':
      return lowerSelect(node, exprKind.value, resolution);
    case 'callExpr': {
      const { target, args } = exprKind.value;
      const call = resolution.calls.get(node.id);
      const receiver = target === undefined || call?.isNamespaced === true ? [] : [target];
      return callNode(node.id, call?.name ?? exprKind.value.function, [...receiver, ...args].map(down));
    }
    case 'listExpr': {
      const value = { ...exprKind.value, elements: exprKind.value.elements.map(down) };
      return { ...node, exprKind: { case: 'listExpr', value } };
    }
    case 'structExpr': {
      const entries = exprKind.value.entries.map((entry) => lowerEntry(entry, down));
      return { ...node, exprKind: { case: 'structExpr', value: { ...exprKind.value, entries } } };
    }
    case 'comprehensionExpr':
      return { ...node, exprKind: { case: 'comprehensionExpr', value: lowerFold(node.id, exprKind.value, down) } };
    case 'identExpr':
    case 'constExpr':
    case undefined:
    default:
      return node;
  }
}

function lowerSelect(node: Expr, select: Select, resolution: Resolution): Expr {
  const operand = lower(operandOf(select), resolution);
  if (!select.testOnly) {
    const value = { ...select, operand: operand.exprKind.case === 'identExpr' ? asValue(operand) : operand };
    return { ...node, exprKind: { case: 'selectExpr', value } };
  }
  const name = resolution.fieldTests.has(node.id) ? intrinsics.hasField : intrinsics.has;
  return callNode(node.id, name, [operand, literalNode(node.id, select.field)]);
}

function lowerEntry(entry: Struct['entries'][number], down: (child: Expr) => Expr): Struct['entries'][number] {
  if (entry.keyKind.case !== 'mapKey' || entry.value === undefined) return entry;
  return { ...entry, keyKind: { case: 'mapKey', value: down(entry.keyKind.value) }, value: down(entry.value) };
}

/**
 * `object.metadata.name` may be a qualified name to the library, which looks up all its prefixes among protocol buffer
 * messages at each evaluation. The result of a function is never one: this takes a third of the time.
 */
function asValue(identifier: Expr): Expr {
  return callNode(identifier.id, intrinsics.variable, [identifier]);
}

function lowerFold(id: bigint, comprehension: Comprehension, down: (child: Expr) => Expr): Comprehension {
  const { range, init, condition, step, result } = foldOf(comprehension);
  const cost = BigInt(countNodes(condition) + countNodes(step));
  const isEmptyList = init.exprKind.case === 'listExpr' && init.exprKind.value.elements.length === 0;
  return {
    ...comprehension,
    iterRange: callNode(id, intrinsics.range, [down(range)]),
    accuInit: isEmptyList ? callNode(init.id, intrinsics.newList, []) : down(init),
    loopCondition: callNode(id, '_&&_', [callNode(id, intrinsics.step, [literalNode(id, cost)]), down(condition)]),
    loopStep: lowerStep(step, comprehension.accuVar, down),
    result: down(result),
  };
}

/**
 * `map` and `filter` expand to `accumulator + [element]`, which copies the list for every element. Only the expansion
 * can name the accumulator, and nobody sees the list before the loop ends, so it may grow in place.
 */
function lowerStep(step: Expr, accumulator: string, down: (child: Expr) => Expr): Expr {
  const { exprKind } = step;
  if (exprKind.case !== 'callExpr') return down(step);
  const [first, second, third] = exprKind.value.args;
  if (exprKind.value.function === '_?_:_' && first !== undefined && second !== undefined && third !== undefined) {
    return callNode(step.id, '_?_:_', [down(first), lowerStep(second, accumulator, down), down(third)]);
  }
  const isAccumulator = first?.exprKind.case === 'identExpr' && first.exprKind.value.name === accumulator;
  const element = second?.exprKind.case === 'listExpr' ? second.exprKind.value.elements : [];
  const [only] = element;
  if (exprKind.value.function !== '_+_' || !isAccumulator || only === undefined || element.length !== 1)
    return down(step);
  return callNode(step.id, intrinsics.append, [first, down(only)]);
}
