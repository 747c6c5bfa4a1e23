const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

const isUnit = (text: string): text is keyof typeof MILLISECONDS => Object.hasOwn(MILLISECONDS, text);

/**
 * Parses a Go duration as our schemas accept it (`45s`, `1m30s`, `1.5h`; no sign, no bare number, at most milliseconds).
 * Anything else is undefined. The result is in milliseconds.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > 24 || !/^(?:[0-9]{1,5}(?:\.[0-9]{1,3})?(?:ms|s|m|h))+$/u.test(text)) {
    return undefined;
  }
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9.]+)(ms|s|m|h)/gu)) {
    if (!isUnit(unit)) return undefined;
    total += Number(amount) * MILLISECONDS[unit];
  }
  return total;
}
