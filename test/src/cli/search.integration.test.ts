import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '@chaperone/cli/command-error';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { newSigningKey } from '../wal/open-log.ts';
import { chaperone, type Outcome } from './command.ts';
import { shipRecords } from './shipped-records.ts';
import { BIG_INTEGER, entriesOf, HOSTILE, LASTING, NEWEST, writeLogs } from './written-records.ts';

const COUNT = 300;
const NAMESPACE = `cli_search_${process.pid}`;

let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cli-search-'));
  await writeLogs(directory, newSigningKey(), COUNT);
  await shipRecords(inject('elasticsearchUrl'), NAMESPACE, await entriesOf(directory));
}, 150_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const now = (): number => NEWEST;
const inDirectory = (...args: string[]): Promise<Outcome> => chaperone([...args, '--directory', directory], { now });
const inElasticsearch = (...args: string[]): Promise<Outcome> =>
  chaperone([...args, '--elasticsearch', inject('elasticsearchUrl'), '--data-stream-namespace', NAMESPACE], { now });

const idsOf = ({ out }: Outcome): readonly string[] => out.split('\n').filter(Boolean);

describe('a search answers alike from Elasticsearch and from a directory', () => {
  const SEARCHES: Readonly<Record<string, { readonly options: readonly string[]; readonly found: number }>> = {
    'for everything, with the records of the gateway itself': { options: ['--limit', '1000'], found: 302 },
    'for the newest few': { options: ['--limit', '5'], found: 4 },
    'for a user': { options: ['--user', 'deploy-bot'], found: 86 },
    'for one of two users': { options: ['--user', 'deploy-bot', '--user', 'agent@example.com'], found: 174 },
    'for a verb': { options: ['--verb', 'list'], found: 43 },
    'for a resource, without what is below it': { options: ['--resource', 'pods'], found: 130 },
    'for a subresource': { options: ['--resource', 'pods/exec'], found: 43 },
    'for any subresource': { options: ['--resource', 'pods/*'], found: 43 },
    'for a resource of a group': { options: ['--resource', 'deployments.apps'], found: 43 },
    'for a subresource of a group': { options: ['--resource', 'deployments.apps/scale'], found: 43 },
    'for one of two resources': { options: ['--resource', 'pods/exec', '--resource', 'deployments'], found: 86 },
    'for a namespace and a name': { options: ['-n', 'shop', '--name', 'cart'], found: 86 },
    'for what was forbidden': { options: ['--decision', 'forbid'], found: 43 },
    'for what was allowed': { options: ['--decision', 'allow'], found: 217 },
    'for a verdict': { options: ['--verdict', 'Deny'], found: 43 },
    'for an outcome': { options: ['--outcome', 'Cut'], found: 43 },
    'for a run': { options: ['--run', 'run-2'], found: 75 },
    'for a status': { options: ['--code', '403'], found: 43 },
    'for a class of statuses': { options: ['--code', '4xx'], found: 128 },
    'since a duration': { options: ['--since', '10m'], found: 12 },
    'since a moment': { options: ['--since', '2026-03-01T11:50:00.000Z'], found: 12 },
    'until a moment, which is not in it': { options: ['--until', '2026-03-01T07:01:00Z'], found: 1 },
    'between two moments': { options: ['--since', '2h', '--until', '1h'], found: 60 },
    'for all of it at once': {
      options: ['--user', 'deploy-bot', '--verb', 'delete', '-n', 'shop', '--code', '4xx', '--since', '3h'],
      found: 8,
    },
    'for nothing that there is': { options: ['--user', 'nobody'], found: 0 },
  };

  test.each(Object.entries(SEARCHES))('%s', async (_, { options, found }) => {
    const format = ['--limit', '1000', ...options, '-o'];
    expect(idsOf(await inDirectory('search', ...format, 'name'))).toHaveLength(found);
    for (const output of ['name', 'wide', 'json']) {
      const fromDirectory = await inDirectory('search', ...format, output);
      expect(await inElasticsearch('search', ...format, output)).toEqual(fromDirectory);
      expect(fromDirectory.code).toBe(EXIT.ok);
    }
  });
});

test('records are sorted by time, oldest first, across writers', async () => {
  const { out } = await inElasticsearch('search', '--limit', '1000');
  const times = out
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((line) => line.slice(0, 20));
  expect(times.length).toBeGreaterThan(COUNT);
  expect(times).toEqual(times.toSorted());
});

test('what was left out is told', async () => {
  const cut = await inDirectory('search', '--limit', '3');
  expect(cut.error).toMatch(/^Only the newest 3 of those found are shown/);
  expect((await inElasticsearch('search', '--limit', '3')).error).toBe(cut.error);
  expect((await inDirectory('search', '--limit', '1000')).error).toBe('');
});

test('where nothing is found, it is said as kubectl says it', async () => {
  expect(await inDirectory('search', '--user', 'nobody')).toEqual({ code: 0, out: '', error: 'No resources found\n' });
});

test('JSON and YAML have the record as it was hashed, and its place in the chain', async () => {
  const json = await inElasticsearch('search', '--limit', '2', '--user', 'deploy-bot', '-o', 'json');
  expect(json.out).toContain(`"generation": ${BIG_INTEGER}`);
  const list: unknown = JSON.parse(json.out);
  expect(list).toMatchObject({
    kind: 'List',
    items: [{ record: { kind: 'Event', user: { username: 'deploy-bot' } } }, {}],
  });
  expect(json.out).toMatch(/"hash": "[0-9a-f]{64}"/);
  const yaml = await inElasticsearch('search', '--limit', '2', '--user', 'deploy-bot', '-o', 'yaml');
  expect(yaml.out).toContain(`generation: ${BIG_INTEGER}`);
  expect(parse(yaml.out)).toEqual(list);
});

describe('what callers chose does not reach the terminal as more than text', () => {
  const CONTROL = /[\p{Cc}\p{Bidi_Control}]/u;
  const NAME = '\u001b[31mred\u009b0m';

  test.each([
    ['search', '--name', NAME],
    ['search', '--name', NAME, '-o', 'wide'],
    ['show', HOSTILE],
    ['show', '\u001b[2J'],
  ])('%j', async (...args) => {
    const { out, error } = await inElasticsearch(...args);
    expect(out + error).not.toBe('');
    expect((out + error).replaceAll('\n', '')).not.toMatch(CONTROL);
  });

  test.each([
    ['search', '--name', NAME, '-o', 'json'],
    ['search', '--name', NAME, '-o', 'yaml'],
    ['show', HOSTILE, '--full', '-o', 'json'],
  ])('%j, and is the value that it was', async (...args) => {
    const { out } = await inElasticsearch(...args);
    expect(out.replaceAll('\n', '')).not.toMatch(CONTROL);
    expect(parse(out)).toMatchObject({ items: [{ record: { objectRef: { name: NAME } } }] });
  });
});

describe('show', () => {
  test('prints all records of a call, alike from both', async () => {
    const page = await inElasticsearch('show', LASTING);
    expect(page).toEqual(await inDirectory('show', LASTING));
    expect(page.code).toBe(EXIT.ok);
    expect(page.out.replaceAll(/[0-9a-f]{64}/g, '<hash>')).toMatchInlineSnapshot(`
      "Audit ID:        audit-watch
      Record:          1 of 2, ResponseStarted
      Caller (verified):
        User:    agent@example.com
        UID:     agent
        Groups:  agents, system:authenticated
        Issuer:  https://issuer.example.com
        Run:
          run:     run-17
          model:   model-x
          ci-job:  job-4
          owner:   dana@example.com
          ref:     refs/heads/main
      Declared by the client (not verified):
        User agent:  kubectl/v1.36.3 (linux/amd64) kubernetes/0000000
        task:        nightly
      Client address:  203.0.113.7
      Request:
        Received:   2026-03-01T11:59:59.000001Z
        Verb:       watch
        Resource:   pods
        Namespace:  payments
        Name:       web
        Method:     GET
        URI:        /api/v1/namespaces/payments/pods/web
      Decision:
        Authorization:         allow
        Authorization reason:  AgentPolicy agents, rule read
        Verdict:               Allow
        Policy:                agents
        Rule:                  read
        Generation:            3
        Revision:              <hash>
      Outcome:
        Outcome:           Started
        Code:              200
        Recorded:          2026-03-01T11:59:59.000000Z
        Took:              12.345 ms
        Took in policies:  0.2 ms
        Took upstream:     11 ms
      Masked values:
        secret-data:  3
      Level:           RequestResponse
      Chain:
        Writer:        gateway-a-01
        Replica:       chaperone-gateway-0
        Version:       0.1.0
        Sequence:      202
        Hash:          <hash>
        Chain before:  <hash>
        Chain:         <hash>


      Audit ID:        audit-watch
      Record:          2 of 2, ResponseComplete
      Caller (verified):
        User:    agent@example.com
        UID:     agent
        Groups:  agents, system:authenticated
        Issuer:  https://issuer.example.com
        Run:
          run:     run-17
          model:   model-x
          ci-job:  job-4
          owner:   dana@example.com
          ref:     refs/heads/main
      Declared by the client (not verified):
        User agent:  kubectl/v1.36.3 (linux/amd64) kubernetes/0000000
        task:        nightly
      Client address:  203.0.113.7
      Request:
        Received:   2026-03-01T11:59:59.000001Z
        Verb:       watch
        Resource:   pods
        Namespace:  payments
        Name:       web
        Method:     GET
        URI:        /api/v1/namespaces/payments/pods/web
      Decision:
        Authorization:         allow
        Authorization reason:  AgentPolicy agents, rule read
        Verdict:               Allow
        Policy:                agents
        Rule:                  read
        Generation:            3
        Revision:              <hash>
      Outcome:
        Outcome:           Answered
        Code:              200
        Ended by:          PolicyChanged
        Recorded:          2026-03-01T11:59:59.100000Z
        Took:              12.345 ms
        Took in policies:  0.2 ms
        Took upstream:     11 ms
        Stream events:     7
        Stream bytes:      4096
      Masked values:
        secret-data:  3
      Level:           RequestResponse
      Chain:
        Writer:        gateway-a-01
        Replica:       chaperone-gateway-0
        Version:       0.1.0
        Sequence:      203
        Hash:          <hash>
        Chain before:  <hash>
        Chain:         <hash>
      "
    `);
  });

  test('prints bodies to read', async () => {
    const { out } = await inElasticsearch('show', HOSTILE);
    expect(out.slice(out.indexOf('Request body'), out.indexOf('Chain:'))).toMatchInlineSnapshot(`
      "Request body:
        Content:
          {
              "note": "\\u009b2J and a line\\nbreak",
              "list": [],
              "of": [
                  1,
                  {
                      "two": 2.50
                  }
              ]
          }
      "
    `);
  });

  test('prints the records as data', async () => {
    const { out } = await inDirectory('show', LASTING, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      items: [{ record: { stage: 'ResponseStarted' } }, { record: { stage: 'ResponseComplete' } }],
    });
  });

  test('says that there is no such call', async () => {
    const outcome = { code: EXIT.found, out: '', error: 'Error (NotFound): no record has the audit id unheard-of\n' };
    expect(await inDirectory('show', 'unheard-of')).toEqual(outcome);
    expect(await inElasticsearch('show', 'unheard-of')).toEqual(outcome);
  });
});

describe('faults are told with what to do next', () => {
  const FAULTS: Readonly<Record<string, { readonly args: readonly string[]; readonly error: RegExp }>> = {
    'a server that is not there': {
      args: ['search', '--elasticsearch', 'http://127.0.0.1:1'],
      error: /^Error: Elasticsearch cannot be reached \(ConnectionError.*check --elasticsearch/,
    },
    'a credential without encryption': {
      args: ['search', '--elasticsearch', 'http://logs.example.com', '--api-key-file', '/nowhere'],
      error: /^Error: --elasticsearch: must be https/,
    },
    'a password file that is not there': {
      args: ['search', '--elasticsearch', 'https://127.0.0.1:1', '--username', 'a', '--password-file', '/nowhere'],
      error: /^Error: \/nowhere cannot be read \(ENOENT\)/,
    },
    'a directory that is not there': {
      args: ['search', '--directory', '/nowhere'],
      error: /^Error: \/nowhere cannot be read \(ENOENT\)/,
    },
    'a directory without a log': {
      args: ['search', '--directory', import.meta.dirname],
      error: /holds no log of records: give the directory wal/,
    },
    'no store': { args: ['search'], error: /^Error: where are the records\?/ },
    'two stores': {
      args: ['search', '--directory', '/tmp', '--elasticsearch', 'http://127.0.0.1:1'],
      error: /exclude each other/,
    },
    'an option that there is not': { args: ['search', '--colour'], error: /See kubectl chaperone search --help/ },
    'a command that there is not': { args: ['delete'], error: /there is no command delete/ },
    'no audit id': { args: ['show', '--directory', '/tmp'], error: /show takes one audit id/ },
  };
  test.each(Object.entries(FAULTS))('%s', async (_, { args, error }) => {
    const outcome = await chaperone(args);
    expect(outcome.error).toMatch(error);
    expect(outcome).toMatchObject({ code: EXIT.failed, out: '' });
  });

  test('a data stream that is not there', async () => {
    const url = inject('elasticsearchUrl');
    const { code, error } = await chaperone(['search', '--elasticsearch', url, '--data-stream-namespace', 'elsewhere']);
    expect(code).toBe(EXIT.failed);
    expect(error).toMatch(/^Error: Elasticsearch has no data stream logs-kubernetes.audit_logs-elsewhere/);
  });

  test('one writer in two directories', async () => {
    const { code, error } = await inDirectory('search', '--directory', `${directory}/.`);
    expect(code).toBe(EXIT.failed);
    expect(error).toMatch(/the writer gateway-a-01 is in both/);
  });
});
