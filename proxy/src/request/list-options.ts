import { parseFieldSelector, type FieldTerm } from './field-selector.ts';
import { parseLabelSelector, type LabelRequirement } from './label-selector.ts';
import { boolParameter, parseBool, parseInt64 } from './parameter-value.ts';
import { firstValue, type Query } from './query.ts';

/** meta.k8s.io/v1 ListOptions as the API server decodes them from a query; absent strings are ''. */
export interface ListOptions {
  readonly labelSelector: readonly LabelRequirement[];
  readonly fieldSelector: readonly FieldTerm[];
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** Seconds. */
  readonly timeoutSeconds: bigint | undefined;
  readonly limit: bigint;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
  readonly shardSelector: string;
}

/**
 * Decodes ListOptions. Undefined where one parameter does not decode: the API server then answers a list or a watch
 * with 400, but only after authorization, which has seen the request without what the options say.
 */
export function decodeListOptions(query: Query): ListOptions | undefined {
  const labelSelector = parseLabelSelector(firstValue(query, 'labelSelector') ?? '');
  const fieldSelector = parseFieldSelector(firstValue(query, 'fieldSelector') ?? '');
  const limit = parseInt64(firstValue(query, 'limit') ?? '0');
  const timeout = firstValue(query, 'timeoutSeconds');
  const timeoutSeconds = timeout === undefined ? undefined : parseInt64(timeout);
  if (labelSelector === undefined || fieldSelector === undefined || limit === undefined) return undefined;
  if (timeout !== undefined && timeoutSeconds === undefined) return undefined;
  const sendInitialEvents = firstValue(query, 'sendInitialEvents');
  return {
    labelSelector,
    fieldSelector,
    watch: boolParameter(query, 'watch'),
    allowWatchBookmarks: boolParameter(query, 'allowWatchBookmarks'),
    resourceVersion: firstValue(query, 'resourceVersion') ?? '',
    resourceVersionMatch: firstValue(query, 'resourceVersionMatch') ?? '',
    timeoutSeconds,
    limit,
    continue: firstValue(query, 'continue') ?? '',
    sendInitialEvents: sendInitialEvents === undefined ? undefined : parseBool(sendInitialEvents),
    shardSelector: firstValue(query, 'shardSelector') ?? '',
  };
}

/**
 * Whether a query whose ListOptions do not decode asks for a watch. The API server compares otherwise there than where
 * they decode: by lower case, so that `falſe` is true.
 */
export function fallbackWatch(query: Query): boolean {
  const value = firstValue(query, 'watch')?.toLowerCase();
  return value !== undefined && value !== 'false' && value !== '0';
}
