import { compileRegex } from '@chaperone/crds/expression/regex';
import { expect, test } from 'vitest';
import { DETECTORS } from './detectors/registry.ts';
import { builtInFinder, newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskText } from './mask-text.ts';
import { redacted } from './placeholder.ts';

const KIB = 1024;

/** Of this thread's processor: on a busy machine the clock tells more about the others. */
function milliseconds(run: () => unknown): number {
  const start = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1_000;
}

function filled(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

/** A text 16 times as long may take 16 times as long; quadratic would be 256. The rest is for noise, by which the floor is, too. */
const GROWTH = 16;
const ALLOWED = GROWTH * 4;
const FLOOR_MS = 2;

/** Whether the time grows with the text alone. What else the machine does only adds, so the quickest of some runs counts. */
function isLinear(find: (text: string) => unknown, unit: string, size: number): boolean {
  const short = filled(unit, size / GROWTH);
  const long = filled(unit, size);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const quick = Math.max(
      milliseconds(() => find(short)),
      FLOOR_MS,
    );
    if (milliseconds(() => find(long)) <= quick * ALLOWED) return true;
  }
  return false;
}

/** What makes a detector look far and find nothing, or find something at each step. */
const TAILS = ['', 'a1', '=', ': ', '.', '-', ':', '"', '${', '=a:b,', 'A1b2'.repeat(300)];

/** An anchor as the detectors need it written to go on. */
function written(anchor: string): string {
  const cased: Readonly<Record<string, string>> = {
    '-----begin ': '-----BEGIN RSA PRIVATE KEY-----',
    ls0tls1crudjti: 'LS0tLS1CRUdJTi',
    eyj: 'eyJ',
    akia: 'AKIA',
    aiza: 'AIza',
    eyjhdxrocyi: 'eyJhdXRocyI',
  };
  return cased[anchor] ?? anchor;
}

for (const detector of DETECTORS) {
  test(`the time of ${detector.name} grows with the text alone, whatever is in it`, { timeout: 60_000 }, () => {
    const find = builtInFinder([detector]);
    const units = detector.anchors.slice(0, 2).flatMap((anchor) => TAILS.map((tail) => written(anchor) + tail));
    expect(units.filter((unit) => !isLinear(find, unit, 128 * KIB))).toEqual([]);
  });
}

const EVERYTHING = newFinder({ detectors: 'all', patterns: [] });

test.each([
  'password=',
  'eyJ-',
  'eyJhbGciOiJub25lIn0.',
  '://a:',
  '-----BEGIN PRIVATE KEY-----\n',
  'Authorization: ',
  'a',
  '[MASKED:a]',
  '${',
  'token: "',
  '\\',
])('all detectors together mask 1 MiB of %j in time that grows with it', { timeout: 60_000 }, (unit) => {
  expect(isLinear((text) => maskText(text, EVERYTHING, redacted), unit, 1024 * KIB)).toBe(true);
});

test(
  'a pattern that is quadratic over all its matches is not, for what a window may cost is bounded',
  { timeout: 60_000 },
  () => {
    const result = compileRegex('x.*y|x');
    if (result.kind !== 'pattern') throw new Error(result.message);
    const find = newFinder({ detectors: [], patterns: [{ name: 'rule/x', pattern: result.pattern }] });
    expect(isLinear(find, 'x', 64 * KIB)).toBe(true);
    // Not one of them stays: what there was no time for is masked, not let through.
    expect(maskText(filled('x', 16 * KIB), find, () => '')).toMatchObject({ text: '' });
  },
);

test(
  'known values that share their beginnings with the text and with each other are found in linear time',
  { timeout: 60_000 },
  () => {
    const known = new KnownValues();
    for (let length = 40; length < 240; length += 1) known.add(`${'ab'.repeat(length)}${String(length)}`);
    expect(isLinear((text) => known.find(text), 'ab', 1024 * KIB)).toBe(true);
    expect(isLinear((text) => known.find(text), `${'ab'.repeat(15)}-`, 1024 * KIB)).toBe(true);
  },
);

test('a manifest of 3 KB that holds nothing suspicious takes microseconds', () => {
  const manifest = filled(
    '  - name: web\n    image: registry.example.com/team/web:1.2.3\n    ports:\n    - containerPort: 8080\n',
    3_000,
  );
  const runs = 500;
  const times = Array.from({ length: 20 }, () =>
    milliseconds(() => Array.from({ length: runs }, () => EVERYTHING(manifest))),
  );
  const microseconds = (Math.min(...times) / runs) * 1_000;
  process.stdout.write(`3 KB of a manifest: ${microseconds.toFixed(1)} us\n`);
  // 15 on an idle machine; here others may be running.
  expect(microseconds).toBeLessThan(60);
});
