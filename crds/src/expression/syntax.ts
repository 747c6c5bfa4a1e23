import type { CelValue, parse } from '@bufbuild/cel';

/** A node of the syntax tree, macros expanded. */
export type Expr = ReturnType<typeof parse>['expr'];
type Kind = Expr['exprKind'];
export type Call = Extract<Kind, { case: 'callExpr' }>['value'];
export type Select = Extract<Kind, { case: 'selectExpr' }>['value'];
export type Struct = Extract<Kind, { case: 'structExpr' }>['value'];
export type Comprehension = Extract<Kind, { case: 'comprehensionExpr' }>['value'];
export type Constant = Extract<Kind, { case: 'constExpr' }>['value'];

/** The parts of a comprehension, which the library's types leave optional because protocol buffers do. */
export interface Fold {
  readonly range: Expr;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export function foldOf(comprehension: Comprehension): Fold {
  const { iterRange, accuInit, loopCondition, loopStep, result } = comprehension;
  return {
    range: present(iterRange),
    init: present(accuInit),
    condition: present(loopCondition),
    step: present(loopStep),
    result: present(result),
  };
}

export function operandOf(select: Select): Expr {
  return present(select.operand);
}

/** Keys and values of a map literal. */
export function entriesOf(struct: Struct): [key: Expr, value: Expr][] {
  return struct.entries.map((entry) => {
    if (entry.keyKind.case !== 'mapKey') throw new Error('a map literal without keys');
    return [entry.keyKind.value, present(entry.value)];
  });
}

function present(node: Expr | undefined): Expr {
  if (node === undefined) throw new Error('the parser left out a node of the syntax tree');
  return node;
}

/** The text of a string literal. */
export function literalText(node: Expr | undefined): string | undefined {
  if (node?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = node.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

/** The value of a literal that may be the key of a map. */
export function literalOf(node: Expr): string | bigint | boolean | undefined {
  if (node.exprKind.case !== 'constExpr') return undefined;
  const { value } = node.exprKind.value.constantKind;
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' ? value : undefined;
}

export function callNode(id: bigint, name: string, args: Expr[]): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args } },
  };
}

export function literalNode(id: bigint, value: Extract<CelValue, string | bigint>): Expr {
  const constantKind: Constant['constantKind'] =
    typeof value === 'string' ? { case: 'stringValue', value } : { case: 'int64Value', value };
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } },
  };
}

/** Every node below, and the node itself. */
export function countNodes(node: Expr): number {
  return 1 + children(node).reduce((sum, child) => sum + countNodes(child), 0);
}

export function children(node: Expr): Expr[] {
  const { exprKind } = node;
  switch (exprKind.case) {
    case 'selectExpr':
      return [operandOf(exprKind.value)];
    case 'callExpr':
      return exprKind.value.target === undefined
        ? exprKind.value.args
        : [exprKind.value.target, ...exprKind.value.args];
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return entriesOf(exprKind.value).flat();
    case 'comprehensionExpr':
      return childrenOfFold(foldOf(exprKind.value));
    case 'identExpr':
    case 'constExpr':
    case undefined:
    default:
      return [];
  }
}

function childrenOfFold({ range, init, condition, step, result }: Fold): Expr[] {
  return [range, init, condition, step, result];
}
