import type { CallReport } from '../call/call-report.ts';
import type { CallValues } from '../masking/engine/call-values.ts';
import type { Masking } from '../masking/engine/masking.ts';
import { addCounts, maskText } from '../masking/text/mask-text.ts';
import { maskUrl } from '../masking/text/mask-url.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { maskNames } from './masked-names.ts';

/** What a caller says before any body, masked. */
export interface MaskedRequestLine {
  readonly requestURI: string;
  /** Undefined where the target could not be read. */
  readonly attributes: RequestAttributes | undefined;
  readonly userAgent: string;
  readonly declared: Readonly<Record<string, string>>;
  readonly counts: ReadonlyMap<string, number>;
}

/** Of a target that could not be read. */
const LONGEST_TARGET = 65_536;

/** Masks target and headers for a record. Which headers are recorded at all is decided where they are read. */
export function maskRequestLine(
  { target, headers, attributes, names }: Pick<CallReport, 'target' | 'headers' | 'attributes' | 'names'>,
  masking: Masking,
  values: CallValues,
): MaskedRequestLine {
  const { finder, replace } = masking.audit.text(values);
  const counts = new Map<string, number>();
  const masked = (text: string): string => {
    const result = maskText(text, finder, replace);
    addCounts(counts, result.counts);
    return result.text;
  };
  const url = maskUrl(target.slice(0, LONGEST_TARGET), finder, replace);
  addCounts(counts, url.counts);
  const declared = [...(headers?.declared.headers ?? [])].map(([name, value]) => [name, masked(value)] as const);
  return {
    requestURI: url.text,
    attributes: names ?? (attributes && maskNames(attributes, masking.audit)),
    userAgent: masked(headers?.declared.userAgent ?? ''),
    declared: Object.fromEntries(declared),
    counts,
  };
}
