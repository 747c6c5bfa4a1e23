import { DEFAULT_LIMITS, type RequestLimits } from './limits.ts';
import { parsePath, type Path } from './path.ts';
import { parseQuery, type Query } from './query.ts';
import { Rejection } from './rejection.ts';

export interface Target {
  readonly path: Path;
  readonly query: Query;
  /** Path and query as they go upstream. Parsing it gives the same target again. */
  readonly upstreamTarget: string;
}

/**
 * What no target may hold as it is: others than printable ASCII, `#` (a fragment to some parsers), and the backslash
 * that some read as a slash.
 */
const FORBIDDEN_CHARACTER = /[^\x21-\x7e]|[#\\]/;

/** Reads the target of a request line (`req.url` as Node gives it), which must be in origin-form (RFC 9112, 3.2.1). */
export function parseTarget(
  target: string,
  limits: Pick<RequestLimits, 'targetLength' | 'parameters'> = DEFAULT_LIMITS,
): Target | Rejection {
  if (target.length > limits.targetLength) return new Rejection('TargetTooLong');
  if (FORBIDDEN_CHARACTER.test(target)) return new Rejection('TargetCharacter');
  const mark = target.indexOf('?');
  const path = parsePath(mark < 0 ? target : target.slice(0, mark));
  if (path instanceof Rejection) return path;
  const query = parseQuery(mark < 0 ? '' : target.slice(mark + 1), limits);
  if (query instanceof Rejection) return query;
  return { path, query, upstreamTarget: query.raw === '' ? path.encoded : `${path.encoded}?${query.raw}` };
}
