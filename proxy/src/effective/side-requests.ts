import type { Query } from '../request/query.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** Of a call, what its side calls are made from. */
export type SideSource = Pick<RequestAttributes, 'upstreamTarget' | 'query' | 'parts' | 'subresource' | 'apiGroup'>;

/** Subresources that are the whole object, or a Scale, under a GET; of others a GET is a log, or a command. */
const READABLE: ReadonlySet<string> = new Set(['', 'status', 'scale', 'approval', 'ephemeralcontainers', 'resize']);

/**
 * The target of a GET for what the call is about, as it stands; undefined where there is none. The finalizers of a
 * Namespace are those of the object, which has no GET of its own under `finalize`.
 */
export function oldObjectTarget(source: SideSource): string | undefined {
  if (source.subresource === 'finalize' && source.apiGroup === '') return parentTarget(source);
  return READABLE.has(source.subresource) && hasName(source) ? pathOf(source) : undefined;
}

/** The target of a GET for the object that a subresource belongs to. */
export function parentTarget(source: SideSource): string | undefined {
  if (source.subresource === '' || !hasName(source)) return undefined;
  // Behind a proxy subresource the backend's own path follows.
  const segments = pathOf(source).split('/');
  return segments.slice(0, segments.length - (source.parts.length - 2)).join('/');
}

/**
 * The target of the same call as a server-side dry run: its path and query as they go upstream, but for `dryRun`. Of
 * every repeated key the API server takes the first value, and of dryRun all of them.
 */
export function dryRunTarget(source: SideSource): string {
  const others = rawPairs(source.query).filter(({ key }) => key !== 'dryRun');
  return `${pathOf(source)}?${[...others.map(({ raw }) => raw), 'dryRun=All'].join('&')}`;
}

const hasName = ({ parts }: SideSource): boolean => parts.length >= 2;

const pathOf = ({ upstreamTarget }: SideSource): string => upstreamTarget.split('?', 1)[0] ?? '';

/** The pairs as received, each with its decoded key: empty ones are no parameters, and go. */
function rawPairs({ raw, parameters }: Query): readonly { readonly raw: string; readonly key: string }[] {
  const pairs = raw.split('&').filter((pair) => pair !== '');
  return pairs.map((pair, index) => ({ raw: pair, key: parameters[index]?.key ?? '' }));
}
