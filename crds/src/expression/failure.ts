/**
 * Why an evaluation has no value. `Budget` means that the expression did more work than one evaluation may; every
 * other reason is CEL's own error for these operands.
 */
export const failureReasons = [
  'NoSuchKey',
  'NoSuchOverload',
  'IndexOutOfRange',
  'InvalidArgument',
  'Overflow',
  'DivisionByZero',
  'Budget',
  'NotBoolean',
  'Failed',
] as const;

export type FailureReason = (typeof failureReasons)[number];

/**
 * Thrown by functions of the environment and turned into an outcome by `evaluate`. The reason is repeated in the
 * message because the library keeps only the message where `&&` and `||` merge errors.
 */
export class ExpressionFailure extends Error {
  override readonly name = 'ExpressionFailure';
  readonly code: FailureReason;

  constructor(code: FailureReason, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/** The reason and the text of a message that the library carried; its own messages have no reason in front. */
export function readFailure(message: string): { readonly reason: FailureReason; readonly message: string } {
  for (const reason of failureReasons) {
    if (message.startsWith(`${reason}: `)) return { reason, message: message.slice(reason.length + 2) };
  }
  return { reason: reasonOfLibrary(message), message };
}

const libraryReasons: readonly (readonly [prefix: string, reason: FailureReason])[] = [
  ['field not found:', 'NoSuchKey'],
  ['found no matching overload', 'NoSuchOverload'],
  ['type mismatch', 'NoSuchOverload'],
  ['unsupported key type', 'NoSuchOverload'],
  ['map key conflict', 'InvalidArgument'],
  ['int overflow', 'Overflow'],
  ['timestamp out of range', 'Overflow'],
  ['duration out of range', 'Overflow'],
  ['Failed to parse', 'InvalidArgument'],
];

function reasonOfLibrary(message: string): FailureReason {
  return libraryReasons.find(([prefix]) => message.startsWith(prefix))?.[1] ?? 'Failed';
}
