import { requiredFieldValue } from './field-selector.ts';
import { decodeListOptions, fallbackWatch } from './list-options.ts';
import { firstValue, type Query } from './query.ts';

/**
 * The API server's RequestInfo (k8s.io/apiserver/pkg/endpoints/request, 1.36): on what authorization, audit and
 * routing are based. What a request does not have is ''.
 */
export interface RequestInfo {
  /** Whether it addresses a resource or a subresource, even one that does not exist. */
  readonly isResourceRequest: boolean;
  /** The decoded path. */
  readonly path: string;
  /** get, list, watch, create, ...; '' for a method without meaning on resources; elsewhere the method in lower case. */
  readonly verb: string;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  /** For a Namespace object its own name. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** From the path; for list and watch also from a field selector `metadata.name=`. */
  readonly name: string;
  /** The segments from the resource on: resource, name, subresource, and what the subresource makes of the rest. */
  readonly parts: readonly string[];
  /** Unparsed; for list, watch and deletecollection alone. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

/** RequestInfo, and what its factory forgets: whether the verb came from a `watch/` or `proxy/` prefix of the path. */
export interface RequestInfoReading {
  readonly info: RequestInfo;
  readonly verbFromPath: boolean;
}

const API_PREFIXES: ReadonlySet<string> = new Set(['api', 'apis']);
/** Subresources of a Namespace object; any other third part is a resource in that namespace. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);
const VERBS: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);
/** Segments before the resource that set the verb, whatever the method: deprecated, and still routed. */
const VERB_PREFIXES: ReadonlySet<string> = new Set(['watch', 'proxy']);
const VERBS_WITH_SELECTORS: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

const NO_RESOURCE = {
  isResourceRequest: false,
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: [],
  fieldSelector: '',
  labelSelector: '',
} as const;

/**
 * Reads a decoded path as RequestInfoFactory.NewRequestInfo does, the odd paths included that parsePath refuses: empty
 * segments inside stay, slashes at both ends go. Undefined where the factory fails: a prefix that nothing follows.
 */
export function readRequestInfo(method: string, path: string, query: Query): RequestInfoReading | undefined {
  const segments = splitPath(path);
  const apiPrefix = readPrefix(segments);
  const groupSegments = apiPrefix === 'api' ? 0 : 1;
  if (apiPrefix === '' || segments.length < groupSegments + 3)
    return { info: { ...NO_RESOURCE, path, verb: method.toLowerCase(), apiPrefix }, verbFromPath: false };

  const [apiVersion = '', ...afterVersion] = segments.slice(groupSegments + 1);
  const verbFromPath = VERB_PREFIXES.has(segment(afterVersion, 0));
  const rest = verbFromPath ? afterVersion.slice(1) : afterVersion;
  if (rest.length === 0) return undefined;
  const { namespace, parts } = splitNamespace(rest);
  const methodVerb = verbFromPath ? segment(afterVersion, 0) : (VERBS.get(method) ?? '');
  const { verb, name } = verbAndName(methodVerb, segment(parts, 1), query);
  const info = {
    isResourceRequest: true,
    path,
    verb,
    apiPrefix,
    apiGroup: groupSegments === 0 ? '' : segment(segments, 1),
    apiVersion,
    namespace,
    resource: segment(parts, 0),
    subresource: verb === 'proxy' ? '' : segment(parts, 2),
    name,
    parts,
    ...selectors(!verbFromPath && VERBS_WITH_SELECTORS.has(verb), query),
  };
  return { info, verbFromPath };
}

const segment = (segments: readonly string[], index: number): string => segments[index] ?? '';

/** `/apis/apps` has no prefix, `/apis/apps/v1` has one: the factory looks for three segments before it looks for four. */
function readPrefix(segments: readonly string[]): string {
  const first = segments[0] ?? '';
  return segments.length > 2 && API_PREFIXES.has(first) ? first : '';
}

/** `namespaces/{ns}/...`: what follows is in the namespace, unless it is a subresource of the Namespace itself. */
function splitNamespace(parts: readonly string[]): { namespace: string; parts: readonly string[] } {
  if (parts[0] !== 'namespaces') return { namespace: '', parts };
  const within = parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] ?? '');
  return { namespace: parts[1] ?? '', parts: within ? parts.slice(2) : parts };
}

const selectors = (apply: boolean, query: Query): Pick<RequestInfo, 'fieldSelector' | 'labelSelector'> => ({
  fieldSelector: apply ? (firstValue(query, 'fieldSelector') ?? '') : '',
  labelSelector: apply ? (firstValue(query, 'labelSelector') ?? '') : '',
});

function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start++;
  while (end > start && path[end - 1] === '/') end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** Without a name, get is list or watch, and delete is deletecollection. */
function verbAndName(methodVerb: string, name: string, query: Query): { verb: string; name: string } {
  if (name !== '') return { verb: methodVerb, name };
  if (methodVerb === 'delete') return { verb: 'deletecollection', name };
  if (methodVerb !== 'get') return { verb: methodVerb, name };
  const options = decodeListOptions(query);
  if (options === undefined) return { verb: fallbackWatch(query) ? 'watch' : 'list', name: '' };
  const selected = requiredFieldValue(options.fieldSelector, 'metadata.name');
  return {
    verb: options.watch ? 'watch' : 'list',
    name: selected !== undefined && isPathSegmentName(selected) ? selected : '',
  };
}

/** What may be a name in a path (apimachinery's IsPathSegmentName). */
const isPathSegmentName = (name: string): boolean => name !== '.' && name !== '..' && !/[/%]/.test(name);
