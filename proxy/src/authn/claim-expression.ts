import {
  compileExpression,
  evaluate,
  evaluateToValue,
  type Activation,
  type CompiledExpression,
} from '@chaperone/crds/expression/environment';
import { invalid, required, type FieldError } from '@chaperone/crds/validation/field-error';
import {
  DYN,
  formatType,
  listOf,
  mapOf,
  objectOf,
  STRING,
  type StaticType,
} from '@chaperone/crds/expression/statictype';

/** The variable of claimValidationRules and claimMappings. */
const claimsVariable: ReadonlyMap<string, StaticType> = new Map([['claims', mapOf(STRING, DYN)]]);

/** The variable of userValidationRules. */
const userVariable: ReadonlyMap<string, StaticType> = new Map([
  [
    'user',
    objectOf('user', {
      username: STRING,
      uid: STRING,
      groups: listOf(STRING),
      extra: mapOf(STRING, listOf(STRING)),
    }),
  ],
]);

/** What an expression is for, which decides its variable and its type. */
export type ExpressionUse = 'claimRule' | 'userRule' | 'text' | 'texts';

/** Compiles an expression of the configuration; everything wrong with it goes to `findings`. */
export function compileClaimExpression(
  source: string,
  use: ExpressionUse,
  path: string,
  findings: FieldError[],
): CompiledExpression | undefined {
  if (source === '') {
    findings.push(required(path, 'an expression is required'));
    return undefined;
  }
  const compiled = compileExpression(source, {
    variables: use === 'userRule' ? userVariable : claimsVariable,
    result: use === 'claimRule' || use === 'userRule' ? 'bool' : 'any',
  });
  if (compiled.kind === 'invalid') {
    findings.push(
      ...compiled.findings.map(({ message, line, column }) => invalid(path, source, `${line}:${column}: ${message}`)),
    );
    return undefined;
  }
  const { expression } = compiled;
  if (!fits(expression.resultType, use)) {
    const wanted = use === 'text' ? 'string' : 'string or list(string)';
    findings.push(invalid(path, source, `must be ${wanted}, but is ${formatType(expression.resultType)}`));
    return undefined;
  }
  return expression;
}

/** A claim has no type before there is a token: `dyn` is judged when there is one. */
function fits(type: StaticType, use: ExpressionUse): boolean {
  switch (use) {
    case 'claimRule':
    case 'userRule':
      return type.kind === 'bool';
    case 'text':
      return type.kind === 'string' || type.kind === 'dyn';
    case 'texts':
      if (type.kind === 'list') return ['string', 'dyn', 'unset'].includes(type.element.kind);
      return ['string', 'dyn', 'null_type'].includes(type.kind);
    default:
      return use satisfies never;
  }
}

/** Whether a rule is satisfied. An expression without a value satisfies nothing. */
export function isSatisfied(expression: CompiledExpression, activation: Activation): boolean {
  const outcome = evaluate(expression, activation);
  return outcome.kind === 'value' && outcome.value;
}

/** The text that an expression came to; `undefined` for an error or a value of another type. */
export function evaluateText(expression: CompiledExpression, activation: Activation): string | undefined {
  const value = valueOf(expression, activation);
  return typeof value === 'string' ? value : undefined;
}

/**
 * The texts that an expression came to. As in Kubernetes a single text is a list of one, `null` and empty texts are
 * none. `undefined` for an error or a value of another type.
 */
export function evaluateTexts(expression: CompiledExpression, activation: Activation): readonly string[] | undefined {
  const value = valueOf(expression, activation);
  if (value === null) return [];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!isList(value)) return undefined;
  const elements = [...value];
  const texts = elements.filter((element) => typeof element === 'string');
  return texts.length === elements.length ? texts.filter((text) => text !== '') : undefined;
}

/**
 * The value of an expression that need not be bool. `evaluate` is asked first: it alone tells work beyond the budget
 * and missing values, and answers NotBoolean for every value that is meant here.
 */
function valueOf(expression: CompiledExpression, activation: Activation): unknown {
  const outcome = evaluate(expression, activation);
  if (outcome.kind !== 'error' || outcome.reason !== 'NotBoolean') return undefined;
  return evaluateToValue(expression, activation);
}

/** A list of CEL; a map of CEL is iterable too, but has keys. */
function isList(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && !('keys' in value);
}
