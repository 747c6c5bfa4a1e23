import type { LaunchErrorCode } from '../process/launch-error.ts';

/** Why a start failed. */
export interface Failure {
  readonly code: LaunchErrorCode;
  /** One line, without a full stop. */
  readonly reason: string;
}

/**
 * Finds, in what the server printed, why it did not start. Its last line only says that it died; the reason comes
 * before a page of stack trace. Undefined when there is none that is known.
 */
export function failureIn(log: string): Failure | undefined {
  if (log.includes('No space left on device')) {
    return { code: 'DiskFull', reason: 'no space left on its disk: make room and run it again' };
  }
  const taken = /BindHttpException: Failed to bind to (\S+)/.exec(log)?.[1];
  if (taken !== undefined) {
    return { code: 'PortTaken', reason: `${taken} was taken while it started: run it again, or choose another port` };
  }
  if (/insufficient memory for the Java Runtime|Cannot allocate memory/.test(log)) {
    return {
      code: 'ProcessEnded',
      reason: 'not enough memory for its Java virtual machine: free some and run it again',
    };
  }
  // The console's pattern has no blank between the message and the exception's class.
  const fatal = /fatal exception while booting Elasticsearch(?:[\w.$]+: )?(.+)$/m.exec(log)?.[1];
  if (fatal === undefined) return launcherFailure(log);
  const cause = /^Caused by: (?:[\w.$]+: )?(.+)$/m.exec(log)?.[1];
  return {
    code: 'ProcessEnded',
    reason: [fatal, cause]
      .filter((part) => part !== undefined)
      .join(': ')
      .slice(0, 500),
  };
}

/** The launcher's own exceptions are printed bare; the last line is then one of a stack trace. */
function launcherFailure(log: string): Failure | undefined {
  const thrown = /^(?:Exception in thread "[^"]*" )?(?:[\w$]+\.)+([\w$]+(?:Exception|Error)\b.*)$/m.exec(log)?.[1];
  return thrown === undefined ? undefined : { code: 'ProcessEnded', reason: thrown.slice(0, 500) };
}
