import { DEFAULT_LIMITS, type RequestLimits } from './limits.ts';
import { firstAmbiguousParameter } from './single-valued-parameters.ts';
import type { Query } from './query.ts';
import { Rejection } from './rejection.ts';
import { readRequestInfo, type RequestInfo } from './request-info.ts';
import { parseTarget } from './target.ts';

/** The methods that are served; OPTIONS only where no resource is addressed. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** What a request is about, as far as its request line says. */
export interface RequestAttributes extends RequestInfo {
  readonly method: Method;
  /** Whether the verb came from the path's deprecated `watch/` prefix. */
  readonly verbFromPath: boolean;
  /** The verb that policies are asked about; records keep `verb`. */
  readonly judgedVerb: string;
  /** Whether it lasts until somebody ends it: watch, logs, exec, attach, port-forward, proxy. */
  readonly longRunning: boolean;
  readonly query: Query;
  /** The target to send upstream: the path rebuilt from its segments, the query as received. */
  readonly upstreamTarget: string;
}

export interface RequestLine {
  readonly method: string;
  /** As received (`req.url`). */
  readonly target: string;
  readonly limits?: RequestLimits;
}

/**
 * Reads a request line: the API server's own reading of it, or a refusal where that reading is not the only one.
 *
 * Pure; a few microseconds. That the API server reads `upstreamTarget` as it reads the target is held by a
 * differential test against its RequestInfoFactory.
 */
export function requestAttributes({
  method,
  target,
  limits = DEFAULT_LIMITS,
}: RequestLine): RequestAttributes | Rejection {
  if (!isMethod(method)) return new Rejection('MethodUnknown');
  const parsed = parseTarget(target, limits);
  if (parsed instanceof Rejection) return parsed;
  const { path, query } = parsed;
  const reading = readRequestInfo(method, path.decoded, query);
  if (reading === undefined) return new Rejection('LegacyPrefixAlone');
  const { info, verbFromPath } = reading;
  const rejection = rejectUnserved(method, info, verbFromPath) ?? rejectAmbiguous(info, query);
  if (rejection !== undefined) return rejection;
  return {
    ...info,
    method,
    verbFromPath,
    judgedVerb: judgedVerb(info),
    longRunning: isLongRunning(info),
    query,
    upstreamTarget: parsed.upstreamTarget,
  };
}

const isMethod = (method: string): method is Method => METHODS.some((known) => known === method);

function rejectUnserved(method: Method, info: RequestInfo, verbFromPath: boolean): Rejection | undefined {
  if (!info.isResourceRequest) return undefined;
  if (verbFromPath && info.verb === 'proxy') return new Rejection('LegacyProxyPrefix');
  if (verbFromPath && method !== 'GET') return new Rejection('LegacyWatchMethod');
  return info.verb === '' ? new Rejection('MethodOnResource') : undefined;
}

/** The query of a proxied call belongs to the backend, and other paths take no options that are judged. */
function rejectAmbiguous(info: RequestInfo, query: Query): Rejection | undefined {
  if (!info.isResourceRequest || info.subresource === 'proxy') return undefined;
  const ambiguous = firstAmbiguousParameter(query);
  return ambiguous === undefined ? undefined : new Rejection('ParameterAmbiguous', ambiguous);
}

const CONNECT_SUBRESOURCES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/**
 * The verb to judge. The verb of a connect call follows the method, and exec over WebSocket is a GET (kubernetes
 * #78741, #133515): whoever may only `get` would run commands. So all of them are judged as `create`.
 */
export function judgedVerb(info: Pick<RequestInfo, 'isResourceRequest' | 'subresource' | 'verb'>): string {
  return info.isResourceRequest && CONNECT_SUBRESOURCES.has(info.subresource) ? 'create' : info.verb;
}

const LONG_RUNNING_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** As kube-apiserver sets it (pkg/controlplane/apiserver/config.go). */
export function isLongRunning(info: Pick<RequestInfo, 'isResourceRequest' | 'subresource' | 'verb' | 'path'>): boolean {
  if (info.verb === 'watch' || info.verb === 'proxy') return true;
  return info.isResourceRequest
    ? LONG_RUNNING_SUBRESOURCES.has(info.subresource)
    : info.path.startsWith('/debug/pprof/');
}
