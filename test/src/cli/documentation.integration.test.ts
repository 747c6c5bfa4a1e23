import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEARCH_OPTIONS, SHOW_OPTIONS, VERIFY_OPTIONS } from '@chaperone/cli/arguments';
import { usage } from '@chaperone/cli/usage';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { signingKey } from '@chaperone/crds/audit/signing-keys';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { shipRecords } from './shipped-records.ts';
import { entriesOf, writeLogs } from './written-records.ts';

const documentation = readFileSync(join(CHECKOUT, 'docs', 'command-line.md'), 'utf8');
const NAMESPACE = `cli_documentation_${process.pid}`;

let directory: string;
let environment: Record<string, string | undefined>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cli-documentation-'));
  const state = join(directory, 'state');
  const wal = join(state, 'wal');
  mkdirSync(wal, { recursive: true });
  const pem = spawnSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' }).stdout;
  writeFileSync(join(state, 'signing-key.pem'), pem);
  await writeLogs(wal, signingKey(pem, 'signing-key.pem'), 40);
  await shipRecords(inject('elasticsearchUrl'), NAMESPACE, await entriesOf(wal));
  // As `make up` puts it there.
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  symlinkSync(join(CHECKOUT, 'cli', 'bin', 'kubectl-chaperone'), join(bin, 'kubectl-chaperone'));
  environment = {
    ...process.env,
    PATH: `${bin}:${inject('binDirectory')}:${process.env['PATH'] ?? ''}`,
    CHAPERONE_STATE: state,
    CHAPERONE_DATA_STREAM_NAMESPACE: NAMESPACE,
    ELASTICSEARCH_URL: inject('elasticsearchUrl'),
  };
}, 150_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shell = (script: string) =>
  spawnSync('sh', ['-eu', '-c', script], { cwd: directory, env: environment, encoding: 'utf8' });

describe('the documentation of the command line', () => {
  test('has only commands that run to their end, one after the other', () => {
    const blocks = [...documentation.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '');
    expect(blocks.length).toBeGreaterThan(3);
    const outcome = shell(blocks.join('\n'));
    expect(outcome.status, `${outcome.stdout}\n${outcome.stderr}`).toBe(0);
    expect(outcome.stdout).toContain('AUDIT-ID');
    expect(outcome.stdout).toContain('Caller (verified):');
    expect(outcome.stdout).toMatch(/: no findings\n$/);
  }, 120_000);

  test('names every option that there is, and so does the help', () => {
    const named = (text: string): Set<string> =>
      new Set([...text.matchAll(/--([a-z][a-z-]+)/g)].map((match) => match[1] ?? ''));
    const help = { search: SEARCH_OPTIONS, show: SHOW_OPTIONS, verify: VERIFY_OPTIONS } as const;
    const all = new Set(Object.values(help).flatMap((options) => Object.keys(options)));
    expect(all.difference(named(documentation))).toEqual(new Set(['output', 'help']));
    expect(named(documentation).difference(all)).toEqual(new Set());
    for (const command of ['search', 'show', 'verify'] as const)
      expect(named(usage(command))).toEqual(new Set(Object.keys(help[command])).difference(new Set(['help'])));
  });
});

describe('kubectl chaperone', () => {
  test('gives its exit code to kubectl', () => {
    expect(shell('kubectl chaperone search --colour')).toMatchObject({ status: 2 });
    expect(shell('kubectl chaperone show unheard-of --directory "$CHAPERONE_STATE/wal"')).toMatchObject({ status: 1 });
  });

  test('is quiet where whoever reads it has enough', () => {
    const outcome = shell('kubectl chaperone search --directory "$CHAPERONE_STATE/wal" -o json | head -n 1');
    expect(outcome).toMatchObject({ status: 0, stdout: '{\n', stderr: '' });
  });

  test('says what it can do', () => {
    expect(shell('kubectl chaperone')).toMatchObject({ status: 0, stdout: usage() });
    expect(shell('kubectl chaperone verify --help')).toMatchObject({ status: 0, stdout: usage('verify') });
  });

  test('runs from what was built where there are no sources', () => {
    const built = join(directory, 'built');
    mkdirSync(join(built, 'bin'), { recursive: true });
    mkdirSync(join(built, 'dist'));
    writeFileSync(join(built, 'bin', 'kubectl-chaperone'), readFileSync(join(CHECKOUT, 'cli/bin/kubectl-chaperone')), {
      mode: 0o755,
    });
    writeFileSync(join(built, 'dist', 'main.js'), 'console.log(process.argv.slice(2).join(" "))');
    expect(shell('built/bin/kubectl-chaperone a b')).toMatchObject({ status: 0, stdout: 'a b\n' });
  });
});
