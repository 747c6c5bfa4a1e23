import type { Logger } from '@chaperone/crds/process/logger';

/** What is to be reconciled: a name, never an event or an object, so that the newest state is read. */
export interface Request {
  readonly name: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
}

/** What a reconcile may answer; errors are thrown. */
export interface Result {
  /** Come again in this time although nothing changes. */
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  /** Aborts at the timeout and when the controller has to stop at once; to be given to every call. */
  readonly signal: AbortSignal;
  /** Carries controller, namespace, name and reconcileID. */
  readonly logger: Logger;
}

/** Brings the world closer to what the object says, from whatever state it finds. */
export interface Reconciler {
  /** Whatever it throws is retried with backoff, except {@link TerminalError}. */
  reconcile(request: Request, context: ReconcileContext): Promise<Result>;
}

/** Retrying cannot help: a person has to change the object, and that will bring it back. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'ERR_TERMINAL';
}

/** The queue's form of a request; neither part can hold a slash. */
export const keyOf = ({ namespace, name }: Request): string => `${namespace ?? ''}/${name}`;

export function requestOf(key: string): Request {
  const slash = key.indexOf('/');
  const namespace = key.slice(0, Math.max(slash, 0));
  const name = key.slice(slash + 1);
  return namespace === '' ? { name } : { name, namespace };
}
