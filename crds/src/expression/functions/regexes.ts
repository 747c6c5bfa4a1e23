import { celList } from '@bufbuild/cel';
import { ExpressionFailure } from '../failure.ts';
import type { Meter } from '../meter.ts';
import { int, method, string, type Overload } from '../overload.ts';
import type { Pattern, PatternTable } from '../regex.ts';
import { BOOL, listOf, STRING } from '../statictype.ts';

/** Functions whose second argument is a pattern; a literal one is compiled with its expression. */
export const regexFunctions: ReadonlySet<string> = new Set(['matches', 'find', 'findAll']);

/** `matches` and Kubernetes' regex library, on RE2 so that no pattern and no text takes more than linear time. */
export function regexes(meter: Meter, table: PatternTable): Overload[] {
  const patternOf = (source: string): Pattern => {
    const known = table.find(source);
    if (known.kind === 'invalid') throw new ExpressionFailure('InvalidArgument', `the pattern is ${known.message}`);
    return known.pattern;
  };
  const prepare = (text: string, source: string): Pattern => {
    const pattern = patternOf(source);
    meter.charge(scanCost(pattern, text.length));
    return pattern;
  };
  const findAll = (text: string, source: string, limit: bigint): string[] => {
    const pattern = prepare(text, source);
    const found: string[] = [];
    if (limit === 0n) return found;
    for (const { start, end } of pattern.matches(text)) {
      found.push(text.slice(start, end));
      if (BigInt(found.length) === limit) break;
      meter.charge(scanCost(pattern, text.length - end));
    }
    return found;
  };
  return [
    method('matches', [string, string], BOOL, (text, source) => prepare(text, source).test(text)),
    method('find', [string, string], STRING, (text, source) => findAll(text, source, 1n)[0] ?? ''),
    method('findAll', [string, string], listOf(STRING), (text, source) => celList(findAll(text, source, -1n))),
    method('findAll', [string, string, int], listOf(STRING), (text, source, limit) =>
      celList(findAll(text, source, limit)),
    ),
  ];
}

/**
 * RE2 visits every instruction for every character where its automaton has too many states, at up to 0.2 µs each:
 * `(a|b)*a(a|b){100}$` on a caller's text. A step is therefore 16 such visits.
 */
function scanCost(pattern: Pattern, length: number): number {
  return 1 + Math.floor((length * (pattern.size + 8)) / 16);
}
