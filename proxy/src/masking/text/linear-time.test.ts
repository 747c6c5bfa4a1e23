import { compileRegex } from '@chaperone/crds/expression/regex';
import { expect, test } from 'vitest';
import { DETECTORS } from './detectors/registry.ts';
import { builtInFinder, newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskText } from './mask-text.ts';
import { redacted } from './placeholder.ts';

const KIB = 1024;
const SIZES = [64 * KIB, 1024 * KIB] as const;

/** The quickest of some runs: what else the machine does only ever adds. */
function milliseconds(run: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

function filled(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

/** What makes a detector look far and find nothing, or find something at each step. */
const TAILS = [
  '',
  'A',
  'a1',
  '=',
  ': ',
  ' ',
  '.',
  '-',
  '/',
  ':',
  '"',
  '\\',
  '\n',
  '${',
  'eyJ',
  '=a:b,',
  '://a:',
  '  "',
  '@',
  'A='.repeat(40),
  'a'.repeat(200),
  'A1b2'.repeat(300),
];

/** 16 times the text may take 16 times as long; quadratic would be 256. Noise and short texts get half as much again, and a floor. */
const ALLOWED = 16 * 4;
const FLOOR_MS = 2;

for (const detector of DETECTORS) {
  test(`the time of ${detector.name} grows with the text alone, whatever is in it`, { timeout: 120_000 }, () => {
    const find = builtInFinder([detector]);
    const slow: string[] = [];
    for (const anchor of detector.anchors.slice(0, 6)) {
      const written = [
        anchor,
        anchor.toUpperCase(),
        anchor.replace('eyj', 'eyJ').replace('akia', 'AKIA').replace('begin', 'BEGIN RSA PRIVATE KEY-----'),
      ];
      for (const tail of TAILS) {
        for (const unit of new Set(written.map((start) => start + tail))) {
          const [short, long] = SIZES.map((size) => filled(unit, size));
          const quick = Math.max(
            milliseconds(() => find(short ?? '')),
            FLOOR_MS,
          );
          const start = performance.now();
          find(long ?? '');
          const once = performance.now() - start;
          const time = once < quick * ALLOWED ? once : milliseconds(() => find(long ?? ''));
          if (time > quick * ALLOWED)
            slow.push(`${JSON.stringify(unit).slice(0, 60)}: ${quick.toFixed(1)} ms, then ${time.toFixed(1)} ms`);
        }
      }
    }
    expect(slow).toEqual([]);
  });
}
