import type { JsonMapping, JsonValue } from '@chaperone/crds/expression/value';
import { connectOptions } from './connect-options.ts';
import { parseBool, parseInt64 } from './parameter-value.ts';
import type { Query } from './query.ts';
import { Rejection } from './rejection.ts';
import type { RequestInfo } from './request-info.ts';

/**
 * How a parameter is decoded, and when it is there. As the API server writes options: what is empty, zero or false is
 * left out, but for what Go keeps behind a pointer, which is there as soon as it is named.
 */
type ParameterKind = 'text' | 'textPointer' | 'boolean' | 'booleanPointer' | 'integer' | 'integerPointer' | 'list';

type Parameters = Readonly<Record<string, ParameterKind>>;

const GET_OPTIONS: Parameters = { resourceVersion: 'text' };

const LIST_OPTIONS: Parameters = {
  labelSelector: 'text',
  fieldSelector: 'text',
  watch: 'boolean',
  allowWatchBookmarks: 'boolean',
  resourceVersion: 'text',
  resourceVersionMatch: 'text',
  timeoutSeconds: 'integerPointer',
  limit: 'integer',
  continue: 'text',
  sendInitialEvents: 'booleanPointer',
  shardSelector: 'text',
};

/** Of a deletecollection; the `resourceVersion` in its query is a precondition, and no matter of what is selected. */
const SELECTION: Parameters = Object.fromEntries(
  Object.entries(LIST_OPTIONS).filter(([name]) => name !== 'resourceVersion'),
);

const WRITE_OPTIONS: Parameters = { dryRun: 'list', fieldManager: 'text', fieldValidation: 'text' };
const PATCH_OPTIONS: Parameters = { ...WRITE_OPTIONS, force: 'booleanPointer' };

const DELETE_OPTIONS: Parameters = {
  gracePeriodSeconds: 'integerPointer',
  orphanDependents: 'booleanPointer',
  propagationPolicy: 'textPointer',
  dryRun: 'list',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'booleanPointer',
};

const LOG_OPTIONS: Parameters = {
  container: 'text',
  follow: 'boolean',
  previous: 'boolean',
  sinceSeconds: 'integerPointer',
  sinceTime: 'text',
  timestamps: 'boolean',
  tailLines: 'integerPointer',
  limitBytes: 'integerPointer',
  insecureSkipTLSVerifyBackend: 'boolean',
  stream: 'textPointer',
};

const OPTIONS: ReadonlyMap<string, readonly Parameters[]> = new Map([
  ['get', [GET_OPTIONS]],
  ['list', [LIST_OPTIONS]],
  ['watch', [LIST_OPTIONS]],
  ['create', [WRITE_OPTIONS]],
  ['update', [WRITE_OPTIONS]],
  ['patch', [PATCH_OPTIONS]],
  ['delete', [DELETE_OPTIONS]],
  ['deletecollection', [SELECTION, DELETE_OPTIONS]],
]);

/** Options in force, as policies see them. */
export interface CallOptions {
  readonly options: JsonMapping;
  /** Whether the API server persists nothing of the call. */
  readonly dryRun: boolean;
}

type About = Pick<RequestInfo, 'isResourceRequest' | 'verb' | 'apiGroup' | 'resource' | 'subresource'>;

/**
 * The options of a call by its query, decoded as apimachinery does (meta/v1 zz_generated.conversion.go): the first value
 * of a key counts, keys that the call does not know are ignored.
 *
 * A Rejection where the API server would answer 400 itself.
 */
export function queryOptions(about: About, query: Query): CallOptions | Rejection {
  const options = decodeOptions(about, query);
  if (options instanceof Rejection) return options;
  const inQuery = inForce(options);
  // The token that a TokenRequest answers a dry run with works like any other (kubernetes 1.36).
  return isTokenRequest(about) ? { ...inQuery, dryRun: false } : inQuery;
}

const isTokenRequest = ({ apiGroup, resource, subresource }: About): boolean =>
  apiGroup === '' && resource === 'serviceaccounts' && subresource === 'token';

/** The options of a delete that has DeleteOptions in its body: of the query nothing is left but what selects. */
export function bodyOptions(about: About, query: Query, deleteOptions: JsonMapping): CallOptions | Rejection {
  const selection = about.verb === 'deletecollection' ? decode(SELECTION, query) : {};
  return selection instanceof Rejection ? selection : inForce({ ...selection, ...deleteOptions });
}

/** `dryRun` is valid with nothing but `All` in it; with anything else the API server refuses the call. */
function inForce(options: JsonMapping): CallOptions {
  const { dryRun } = options;
  return { options, dryRun: Array.isArray(dryRun) && dryRun.length > 0 && dryRun.every((value) => value === 'All') };
}

function decodeOptions(about: About, query: Query): JsonMapping | Rejection {
  const { isResourceRequest, subresource, verb } = about;
  // What is sent to a backend is not the API server's to decode.
  if (!isResourceRequest || subresource === 'proxy') return {};
  const connect = connectOptions(about, query);
  if (connect instanceof Rejection) return connect;
  if (connect !== undefined) return filled(withoutKey(connect, 'subresource'));
  return decodeEach(verb === 'get' && isPodLog(about) ? [LOG_OPTIONS] : (OPTIONS.get(verb) ?? []), query);
}

const isPodLog = ({ apiGroup, resource, subresource }: About): boolean =>
  apiGroup === '' && resource === 'pods' && subresource === 'log';

/** Some calls have options of two kinds, which share no name. */
function decodeEach(kinds: readonly Parameters[], query: Query): JsonMapping | Rejection {
  let options: JsonMapping = {};
  for (const parameters of kinds) {
    const decoded = parameters === DELETE_OPTIONS ? decodeDeleteOptions(query) : decode(parameters, query);
    if (decoded instanceof Rejection) return decoded;
    options = { ...options, ...decoded };
  }
  return options;
}

function decode(parameters: Parameters, query: Query): JsonMapping | Rejection {
  const options: Record<string, JsonValue> = {};
  for (const [name, kind] of Object.entries(parameters)) {
    const values = query.values.get(name);
    if (values === undefined) continue;
    const value = decodeValue(kind, values);
    if (value === undefined) return new Rejection('ParameterInvalid', name);
    if (kind.endsWith('Pointer') || !isEmpty(value)) options[name] = value;
  }
  return options;
}

/** Undefined where it does not decode. */
function decodeValue(kind: ParameterKind, values: readonly string[]): JsonValue | undefined {
  const [first = ''] = values;
  switch (kind) {
    case 'text':
    case 'textPointer':
      return first;
    case 'boolean':
    case 'booleanPointer':
      return parseBool(first);
    case 'integer':
    case 'integerPointer': {
      const integer = parseInt64(first);
      return integer === undefined ? undefined : exactNumber(integer);
    }
    case 'list':
      return values;
    default:
      return kind satisfies never;
  }
}

/** A number where a double holds it: what policies are told is also written as JSON, which knows no bigint. */
export const exactNumber = (integer: bigint): number | bigint =>
  Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;

const isEmpty = (value: JsonValue): boolean =>
  value === '' || value === false || value === 0 || value === 0n || (Array.isArray(value) && value.length === 0);

/** Preconditions are two parameters in a query (Convert_url_Values_To_v1_DeleteOptions). */
function decodeDeleteOptions(query: Query): JsonMapping | Rejection {
  const options = decode(DELETE_OPTIONS, query);
  const preconditions = decode({ uid: 'text', resourceVersion: 'text' }, query);
  if (options instanceof Rejection || preconditions instanceof Rejection) return options;
  return Object.keys(preconditions).length === 0 ? options : { ...options, preconditions };
}

const withoutKey = (values: object, key: string): JsonMapping =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== key));

const filled = (options: JsonMapping): JsonMapping =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && !isEmpty(value)));
