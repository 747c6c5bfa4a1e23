import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SECRET_ANNOTATIONS_SHOWN } from './always-on.ts';
import { ALWAYS_ON_CAUSES } from './cause.ts';

const page = readFileSync(new URL('../../../../docs/masking.md', import.meta.url), 'utf8');

test('the documentation lists the annotations of Secrets that stay readable', () => {
  const listed = page.split('<!-- annotations -->')[1]?.split('<!-- end -->')[0] ?? '';
  const names = Array.from(listed.matchAll(/^- `([^`]+)`$/gmu), ([, name]) => name);
  expect(names).toEqual([...SECRET_ANNOTATIONS_SHOWN]);
});

test('the documentation has every name under which is counted what is always masked', () => {
  const section = page.split('## What is always masked')[1]?.split('\n## ')[0] ?? '';
  for (const { name } of ALWAYS_ON_CAUSES) expect(section).toContain(`\`${name}\``);
});
