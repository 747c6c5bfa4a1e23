import type { JsonMapping, JsonValue } from '@chaperone/crds/expression/value';
import { parseJsonObject } from '../authn/json-object.ts';
import { GatewayError } from '../gateway-error.ts';
import { readDeleteOptionsProtobuf } from './delete-options-protobuf.ts';

/**
 * The DeleteOptions in the body of a delete or deletecollection. They replace those of the query altogether (apiserver
 * handlers/delete.go): `DELETE ...?dryRun=All` with the body `{}` deletes.
 *
 * Read as the API server reads them, unknown fields ignored, or refused: a body that two parsers read differently, and
 * media types of which there is no second exact parser.
 *
 * @param body not empty; an empty one counts as none.
 */
export function readDeleteOptions(body: Uint8Array, contentType: string | undefined): JsonMapping | GatewayError {
  switch (mediaType(contentType)) {
    case '':
    case 'application/json':
      return readJson(body);
    case 'application/vnd.kubernetes.protobuf':
      return readProtobuf(body);
    default:
      return new GatewayError('BodyTypeUnsupported', { detail: 'send DeleteOptions as JSON or as protobuf' });
  }
}

/** Parameters do not change how a body is read; where they are malformed the API server refuses the call. */
export const mediaType = (contentType = ''): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

const unreadable = (detail: string): GatewayError => new GatewayError('BodyUnreadable', { detail });

function readProtobuf(body: Uint8Array): JsonMapping | GatewayError {
  try {
    return readDeleteOptionsProtobuf(body);
  } catch {
    return unreadable('not DeleteOptions in protobuf');
  }
}

type Check = (value: JsonValue) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isInteger: Check = (value) => typeof value === 'number' && Number.isInteger(value);

const FIELDS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['gracePeriodSeconds', isInteger],
  ['orphanDependents', isBoolean],
  ['propagationPolicy', isText],
  ['dryRun', (value) => Array.isArray(value) && value.every((item: JsonValue) => isText(item))],
  ['ignoreStoreReadErrorWithClusterBreakingPotential', isBoolean],
]);
const PRECONDITIONS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['uid', isText],
  ['resourceVersion', isText],
]);

const NOT_OF_TYPE = Symbol('a field of another type');

function readJson(body: Uint8Array): JsonMapping | GatewayError {
  const parsed = parseJsonObject(body);
  if (parsed === undefined)
    return unreadable('not one JSON object in UTF-8 that has no name twice and nothing behind it');
  const options = known(parsed, FIELDS);
  const given = Object.hasOwn(parsed, 'preconditions') ? (parsed['preconditions'] ?? null) : null;
  const preconditions = given === null ? undefined : isMapping(given) ? known(given, PRECONDITIONS) : NOT_OF_TYPE;
  if (options === NOT_OF_TYPE || preconditions === NOT_OF_TYPE)
    return unreadable('a field of DeleteOptions is not of its type');
  return preconditions === undefined ? options : { ...options, preconditions };
}

type Known = JsonMapping | typeof NOT_OF_TYPE;

/** The fields that are known and not null, which is as good as not there; names are case-sensitive. */
function known(object: JsonMapping, fields: ReadonlyMap<string, Check>): Known {
  const values: Record<string, JsonValue> = {};
  for (const [name, isOfType] of fields) {
    const value = Object.hasOwn(object, name) ? (object[name] ?? null) : null;
    if (value === null) continue;
    if (!isOfType(value)) return NOT_OF_TYPE;
    values[name] = value;
  }
  return values;
}

const isMapping = (value: JsonValue): value is JsonMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
