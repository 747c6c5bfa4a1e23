/** What stopped a launch, by kind, so that tests and callers need not read the words. */
export type LaunchErrorCode =
  | 'ToolMissing'
  | 'DiskFull'
  | 'PortTaken'
  | 'BuildFailed'
  | 'DownloadFailed'
  | 'ProcessEnded'
  | 'NotReady'
  | 'Locked'
  | 'NodeUnavailable'
  | 'BadOption';

/** A failed launch in one line: what is wrong and what to do about it. Printed without a stack trace. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  readonly code: LaunchErrorCode;

  constructor(code: LaunchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
