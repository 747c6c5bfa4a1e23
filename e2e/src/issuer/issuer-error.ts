/** What went wrong, by kind, so that tests and callers need not read the words. */
export type IssuerErrorCode =
  /** The directory holds no issuer: none was ever started there. */
  | 'NotSetUp'
  /** A file of the issuer cannot be read as what it should be. */
  | 'BadState'
  /** An option is unknown, missing or has a value that cannot be used. */
  | 'BadOption'
  /** No key fits the algorithm asked for, or the key given cannot be read. */
  | 'BadKey';

/** A failure of the issuer or its commands in one line. Printed without a stack trace. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly code: IssuerErrorCode;

  constructor(code: IssuerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
