import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const readme = readFileSync(join(CHECKOUT, 'README.md'), 'utf8');
const makefile = readFileSync(join(CHECKOUT, 'Makefile'), 'utf8');

/** A checkout of its own, so that a stack which a contributor has up is left alone. */
let checkout: string;

beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'readme-'));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: CHECKOUT, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
  for (const file of files) cpSync(join(CHECKOUT, file), join(checkout, file), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'));
  // Older than what is installed, so that make does not install anew over the link.
  utimesSync(join(checkout, 'package-lock.json'), 0, 0);
});

afterAll(() => {
  spawnSync('make', ['--silent', 'down'], { cwd: checkout });
  rmSync(checkout, { recursive: true, force: true });
});

describe('the README', () => {
  test('names only make targets that exist', () => {
    const named = [...readme.matchAll(/`make ([a-z0-9-]+)/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(5);
    for (const target of new Set(named)) expect(makefile, target).toMatch(new RegExp(`^${target}:`, 'm'));
  });

  test('has only shell blocks that run to their end', () => {
    const blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '');
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      const outcome = spawnSync('sh', ['-eu', '-c', block], { cwd: checkout, encoding: 'utf8' });
      expect(outcome.status, `${block}\n${outcome.stdout}\n${outcome.stderr}`).toBe(0);
    }
  }, 240_000);

  test('names all that .run/env holds, and nothing else', () => {
    const outcome = spawnSync('sh', ['-eu', '-c', 'make --silent up; cat .run/env; make --silent down'], {
      cwd: checkout,
      encoding: 'utf8',
    });
    const held = [...outcome.stdout.matchAll(/^export ([A-Z_]+)=/gm)].map((match) => match[1] ?? '');
    const paragraph = /`\.run\/env` names what runs: (.*?)\n\n/s.exec(readme)?.[1] ?? '';
    const named = [...(paragraph.split(' Ports are')[0] ?? '').matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? '');
    expect(named.toSorted()).toEqual(held.toSorted());
  }, 240_000);
});

test('make help documents every target', () => {
  const outcome = spawnSync('make', ['--silent', 'help'], { cwd: checkout, encoding: 'utf8' });
  const targets = [...makefile.matchAll(/^\.PHONY: (\S+)$/gm)].map((match) => match[1] ?? '');
  for (const target of targets) expect(outcome.stdout).toMatch(new RegExp(`make ${target}\\s+\\S`));
});
