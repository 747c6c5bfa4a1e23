import { compileExpression, newActivation, type Activation, type CompileResult } from './environment.ts';
import { BOOL, DYN, listOf, mapOf, objectOf, STRING, type StaticType } from './statictype.ts';
import type { JsonMapping, JsonValue } from './value.ts';

/** The call as expressions see it: RequestInfo's attributes, with the judged verb. Texts are empty where unset. */
export interface RequestVariables {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly dryRun: boolean;
  /** The options in force: query parameters, or the DeleteOptions body that replaces them. */
  readonly options: JsonMapping;
  /** Arguments of an exec; empty for every other call. */
  readonly command: readonly string[];
}

export interface UserVariables {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: { readonly [key: string]: readonly string[] };
}

/** The objects are unknown where left out; `null` says that there is none, as for the old object of a create. */
export interface PolicyVariables {
  readonly request: RequestVariables;
  readonly user: UserVariables;
  readonly object?: JsonValue;
  readonly oldObject?: JsonValue;
  readonly namespaceObject?: JsonValue;
}

export const policyVariables: ReadonlyMap<string, StaticType> = new Map<keyof PolicyVariables, StaticType>([
  [
    'request',
    objectOf('request', {
      verb: STRING,
      apiGroup: STRING,
      resource: STRING,
      subresource: STRING,
      namespace: STRING,
      name: STRING,
      path: STRING,
      dryRun: BOOL,
      options: mapOf(STRING, DYN),
      command: listOf(STRING),
    }),
  ],
  [
    'user',
    objectOf('user', {
      username: STRING,
      groups: listOf(STRING),
      uid: STRING,
      extra: mapOf(STRING, listOf(STRING)),
    }),
  ],
  ['object', DYN],
  ['oldObject', DYN],
  ['namespaceObject', DYN],
]);

/** Compiles a `matchConditions` or `conditions` expression of an AgentPolicy. Never throws. */
export function compile(source: string): CompileResult {
  return compileExpression(source, { variables: policyVariables });
}

/** Wraps the variables of one call; make it once and evaluate every expression with it. */
export function policyActivation(variables: PolicyVariables): Activation {
  const { request, user, object, oldObject, namespaceObject } = variables;
  return newActivation({ request: { ...request }, user: { ...user }, object, oldObject, namespaceObject });
}
