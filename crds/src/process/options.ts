import { z } from 'zod';
import { parseDuration } from '../validation/duration.ts';

/** A Go duration above zero, such as `45s` or `168h`; the result is in milliseconds. */
export const durationOption = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'must be a duration above zero, such as 30s or 168h',
      });
      return z.NEVER;
    });

/** A TCP port; 0 takes a free one. */
export const portOption = z.int().min(0).max(65_535);

/** The name of a namespace. */
export const namespaceOption = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/u, 'must be the name of a namespace');

/** A configuration that cannot be used; the message has one line for each finding, with its path. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'ERR_OPTIONS';
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(
      `The configuration has ${findings.length} fault${findings.length === 1 ? '' : 's'}:\n${findings.map((finding) => `  ${finding}`).join('\n')}`,
    );
    this.findings = findings;
  }
}

/**
 * Checks a configuration whole, fills in what is not given, and freezes it. Values are never shown: a configuration may
 * hold what somebody put into the wrong place.
 *
 * @throws OptionsError with every finding.
 */
export function parseConfiguration<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return deepFreeze(result.data);
  throw new OptionsError(result.error.issues.flatMap(findingsOf));
}

function findingsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathOf([...issue.path, key])}: there is no such option`);
  return [`${pathOf(issue.path)}: ${issue.message}`];
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((step) => (typeof step === 'number' ? `[${step}]` : String(step)))
      .join('.')
      .replaceAll('.[', '[') || '(root)'
  );
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
