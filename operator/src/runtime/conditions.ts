import { truncateText } from '@chaperone/crds/client/redaction';

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** `metav1.Condition`. */
export interface Condition {
  type: string;
  status: ConditionStatus;
  /** PascalCase, never empty. */
  reason: string;
  message: string;
  /** The generation this was said about. */
  observedGeneration?: number;
  /** RFC 3339 without fractions, as `metav1.Time`. */
  lastTransitionTime: string;
}

/** What a controller has to say; when it became so is found out by comparing. */
export interface NextCondition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/**
 * Longest message that is kept. The API allows 32768, but a message is read on a terminal, and every condition of an
 * object is sent with every watch event.
 */
export const MAX_CONDITION_MESSAGE = 1024;

export const findCondition = <C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined =>
  conditions?.find((condition) => condition.type === type);

/** True where a condition of that type is there and has that status. */
export const hasConditionStatus = (
  conditions: readonly Condition[] | undefined,
  type: string,
  status: ConditionStatus,
): boolean => findCondition(conditions, type)?.status === status;

/**
 * The conditions with `next` in place of the one of its type, or at the end. `lastTransitionTime` changes only where
 * the status does. Where nothing differs the very same array is returned, so `!==` tells whether to write: a status
 * that is written each time wakes every watcher, the writer first.
 *
 * `nowMs` is in milliseconds since the epoch.
 */
export function setCondition(
  conditions: readonly Condition[],
  next: NextCondition,
  nowMs: number,
): readonly Condition[] {
  const message = truncateText(next.message, MAX_CONDITION_MESSAGE);
  const before = findCondition(conditions, next.type);
  if (
    before?.status === next.status &&
    before.reason === next.reason &&
    before.message === message &&
    before.observedGeneration === next.observedGeneration
  ) {
    return conditions;
  }
  const condition: Condition = {
    type: next.type,
    status: next.status,
    reason: next.reason,
    message,
    observedGeneration: next.observedGeneration,
    lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : timestamp(nowMs),
  };
  return before === undefined
    ? [...conditions, condition]
    : conditions.map((current) => (current.type === next.type ? condition : current));
}

/** The conditions without those of a type; the very same array where there is none. */
export function removeCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  return findCondition(conditions, type) === undefined
    ? conditions
    : conditions.filter((condition) => condition.type !== type);
}

/** `metav1.Time`: whole seconds. With fractions the server's answer would differ from what was sent. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
