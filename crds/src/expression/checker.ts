import { MAX_COMPREHENSION_NESTING, MAX_DEPTH, MAX_NODES } from './limits.ts';
import type { Resolution } from './lower.ts';
import { dispatchName, type CallStyle } from './overload.ts';
import { adviceFor } from './refusals.ts';
import {
  assign,
  BOOL,
  DOUBLE,
  DYN,
  formatType,
  INT,
  join,
  joinElements,
  listOf,
  mapOf,
  NULL,
  STRING,
  substitute,
} from './statictype.ts';
import { TYPE, UNSET, type StaticType } from './statictype.ts';
import type { FunctionTable } from './functiontable.ts';
import {
  entriesOf,
  foldOf,
  literalOf,
  operandOf,
  type Call,
  type Comprehension,
  type Constant,
  type Expr,
  type Select,
} from './syntax.ts';
import type { Struct } from './syntax.ts';

/** A call that the checker resolved: the dispatcher to call, and whether its target was a namespace, not a value. */
export interface ResolvedCall {
  readonly name: string;
  readonly isNamespaced: boolean;
}

export interface CheckProblem {
  readonly message: string;
  /** Node of the syntax tree. */
  readonly id: bigint;
}

export interface Checked extends Resolution {
  readonly type: StaticType;
  readonly problems: readonly CheckProblem[];
  readonly references: ReadonlySet<string>;
}

type Scope = ReadonlyMap<string, StaticType>;

interface Place {
  readonly scope: Scope;
  readonly depth: number;
  readonly loops: number;
}

const typeNames: ReadonlySet<string> = new Set(['int', 'double', 'bool', 'string', 'list', 'map', 'null_type', 'type']);

/** Finds the type of a tree, and every reason why it has none. */
export function check(root: Expr, variables: Scope, functions: FunctionTable): Checked {
  return new Checker(variables, functions).run(root);
}

class Checker {
  readonly #variables: Scope;
  readonly #functions: FunctionTable;
  readonly #problems: CheckProblem[] = [];
  readonly #references = new Set<string>();
  readonly #calls = new Map<bigint, ResolvedCall>();
  readonly #fieldTests = new Set<bigint>();
  #nodes = 0;

  constructor(variables: Scope, functions: FunctionTable) {
    this.#variables = variables;
    this.#functions = functions;
  }

  run(root: Expr): Checked {
    const type = this.#value(root, { scope: new Map(), depth: 0, loops: 0 });
    if (this.#nodes > MAX_NODES) this.#problem(root, `the expression is too large: more than ${MAX_NODES} terms`);
    return {
      type,
      problems: this.#problems,
      references: this.#references,
      calls: this.#calls,
      fieldTests: this.#fieldTests,
    };
  }

  /** The type of a node that is used as a value: `request` and `user` are not values, their fields are. */
  #value(node: Expr, place: Place): StaticType {
    const type = this.#node(node, place);
    if (type.kind !== 'object') return type;
    return this.#problem(
      node,
      `${type.name} is not a value; name one of its fields: ${[...type.fields.keys()].join(', ')}`,
    );
  }

  #node(node: Expr, place: Place): StaticType {
    this.#nodes++;
    if (place.depth > MAX_DEPTH) return this.#problem(node, `the expression nests deeper than ${MAX_DEPTH} levels`);
    const inner = { ...place, depth: place.depth + 1 };
    const { exprKind } = node;
    switch (exprKind.case) {
      case 'constExpr':
        return this.#constant(node, exprKind.value);
      case 'identExpr':
        return this.#identifier(node, exprKind.value.name, place.scope);
      case 'selectExpr':
        return this.#select(node, exprKind.value, inner);
      case 'callExpr':
        return this.#call(node, exprKind.value, inner);
      case 'listExpr':
        return listOf(this.#elements(exprKind.value.elements, 'elements of a list', inner));
      case 'structExpr':
        return this.#map(node, exprKind.value, inner);
      case 'comprehensionExpr':
        return this.#comprehension(node, exprKind.value, inner);
      case undefined:
      default:
        return this.#problem(node, 'the expression is incomplete');
    }
  }

  #problem(node: Expr, message: string): StaticType {
    this.#problems.push({ message, id: node.id });
    return DYN;
  }

  #constant(node: Expr, { constantKind }: Constant): StaticType {
    switch (constantKind.case) {
      case 'boolValue':
        return BOOL;
      case 'doubleValue':
        return DOUBLE;
      case 'stringValue':
        return STRING;
      case 'nullValue':
        return NULL;
      case 'int64Value':
        if (BigInt.asIntN(64, constantKind.value) === constantKind.value) return INT;
        return this.#problem(node, 'the integer does not fit into 64 bits');
      case 'uint64Value':
        return this.#problem(node, adviceFor('uint') ?? '');
      case 'bytesValue':
        return this.#problem(node, adviceFor('bytes') ?? '');
      case 'durationValue':
      case 'timestampValue':
      case undefined:
      default:
        return this.#problem(node, 'the literal is not supported');
    }
  }

  #identifier(node: Expr, name: string, scope: Scope): StaticType {
    const local = scope.get(name);
    if (local !== undefined) return local;
    const declared = this.#variables.get(name);
    if (declared !== undefined) {
      this.#references.add(name);
      return declared;
    }
    if (typeNames.has(name)) return TYPE;
    const known = [...this.#variables.keys()].join(', ');
    return this.#problem(node, adviceFor(name) ?? `unknown variable '${name}'; the variables are ${known}`);
  }

  #select(node: Expr, select: Select, place: Place): StaticType {
    const operand = this.#node(operandOf(select), place);
    if (operand.kind === 'object') return this.#field(node, select, operand);
    if (operand.kind === 'dyn' || operand.kind === 'unset') return select.testOnly ? BOOL : DYN;
    if (operand.kind !== 'map') return this.#problem(node, `a ${formatType(operand)} has no field '${select.field}'`);
    if (assign(operand.key, STRING, new Map())) return select.testOnly ? BOOL : operand.value;
    return this.#problem(node, `a ${formatType(operand)} has no fields; index it with a ${formatType(operand.key)}`);
  }

  #field(node: Expr, select: Select, operand: Extract<StaticType, { kind: 'object' }>): StaticType {
    const field = operand.fields.get(select.field);
    if (field === undefined) {
      const known = [...operand.fields.keys()].join(', ');
      return this.#problem(node, `${operand.name} has no field '${select.field}'; its fields are ${known}`);
    }
    if (!select.testOnly) return field;
    this.#fieldTests.add(node.id);
    return BOOL;
  }

  #elements(nodes: readonly Expr[], title: string, place: Place): StaticType {
    let type: StaticType = UNSET;
    for (const node of nodes) {
      const next = this.#value(node, place);
      const joined = joinElements(type, next);
      type =
        joined ?? this.#problem(node, `${title} must have one type, found ${formatType(type)} and ${formatType(next)}`);
    }
    return type;
  }

  #map(node: Expr, struct: Struct, place: Place): StaticType {
    if (struct.messageName !== '') return this.#problem(node, `there is no message type '${struct.messageName}'`);
    const entries = entriesOf(struct);
    const keys = entries.map(([key]) => key);
    const key = this.#elements(keys, 'keys of a map', place);
    const value = this.#elements(
      entries.map(([, entry]) => entry),
      'values of a map',
      place,
    );
    const literals = keys.map(literalOf).filter((literal) => literal !== undefined);
    if (new Set(literals).size < literals.length) return this.#problem(node, 'a map literal names a key twice');
    if (['string', 'int', 'bool', 'unset'].includes(key.kind)) return mapOf(key, value);
    return this.#problem(
      keys[0] ?? node,
      `a key of a map literal must be a string, an int or a bool, found ${formatType(key)}`,
    );
  }

  #comprehension(node: Expr, comprehension: Comprehension, place: Place): StaticType {
    const { range, init, condition, step, result } = foldOf(comprehension);
    if (place.loops >= MAX_COMPREHENSION_NESTING) {
      return this.#problem(
        node,
        `comprehensions nest deeper than ${MAX_COMPREHENSION_NESTING}: each multiplies the work`,
      );
    }
    const element = this.#elementOf(range, this.#value(range, place));
    const start = this.#value(init, place);
    const scope = new Map([...place.scope, [comprehension.iterVar, element]]);
    const body = { ...place, scope: new Map([...scope, [comprehension.accuVar, start]]), loops: place.loops + 1 };
    this.#value(condition, body);
    const end = join(start, this.#value(step, body)) ?? DYN;
    return this.#value(result, { ...place, scope: new Map([...place.scope, [comprehension.accuVar, end]]) });
  }

  #elementOf(node: Expr, range: StaticType): StaticType {
    if (range.kind === 'list') return range.element;
    if (range.kind === 'map') return range.key;
    if (range.kind === 'dyn' || range.kind === 'unset') return DYN;
    return this.#problem(node, `a ${formatType(range)} cannot be iterated; a list or a map can`);
  }

  #call(node: Expr, call: Call, place: Place): StaticType {
    switch (call.function) {
      case '_&&_':
      case '_||_':
      case '@not_strictly_false':
        for (const argument of call.args) this.#condition(argument, place);
        return BOOL;
      case '_?_:_': {
        const [condition, ...branches] = call.args;
        if (condition !== undefined) this.#condition(condition, place);
        return this.#branches(node, branches, place);
      }
      default:
        return this.#overloads(node, call, place);
    }
  }

  #branches(node: Expr, branches: readonly Expr[], place: Place): StaticType {
    let type: StaticType = UNSET;
    for (const branch of branches) {
      const next = this.#value(branch, place);
      const found = `${formatType(type)} and ${formatType(next)}`;
      type = join(type, next) ?? this.#problem(node, `the branches of ?: must have one type, found ${found}`);
    }
    return type;
  }

  #condition(node: Expr, place: Place): void {
    const type = this.#value(node, place);
    if (!['bool', 'dyn', 'unset'].includes(type.kind))
      this.#problem(node, `a condition must be bool, found ${formatType(type)}`);
  }

  #overloads(node: Expr, call: Call, place: Place): StaticType {
    const namespaced = this.#namespaced(call, place.scope);
    const isMethod = call.target !== undefined && namespaced === undefined;
    const name = namespaced ?? call.function;
    const operands = isMethod && call.target !== undefined ? [call.target, ...call.args] : call.args;
    const style = isMethod ? 'method' : styleOf(name);
    const dispatch = dispatchName(style, name, operands.length);
    const overloads = this.#functions.overloads(dispatch);
    if (overloads.length === 0) return this.#unknown(node, name, style);
    const types = operands.map((operand) => this.#value(operand, place));
    this.#calls.set(node.id, { name: dispatch, isNamespaced: namespaced !== undefined });
    let result: StaticType | undefined;
    for (const overload of overloads) {
      const bindings = new Map<string, StaticType>();
      if (!overload.parameters.every((parameter, index) => assign(parameter, types[index] ?? DYN, bindings))) continue;
      const type = substitute(overload.result, bindings);
      result = result === undefined ? type : (join(result, type) ?? DYN);
    }
    if (result === undefined) {
      return this.#problem(node, `${name} is not defined for (${types.map(formatType).join(', ')})`);
    }
    const invalid = this.#functions.checkLiterals(name, operands);
    return invalid === undefined ? result : this.#problem(operands.at(-1) ?? node, invalid);
  }

  #unknown(node: Expr, name: string, style: CallStyle): StaticType {
    if (macros.has(name)) return this.#problem(node, macros.get(name) ?? '');
    if (this.#functions.names.has(name)) {
      return this.#problem(
        node,
        `${name} is not a ${style} of this number of arguments: ${this.#functions.usage(name)}`,
      );
    }
    return this.#problem(node, adviceFor(name) ?? `unknown function '${name}'`);
  }

  /** `sets.contains`, where `sets` is no variable: the name of a function, not a method of a value. */
  #namespaced(call: Call, scope: Scope): string | undefined {
    if (call.target?.exprKind.case !== 'identExpr') return undefined;
    const { name } = call.target.exprKind.value;
    if (scope.has(name) || this.#variables.has(name)) return undefined;
    const qualified = `${name}.${call.function}`;
    return this.#functions.names.has(qualified) || adviceFor(qualified) !== undefined ? qualified : undefined;
  }
}

/** Macros that the parser left as calls, because their arguments are not of the macro's shape. */
const macros: ReadonlyMap<string, string> = new Map([
  ['has', 'has() takes the selection of a field, such as has(object.metadata.labels)'],
  ...['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter'].map(
    (name) =>
      [
        name,
        `${name}() takes one name and a term for each element, such as list.${name}(x, x != ''); two variables are not supported`,
      ] as const,
  ),
]);

function styleOf(name: string): CallStyle {
  return /^[_@!-]/u.test(name) ? 'operator' : 'function';
}
