import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redacted } from '../placeholder.ts';
import { DETECTORS, detectorsOf } from './registry.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..', '..', '..', '..');

test('the documentation lists the detectors as they are, in their order', () => {
  const document = readFileSync(join(CHECKOUT, 'docs', 'masking.md'), 'utf8');
  const table = /<!-- detectors -->([\s\S]*?)<!-- end -->/.exec(document)?.[1] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const expected = DETECTORS.map(
    ({ name, kind, description, example }) =>
      `| \`${name}\` | ${kind ?? 'always on'} | ${description} | \`${example}\` |`,
  );
  expect(rows).toEqual(expected);
});

test('every detector has a name of its own that can stand in a placeholder', () => {
  expect(new Set(DETECTORS.map(({ name }) => name)).size).toBe(DETECTORS.length);
  for (const { name } of DETECTORS) expect(redacted(name)).toBe(`[MASKED:${name}]`);
});

test('kinds are asked for one by one, and what has none comes with each of them', () => {
  const always = detectorsOf([]);
  expect(always.map(({ kind }) => kind)).not.toContain('JWT');
  expect(always.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['authorization', 'docker-config', 'kubeconfig', 'credential']),
  );
  for (const kind of ['PrivateKey', 'JWT', 'CloudToken', 'ForgeToken', 'ConnectionString'] as const) {
    const asked = detectorsOf([kind]);
    expect(asked.length).toBeGreaterThan(always.length);
    expect(new Set(asked.map((detector) => detector.kind))).toEqual(new Set([kind, undefined]));
  }
  expect(detectorsOf('all')).toEqual(DETECTORS);
});
