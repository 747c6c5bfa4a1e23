/** Takes one line for the person who waits: what is being done and, where known, how long it takes. */
export type Report = (line: string) => void;

/** Runs a step and says when it began, every `interval` milliseconds that it goes on, and how long it took. */
export async function reportStep<Value>(
  report: Report,
  title: string,
  work: () => Promise<Value>,
  options: { readonly interval?: number; readonly detail?: () => string } = {},
): Promise<Value> {
  const start = Date.now();
  const elapsed = (): string => `${Math.round((Date.now() - start) / 1000)} s`;
  report(`${title} ...`);
  const timer = setInterval(
    () => report(`${title}: ${options.detail?.() ?? 'still at it'} (${elapsed()})`),
    options.interval ?? 15_000,
  );
  try {
    const value = await work();
    report(`${title}: done in ${elapsed()}`);
    return value;
  } finally {
    clearInterval(timer);
  }
}
