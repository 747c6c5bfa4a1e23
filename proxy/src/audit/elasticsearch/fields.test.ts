import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { OBJECT_FIELDS, RECORD_FIELDS } from './fields.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/records.md'), 'utf8');

function section(title: string): string {
  const start = page.indexOf(`### ${title}\n`);
  expect(start).toBeGreaterThan(0);
  return page.slice(start, page.indexOf('\n##', start + 1));
}

const names = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const paths = Object.keys(RECORD_FIELDS);
const BODY = /^kubernetes\.audit\.(?:request|response)Object\./;

test('the documentation tells of each field of Chaperone, with its type', () => {
  const rows = [...section('Fields of Chaperone').matchAll(/^\| `([^`]+)` \| (\w+) \| .+ \|$/gm)];
  expect(Object.fromEntries(rows.map(([, path, type]) => [path, type]))).toEqual(
    Object.fromEntries(Object.entries(RECORD_FIELDS).filter(([path]) => path.startsWith('chaperone.'))),
  );
});

test('the documentation names each field of ECS', () => {
  const fields = paths.filter((path) => !path.startsWith('chaperone.') && !path.startsWith('kubernetes.'));
  expect(names(section('Fields of ECS'))).toEqual(fields);
});

test("the documentation names each field of Kubernetes' audit events", () => {
  const [, ...named] = names(section("Fields of Kubernetes' audit events"));
  const fields = paths.filter((path) => path.startsWith('kubernetes.audit.') && !BODY.test(path));
  expect(named.map((name) => `kubernetes.audit.${name}`)).toEqual(fields);
});

test('the documentation names each field of bodies', () => {
  const [, , ...named] = names(section('Fields of bodies'));
  expect(named).toEqual(Object.keys(OBJECT_FIELDS));
});
