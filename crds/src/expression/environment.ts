import { isCelError, parse, plan, type CelError, type CelResult, type CelValue } from '@bufbuild/cel';
import { check } from './checker.ts';
import { findInvalidEscape } from './escapes.ts';
import { ExpressionFailure, readFailure, type FailureReason } from './failure.ts';
import { FunctionTable } from './functiontable.ts';
import { MAX_EXPRESSION_LENGTH } from './limits.ts';
import { lower } from './lower.ts';
import { Meter } from './meter.ts';
import { PatternTable, type Pattern } from './regex.ts';
import { adviceForSyntax } from './refusals.ts';
import { formatType, type StaticType } from './statictype.ts';
import { children, literalText, type Expr } from './syntax.ts';
import { celValueOf, type JsonValue } from './value.ts';

/** Something in an expression that keeps it from being accepted. Line and column count from 1. */
export interface ExpressionFinding {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What an evaluation came to. `unknown`: the expression needed a variable that this call has no value for. `error`: it
 * has no value for these values. Neither is `false`: what cannot be known matches Deny and does not match Allow.
 */
export type Outcome =
  | { readonly kind: 'value'; readonly value: boolean }
  | { readonly kind: 'unknown'; readonly variables: readonly string[] }
  | { readonly kind: 'error'; readonly reason: FailureReason; readonly message: string };

/** An accepted expression. Holds no state of an evaluation, so one may be used for all calls. */
export interface CompiledExpression {
  readonly source: string;
  /** Variables that the expression names, whether or not an evaluation will reach them. */
  readonly references: ReadonlySet<string>;
  readonly resultType: StaticType;
  /** Keeps the literal patterns alive in the pattern table. */
  readonly patterns: readonly Pattern[];
  readonly run: (bindings: Bindings) => CelResult;
}

type Bindings = { readonly [name: string]: CelValue };

export type CompileResult =
  | { readonly kind: 'compiled'; readonly expression: CompiledExpression }
  | { readonly kind: 'invalid'; readonly findings: readonly ExpressionFinding[] };

/** The variables of one call, wrapped once and used by every expression that judges it. */
export interface Activation {
  readonly bindings: Bindings;
}

const meter = new Meter();
const patterns = new PatternTable();

/** The functions of every environment; one table, because building it costs far more than compiling an expression. */
export const functionTable = new FunctionTable(meter, patterns);

export interface CompileOptions {
  readonly variables: ReadonlyMap<string, StaticType>;
  /** `bool` unless set; `any` for tests of the language. */
  readonly result?: 'bool' | 'any';
}

/** Parses, checks and plans an expression. Never throws; everything that is wrong with it is a finding. */
export function compileExpression(source: string, options: CompileOptions): CompileResult {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    return invalid(source, [{ message: `must be at most ${MAX_EXPRESSION_LENGTH} characters long`, offset: 0 }]);
  }
  try {
    return compileBounded(source, options);
  } catch (error) {
    return invalid(source, [syntaxProblem(error, source)]);
  }
}

function compileBounded(source: string, { variables, result = 'bool' }: CompileOptions): CompileResult {
  const { expr, sourceInfo } = parse(source);
  const escape = findInvalidEscape(source);
  if (escape !== undefined) return invalid(source, [escape]);
  const checked = check(expr, variables, functionTable);
  const problems = checked.problems.map(({ message, id }) => ({
    message,
    offset: sourceInfo?.positions[String(id)] ?? 0,
  }));
  if (problems.length > 0) return invalid(source, problems);
  if (result === 'bool' && checked.type.kind !== 'bool') {
    return invalid(source, [
      { message: `must be bool, but is ${formatType(checked.type)}; compare it, for example with == true`, offset: 0 },
    ]);
  }
  const run = plan(functionTable.planned, lower(expr, checked));
  const expression = {
    source,
    references: checked.references,
    resultType: checked.type,
    patterns: literalPatterns(expr),
    run: (bindings: Bindings): CelResult => run(bindings),
  };
  return { kind: 'compiled', expression };
}

function literalPatterns(node: Expr): Pattern[] {
  const text = node.exprKind.case === 'callExpr' ? literalText(node.exprKind.value.args[0]) : undefined;
  const known = text === undefined ? undefined : patterns.known(text);
  return [...(known === undefined ? [] : [known]), ...children(node).flatMap(literalPatterns)];
}

interface Problem {
  readonly message: string;
  readonly offset: number;
}

function syntaxProblem(error: unknown, source: string): Problem {
  if (error instanceof RangeError) return { message: 'the expression nests too deeply', offset: 0 };
  const offset = offsetOf(error);
  const advice = adviceForSyntax(source.slice(offset));
  if (advice !== undefined) return { message: advice, offset };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `syntax error: ${message.replace(/^<input>:\d+:\d+: /u, '')}`, offset };
}

/** The parser's errors carry a location that its types do not export. */
function offsetOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('location' in error)) return 0;
  const { location } = error;
  if (typeof location !== 'object' || location === null || !('start' in location)) return 0;
  const { start } = location;
  if (typeof start !== 'object' || start === null || !('offset' in start)) return 0;
  return typeof start.offset === 'number' ? start.offset : 0;
}

function invalid(source: string, problems: readonly Problem[]): CompileResult {
  const findings = problems.map(({ message, offset }) => {
    const before = source.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return { message, line: before.split('\n').length, column: offset - lineStart + 1 };
  });
  return { kind: 'invalid', findings };
}

/**
 * Wraps the values of variables. A variable that is left out is unknown; `null` is a value. So is one whose value
 * cannot be told at all, which an object of the API server never is: a bare number beyond 2^53 or a list of such.
 */
export function newActivation(values: { readonly [name: string]: JsonValue | undefined }): Activation {
  const bindings: { [name: string]: CelValue } = { __proto__: null };
  for (const [name, value] of Object.entries(values)) {
    const wrapped = value === undefined ? undefined : wrap(value);
    if (wrapped !== undefined) bindings[name] = wrapped;
  }
  return { bindings };
}

function wrap(value: JsonValue): CelValue | undefined {
  try {
    return celValueOf(value);
  } catch (error) {
    if (error instanceof ExpressionFailure) return undefined;
    throw error;
  }
}

/** What the library answers for a variable without a value; it answers so for nothing else in a checked expression. */
const UNRESOLVED = 'unresolved attribute';

/** Evaluates a compiled expression. Never throws. */
export function evaluate(expression: CompiledExpression, activation: Activation): Outcome {
  const result = evaluateToValue(expression, activation);
  // Asked first: `exists` and `||` may have absorbed the error and gone on to a value.
  if (meter.exceeded)
    return { kind: 'error', reason: 'Budget', message: 'the expression does more work than one evaluation may' };
  if (typeof result === 'boolean') return { kind: 'value', value: result };
  if (isCelError(result)) return failureOf(result, expression, activation);
  return { kind: 'error', reason: 'NotBoolean', message: 'the result is not a bool' };
}

/** The value itself, or the library's error. For tests of the language; policies use `evaluate`. */
export function evaluateToValue(expression: CompiledExpression, { bindings }: Activation): CelResult {
  meter.start();
  return expression.run(bindings);
}

function failureOf(error: CelError, expression: CompiledExpression, { bindings }: Activation): Outcome {
  if (isUnresolved(error)) {
    return { kind: 'unknown', variables: [...expression.references].filter((name) => bindings[name] === undefined) };
  }
  return { kind: 'error', ...readFailure(error.message) };
}

/** `&&` and `||` merge errors: an unknown among them is what the caller can do something about. */
function isUnresolved(error: CelError): boolean {
  if (error.message === UNRESOLVED) return true;
  return Array.isArray(error.cause) && error.cause.some((cause) => isCelError(cause) && isUnresolved(cause));
}
