/** What the command line ends with: scripts tell by it whether something was found, or could not be looked for. */
export const EXIT = { ok: 0, found: 1, failed: 2 } as const;

/** A command that cannot be done. The message says what to do next, and is all that is printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: 'Usage' | 'Source' | 'TooLarge' | 'Key';

  constructor(code: CommandError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const usageError = (message: string): CommandError => new CommandError('Usage', message);
