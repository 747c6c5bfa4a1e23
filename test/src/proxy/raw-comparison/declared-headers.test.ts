import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { expect, test } from 'vitest';
import { comparable, DECLARED_HEADERS } from './declared-headers.ts';

test('what is declared is what the documentation lists, and nothing else', () => {
  const document = readFileSync(join(CHECKOUT, 'docs', 'gateway-headers.md'), 'utf8');
  const table = /<!-- headers -->([\s\S]*?)<!-- end -->/.exec(document)?.[1] ?? '';
  const listed = [...table.matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)].map(([, name = '', differs = '']) => [
    name.toLowerCase(),
    differs === 'in its value' ? 'Value' : 'GatewayOnly',
  ]);
  expect(listed).toEqual([...DECLARED_HEADERS]);
});

test('headers are compared in any order of names, but repeated ones in theirs, and in their case', () => {
  const direct = comparable([
    ['Warning', '299 - "a"'],
    ['Warning', '299 - "b"'],
    ['Audit-Id', '1'],
    ['Vary', 'Accept'],
  ]);
  const other: readonly (readonly [string, string])[] = [
    ['Vary', 'Accept'],
    ['Warning', '299 - "a"'],
    ['Warning', '299 - "b"'],
    ['Audit-Id', '2'],
    ['Connection', 'keep-alive'],
  ];
  expect(comparable(other)).toEqual(direct);
  expect(comparable(other.toReversed())).not.toEqual(direct);
  expect(comparable(other.slice(1))).not.toEqual(direct);
  expect(comparable(other.filter(([name]) => name !== 'Audit-Id'))).not.toEqual(direct);
  expect(comparable(other.map(([name, value]) => [name.toLowerCase(), value]))).not.toEqual(direct);
});
