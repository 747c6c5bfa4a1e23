import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import type { JsonMapping } from '@chaperone/crds/expression/value';
import { GatewayError } from '../gateway-error.ts';
import { ABSENT, known, UNKNOWN_OBJECT, type Knowledge } from '../policy/policy-input.ts';
import { isOwnRightsRefusal } from '../upstream/own-rights.ts';

/** An answer of the API server to a side call, whole. */
export interface SideAnswer {
  readonly status: number;
  /** Undefined where it is longer than is read. */
  readonly body: Buffer | undefined;
}

/** The API server is busy or away: the same call may well be decided in a moment. */
const TRANSIENT: ReadonlySet<number> = new Set([429, 503, 504]);

/**
 * What a GET tells of an object.
 *
 * `absent` is said on the API server's own word alone, a Status that names the object: a path that is not served is a 404
 * too. A refusal of the caller's RBAC leaves it unknown, as the caller is not to learn by policy what it may not read.
 *
 * @throws GatewayError RightsLagging, ObjectUnavailable
 */
export function readObject(answer: SideAnswer): Knowledge {
  const value = valueOf(answer);
  if (answer.status === 404 && isObjectNotFound(value)) return ABSENT;
  return answer.status === 200 ? asObject(value) : notShown(value);
}

/**
 * What a dry run tells of the object as the call would leave it. Whatever refuses the dry run will refuse the call: the
 * object is unknown.
 *
 * @throws GatewayError RightsLagging, ObjectUnavailable
 */
export function dryRunObject(answer: SideAnswer): Knowledge {
  const value = valueOf(answer);
  return answer.status === 200 || answer.status === 201 ? asObject(value) : notShown(value);
}

/** Undefined where it is no JSON object, or too long. */
function valueOf({ status, body }: SideAnswer): JsonMapping | undefined {
  if (TRANSIENT.has(status)) throw new GatewayError('ObjectUnavailable', { detail: `it answered ${status}` });
  if (status === 403 && body !== undefined && isOwnRightsRefusal(body)) throw new GatewayError('RightsLagging');
  return body === undefined ? undefined : parseObject(body);
}

const asObject = (value: JsonMapping | undefined): Knowledge =>
  value !== undefined && isRecord(value['metadata']) && !isStatus(value) ? known(value) : UNKNOWN_OBJECT;

/** JSON.parse gives nothing but JSON values, and the reviver adds bigints alone. */
const isMapping = (value: unknown): value is JsonMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Some creates are answered with a Status in place of what was made: evictions, bindings. */
const isStatus = (value: JsonMapping | undefined): value is JsonMapping =>
  value?.['kind'] === 'Status' && value['apiVersion'] === 'v1';

const REFUSAL_LENGTH = 512;

/** Says why, in the API server's words to the caller, which it would be told as well if it asked itself. */
function notShown(value: JsonMapping | undefined): Knowledge {
  const message = isStatus(value) ? value['message'] : undefined;
  return typeof message === 'string' && message !== ''
    ? { kind: 'unknown', refusal: message.slice(0, REFUSAL_LENGTH).toWellFormed() }
    : UNKNOWN_OBJECT;
}

function isObjectNotFound(value: JsonMapping | undefined): boolean {
  if (!isStatus(value) || value['reason'] !== 'NotFound') return false;
  const details = value['details'];
  return isMapping(details) && typeof details['name'] === 'string' && details['name'] !== '';
}

/** So many digits may be an integer that a double does not hold; shorter ones never are. */
const LONG_NUMBER = /[0-9]{16}/;

/** Integers beyond 2^53 are kept exact: policies compare them as int64. */
function parseObject(body: Buffer): JsonMapping | undefined {
  const text = body.toString('utf8');
  try {
    const parsed: unknown = LONG_NUMBER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
    return isMapping(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?[0-9]+$/.test(context.source) ? BigInt(context.source) : value;
}
