import type { RequestLimits } from './limits.ts';
import { percentDecode } from './percent-encoding.ts';
import { Rejection } from './rejection.ts';

export interface Parameter {
  readonly key: string;
  readonly value: string;
}

/** A query as Go's net/url reads it: keys are case-sensitive, a key alone has the value ''. */
export interface Query {
  /** As received, without the `?`: repeated keys, order and escapes are kept for the API server. */
  readonly raw: string;
  /** Decoded, in order. */
  readonly parameters: readonly Parameter[];
  /** The values of each key, in order; never an empty list. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

const EMPTY_QUERY: Query = { raw: '', parameters: [], values: new Map() };

/**
 * Reads a query (all after the first `?`, printable ASCII).
 *
 * Go drops a pair that holds a raw `;` or a bad escape and serves the rest, others keep it: `watch=true;x` is a list
 * for the one and a watch for the others. Such queries are refused, and so is a NUL, which ends a label selector in Go.
 */
export function parseQuery(raw: string, limits: Pick<RequestLimits, 'parameters'>): Query | Rejection {
  if (raw === '') return EMPTY_QUERY;
  if (raw.includes(';')) return new Rejection('QuerySemicolon');
  const pairs = raw.split('&');
  if (pairs.length > limits.parameters) return new Rejection('TooManyParameters');
  const parameters: Parameter[] = [];
  const values = new Map<string, string[]>();
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
    if (key instanceof Rejection) return key;
    const value = equals < 0 ? '' : decodeComponent(pair.slice(equals + 1));
    if (value instanceof Rejection) return value;
    parameters.push({ key, value });
    const earlier = values.get(key);
    if (earlier === undefined) values.set(key, [value]);
    else earlier.push(value);
  }
  return { raw, parameters, values };
}

function decodeComponent(raw: string): string | Rejection {
  const decoded = percentDecode(raw.includes('+') ? raw.replaceAll('+', ' ') : raw);
  if (decoded === 'BadEscape') return new Rejection('QueryEscape');
  if (decoded === 'NotUtf8') return new Rejection('QueryEncoding');
  return decoded.text.includes('\0') ? new Rejection('QueryControlCharacter') : decoded.text;
}

/** The value that the API server takes of a key that takes one: the first. */
export function firstValue(query: Query, key: string): string | undefined {
  return query.values.get(key)?.[0];
}
