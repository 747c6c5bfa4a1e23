import { boolParameter } from '../request/parameter-value.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** Kinds of streams, bounded: they are labels of metrics. `other` are profiles of `/debug/pprof`. */
export const STREAM_KINDS = ['watch', 'log', 'exec', 'attach', 'portforward', 'proxy', 'other'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

type About = Pick<RequestAttributes, 'verb' | 'subresource' | 'isResourceRequest' | 'query'>;

export function streamKind({ isResourceRequest, verb, subresource }: About): StreamKind {
  if (verb === 'watch') return 'watch';
  return (isResourceRequest ? STREAM_KINDS.find((kind) => kind === subresource) : undefined) ?? 'other';
}

/** Whether it lasts until somebody ends it. A log that is not followed, or a proxied call, mostly ends by itself soon. */
export function isEndless(about: About): boolean {
  const kind = streamKind(about);
  switch (kind) {
    case 'watch':
    case 'exec':
    case 'attach':
    case 'portforward':
      return true;
    case 'log':
      return isFollowed(about);
    case 'proxy':
    case 'other':
      return false;
    default:
      return kind satisfies never;
  }
}

/** PodLogOptions, as the API server reads them. */
export const isFollowed = ({ query }: Pick<About, 'query'>): boolean => boolParameter(query, 'follow');
