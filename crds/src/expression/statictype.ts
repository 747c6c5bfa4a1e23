/**
 * The types that the checker knows. `dyn` is what Kubernetes objects are: nothing is known before evaluation. `unset`
 * is the element of an empty literal, which takes the type of whatever it meets.
 */
export type StaticType =
  | { readonly kind: ScalarKind | 'dyn' | 'unset' }
  | { readonly kind: 'list'; readonly element: StaticType }
  | { readonly kind: 'map'; readonly key: StaticType; readonly value: StaticType }
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, StaticType> }
  | { readonly kind: 'parameter'; readonly name: string };

export type ScalarKind = 'bool' | 'int' | 'double' | 'string' | 'null_type' | 'timestamp' | 'duration' | 'type';

export const BOOL: StaticType = { kind: 'bool' };
export const INT: StaticType = { kind: 'int' };
export const DOUBLE: StaticType = { kind: 'double' };
export const STRING: StaticType = { kind: 'string' };
export const NULL: StaticType = { kind: 'null_type' };
export const TIMESTAMP: StaticType = { kind: 'timestamp' };
export const DURATION: StaticType = { kind: 'duration' };
export const TYPE: StaticType = { kind: 'type' };
export const DYN: StaticType = { kind: 'dyn' };
export const UNSET: StaticType = { kind: 'unset' };

export function listOf(element: StaticType): StaticType {
  return { kind: 'list', element };
}

export function mapOf(key: StaticType, value: StaticType): StaticType {
  return { kind: 'map', key, value };
}

export function objectOf(name: string, fields: Readonly<Record<string, StaticType>>): StaticType {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) };
}

export function parameter(name: string): StaticType {
  return { kind: 'parameter', name };
}

/** The type as CEL's documentation writes it, for messages and for the table of functions. */
export function formatType(type: StaticType): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'object':
    case 'parameter':
      return type.name;
    case 'unset':
      return 'dyn';
    case 'bool':
    case 'int':
    case 'double':
    case 'string':
    case 'null_type':
    case 'timestamp':
    case 'duration':
    case 'type':
    case 'dyn':
    default:
      return type.kind;
  }
}

/**
 * The type of a value that is of one or of the other: branches of `?:`, elements of a list literal. `undefined` where
 * there is none, as CEL's homogeneous literals demand: `[1, 'a']` is refused by Kubernetes too.
 */
export function join(left: StaticType, right: StaticType): StaticType | undefined {
  if (left.kind === 'unset') return right;
  if (right.kind === 'unset') return left;
  if (left.kind === 'dyn' || right.kind === 'dyn') return DYN;
  if (left.kind === 'list' && right.kind === 'list') {
    const element = join(left.element, right.element);
    return element === undefined ? undefined : listOf(element);
  }
  if (left.kind === 'map' && right.kind === 'map') {
    const key = join(left.key, right.key);
    const value = join(left.value, right.value);
    return key === undefined || value === undefined ? undefined : mapOf(key, value);
  }
  return left.kind === right.kind ? left : undefined;
}

/**
 * The type of elements of one literal. Stricter than `join`: Kubernetes takes no literal that mixes `dyn` with a known
 * type, because its elements could turn out to be of two types.
 */
export function joinElements(left: StaticType, right: StaticType): StaticType | undefined {
  if (left.kind === 'unset' || right.kind === 'unset') return join(left, right);
  if (left.kind === 'list' && right.kind === 'list') {
    const element = joinElements(left.element, right.element);
    return element === undefined ? undefined : listOf(element);
  }
  if (left.kind === 'map' && right.kind === 'map') {
    const key = joinElements(left.key, right.key);
    const value = joinElements(left.value, right.value);
    return key === undefined || value === undefined ? undefined : mapOf(key, value);
  }
  return left.kind === right.kind ? left : undefined;
}

/**
 * Whether an argument may stand where `parameterType` is declared, binding type parameters as it goes. `dyn` may stand
 * anywhere: evaluation decides. An object type (`request`, `user`) binds to no parameter, because only its fields have
 * a meaning.
 */
export function assign(parameterType: StaticType, argument: StaticType, bindings: Map<string, StaticType>): boolean {
  if (argument.kind === 'object') return false;
  if (parameterType.kind === 'parameter') {
    const bound = bindings.get(parameterType.name);
    const joined = bound === undefined ? argument : join(bound, argument);
    if (joined === undefined) return false;
    bindings.set(parameterType.name, joined);
    return true;
  }
  if (argument.kind === 'dyn' || argument.kind === 'unset' || parameterType.kind === 'dyn') return true;
  if (parameterType.kind === 'list' && argument.kind === 'list') {
    return assign(parameterType.element, argument.element, bindings);
  }
  if (parameterType.kind === 'map' && argument.kind === 'map') {
    return assign(parameterType.key, argument.key, bindings) && assign(parameterType.value, argument.value, bindings);
  }
  return parameterType.kind === argument.kind;
}

/** The declared result with its type parameters replaced; what stayed unbound is `dyn`. */
export function substitute(type: StaticType, bindings: ReadonlyMap<string, StaticType>): StaticType {
  if (type.kind === 'parameter') return bindings.get(type.name) ?? DYN;
  if (type.kind === 'list') return listOf(substitute(type.element, bindings));
  if (type.kind === 'map') return mapOf(substitute(type.key, bindings), substitute(type.value, bindings));
  return type;
}
