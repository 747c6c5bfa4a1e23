/** The kinds of finding, in the words of `k8s.io/apimachinery/pkg/util/validation/field`. */
export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'Forbidden'
  | 'Duplicate'
  | 'NotSupported'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid';

/** One finding about one field. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** Where, such as `spec.rules[3].approval.holdFor`. */
  readonly path: string;
  /** What is wrong and what to do about it. */
  readonly detail: string;
  /** The value found, where showing it helps. Never a value that could be a secret. */
  readonly badValue?: string;
}

/** A finding that does not keep the object from being accepted: it probably says something else than was meant. */
export interface FieldWarning {
  readonly path: string;
  readonly detail: string;
}

/** How much of a bad value is shown: enough to find it, not enough to flood a condition. */
const MAX_SHOWN_VALUE = 128;

const show = (value: string): string =>
  value.length <= MAX_SHOWN_VALUE ? value : `${value.slice(0, MAX_SHOWN_VALUE)}...`;

export const required = (path: string, detail: string): FieldError => ({ type: 'Required', path, detail });

export const forbidden = (path: string, detail: string): FieldError => ({ type: 'Forbidden', path, detail });

export const invalid = (path: string, badValue: string, detail: string): FieldError => ({
  type: 'Invalid',
  path,
  badValue: show(badValue),
  detail,
});

export const duplicate = (path: string, badValue: string): FieldError => ({
  type: 'Duplicate',
  path,
  badValue: show(badValue),
  detail: 'must be unique in its list',
});

export const notSupported = (path: string, badValue: string, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  path,
  badValue: show(badValue),
  detail: `supported values: ${supported.map((value) => JSON.stringify(value)).join(', ')}`,
});

const words: Readonly<Record<FieldErrorType, string>> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  Forbidden: 'Forbidden',
  Duplicate: 'Duplicate value',
  NotSupported: 'Unsupported value',
  TooLong: 'Too long',
  TooMany: 'Too many',
  TypeInvalid: 'Invalid value',
};

/** One finding in the wording of the API server: `spec.rules[0].name: Invalid value: "x": detail`. */
export function formatFieldError({ type, path, detail, badValue }: FieldError): string {
  const head = badValue === undefined ? words[type] : `${words[type]}: ${JSON.stringify(badValue)}`;
  return path === '' ? `${head}: ${detail}` : `${path}: ${head}: ${detail}`;
}

/** What a condition's message may hold by its schema. */
export const MAX_MESSAGE_LENGTH = 32_768;

/**
 * All findings as one text for a condition, one a line. What does not fit into `maxLength` characters is counted
 * instead of being cut off in the middle.
 */
export function formatFieldErrors(errors: readonly FieldError[], maxLength: number = MAX_MESSAGE_LENGTH): string {
  return joinBounded(errors.map(formatFieldError), maxLength);
}

/** As {@link formatFieldErrors}, for warnings. */
export function formatFieldWarnings(warnings: readonly FieldWarning[], maxLength: number = MAX_MESSAGE_LENGTH): string {
  const lines = warnings.map(({ path, detail }) => `${path}: ${detail}`);
  return joinBounded(lines, maxLength);
}

function joinBounded(lines: readonly string[], maxLength: number): string {
  const whole = lines.join('\n');
  if (whole.length <= maxLength) {
    return whole;
  }
  // Reserve room for the longest possible tail, so that the result never exceeds the bound.
  const room = maxLength - `\n... and ${lines.length} more`.length;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > room + 1) break;
    kept.push(line);
  }
  return [...kept, `... and ${lines.length - kept.length} more`].join('\n').slice(0, maxLength);
}
