/** What became of one document of a bulk request. */
export type ItemVerdict =
  | { readonly kind: 'Stored' }
  /** There is a document under this id. */
  | { readonly kind: 'Present' }
  /** It went to the failure store, where no search finds it. */
  | { readonly kind: 'Misplaced' }
  /** This document will not be taken as it is, ever. */
  | { readonly kind: 'Refused'; readonly status: number; readonly errorType: string }
  /** Nothing is wrong with the document. */
  | { readonly kind: 'Later'; readonly why: Obstacle; readonly status: number; readonly errorType: string };

/** What became of a whole request. */
export type RequestVerdict =
  | { readonly kind: 'Later'; readonly why: Obstacle; readonly status: number }
  | { readonly kind: 'TooLarge' }
  | { readonly kind: 'Malformed'; readonly status: number };

/**
 * Why nothing is stored for now. Busy: Elasticsearch asks to be spared. Unavailable: it does not answer, or answers what
 * it does not speak; whether anything was stored is not known. Forbidden: the credential is refused. NoStream: there is
 * no data stream and no template that makes one. Malformed: it does not take the request, whatever is in it.
 */
export type Obstacle = 'Busy' | 'Unavailable' | 'Forbidden' | 'NoStream' | 'Malformed';

/**
 * Whether what ended with this status may be stored all the same: all but what Elasticsearch refuses before it does
 * anything. @param status 0 where there was no answer
 */
export const mayHaveStored = (status: number): boolean => status === 0 || status === 408 || status >= 500;

/** Whether time alone is unlikely to help: somebody has to do something. */
export const needsSomebody = (why: Obstacle): boolean => why !== 'Busy' && why !== 'Unavailable';

/** One item of a bulk answer, as far as it is asked for. */
export interface BulkItem {
  readonly id: string;
  readonly status: number;
  /** `used` where the document was redirected. */
  readonly failureStore: string;
  readonly errorType: string;
}

/** What to make of an item. Only documents that Elasticsearch cannot take count as refused: all else may pass. */
export function judgeItem({ status, failureStore, errorType }: BulkItem): ItemVerdict {
  if (status >= 200 && status < 300) {
    return failureStore === 'used' ? { kind: 'Misplaced' } : { kind: 'Stored' };
  }
  if (status === 409) return { kind: 'Present' };
  const obstacle = obstacleOf(status);
  if (obstacle !== undefined) return { kind: 'Later', why: obstacle, status, errorType };
  return { kind: 'Refused', status, errorType };
}

/** @param status of the HTTP answer; 0 where there was none, or none that could be read */
export function judgeRequest(status: number): RequestVerdict {
  if (status === 413) return { kind: 'TooLarge' };
  const why = obstacleOf(status);
  if (why !== undefined) return { kind: 'Later', why, status };
  return status >= 400 && status < 500 ? { kind: 'Malformed', status } : { kind: 'Later', why: 'Unavailable', status };
}

function obstacleOf(status: number): Obstacle | undefined {
  if (status === 429 || status === 503) return 'Busy';
  if (status === 401 || status === 403) return 'Forbidden';
  if (status === 404) return 'NoStream';
  return status >= 500 || status === 408 ? 'Unavailable' : undefined;
}

/**
 * The items of a bulk answer, or undefined where it is not the answer to this request: an item for each document, in
 * their order.
 */
export function readItems(answer: unknown, ids: readonly string[]): readonly BulkItem[] | undefined {
  if (!isObject(answer) || !Array.isArray(answer['items'])) return undefined;
  const items: readonly unknown[] = answer['items'];
  if (items.length !== ids.length) return undefined;
  const read: BulkItem[] = [];
  for (const [index, item] of items.entries()) {
    const id = ids[index];
    const create = isObject(item) ? item['create'] : undefined;
    if (!isObject(create) || id === undefined || create['_id'] !== id) return undefined;
    const { status, error, failure_store: failureStore } = create;
    if (typeof status !== 'number') return undefined;
    read.push({ id, status, failureStore: textOf(failureStore), errorType: errorTypeOf(error) });
  }
  return read;
}

/** @param error as Elasticsearch tells it, of an item or of a request */
export const errorTypeOf = (error: unknown): string => (isObject(error) ? textOf(error['type']) : '');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
