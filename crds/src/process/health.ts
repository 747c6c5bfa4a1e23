/** One thing that must be well. */
export interface HealthCheck {
  /** Lower-case, as in `/readyz/<name>`. */
  readonly name: string;
  /** Why not, in one line for the one who operates this, or undefined while all is well. Must not wait. */
  check(): string | undefined;
}

export interface HealthReport {
  readonly ok: boolean;
  /** One line per check and a last one, as Kubernetes' own `?verbose`. */
  readonly text: string;
}

/** Asks all checks that are not excluded. One that throws is not well. `endpoint` is the name in the last line. */
export function report(
  endpoint: string,
  checks: readonly HealthCheck[],
  exclude: ReadonlySet<string> = new Set(),
): HealthReport {
  let ok = true;
  const lines = checks.map((check) => {
    if (exclude.has(check.name)) {
      return `[+]${check.name} excluded: ok`;
    }
    const failure = ask(check);
    ok &&= failure === undefined;
    return failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: ${failure}`;
  });
  return { ok, text: [...lines, `${endpoint} check ${ok ? 'passed' : 'failed'}`, ''].join('\n') };
}

function ask(check: HealthCheck): string | undefined {
  try {
    return check.check();
  } catch {
    return 'the check itself failed';
  }
}
