/** Why the log takes no intents. */
export type LogRefusal = 'LogFull' | 'LogFailed' | 'LogSlow' | 'LogClosed';

const MESSAGES: Readonly<Record<LogRefusal, string>> = {
  LogFull: 'the log of records has no room: what was recorded has to be shipped first, or its volume is full',
  LogFailed: 'the log of records cannot be written',
  LogSlow: 'the log of records is not written in time',
  LogClosed: 'the log of records is closed',
};

/** An intent or a record that the log did not take. Nothing may be done that it was to tell of. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly reason: LogRefusal;

  constructor(reason: LogRefusal, cause?: unknown) {
    super(MESSAGES[reason], cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

const SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a failure of the file system means to those who append. */
export const logErrorOf = (cause: unknown): LogError =>
  cause instanceof LogError ? cause : new LogError(SPACE.has(codeOf(cause)) ? 'LogFull' : 'LogFailed', cause);

/** The code of a system error, else ''. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
