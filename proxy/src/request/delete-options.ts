import type { JsonMapping, JsonValue } from '@chaperone/crds/expression/value';
import { parseJsonObject } from '../authn/json-object.ts';
import { GatewayError } from '../gateway-error.ts';
import { decodeBody } from '../masking/codec/decode-body.ts';
import { jsonText } from '../masking/codec/json-text.ts';
import { mediaType } from '../masking/codec/media-type.ts';
import { UndecodableBody, type Edits } from '../masking/document.ts';

/**
 * The DeleteOptions in the body of a delete or deletecollection. They replace those of the query altogether (apiserver
 * handlers/delete.go): `DELETE ...?dryRun=All` with the body `{}` deletes.
 *
 * Read as the API server reads them, unknown fields ignored, or refused: a body that two parsers read differently.
 *
 * @param body not empty; an empty one counts as none.
 */
export function readDeleteOptions(body: Uint8Array, contentType: string | undefined): JsonMapping | GatewayError {
  const type = mediaType(contentType);
  if (type === '' || type === 'application/json') return readJson(body);
  if (!DECODED.has(type))
    return new GatewayError('BodyTypeUnsupported', { detail: 'send DeleteOptions as JSON, YAML, CBOR or protobuf' });
  try {
    const { root } = decodeBody(Buffer.from(body), contentType, { apiVersion: 'v1', kind: 'DeleteOptions' });
    return readJson(Buffer.from(jsonText(root, NO_EDITS)));
  } catch (cause) {
    if (!(cause instanceof UndecodableBody)) throw cause;
    return unreadable(`not DeleteOptions in ${type}: ${cause.message}`);
  }
}

const DECODED: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/cbor',
  'application/vnd.kubernetes.protobuf',
]);
const NO_EDITS: Edits = new Map();

const unreadable = (detail: string): GatewayError => new GatewayError('BodyUnreadable', { detail });

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
