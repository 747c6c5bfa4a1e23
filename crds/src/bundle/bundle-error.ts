/** Why a stored bundle cannot be used. */
export type BundleErrorCode =
  /** The head names no bundle, or in a way that this version does not understand. */
  | 'MalformedHead'
  /** A part is missing: mostly the head was read just before its parts were replaced, so reading again helps. */
  | 'MissingPart'
  /** Content and name differ: the bundle was altered or truncated. */
  | 'WrongHash'
  /** Not gzip, too large, or not JSON. */
  | 'Undecodable'
  /** A newer operator wrote it. */
  | 'UnknownFormat'
  /** It holds an object that the API's schema does not allow. */
  | 'InvalidObject';

/** A stored bundle that must not be used. A replica keeps the one it has. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;

  constructor(code: BundleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
