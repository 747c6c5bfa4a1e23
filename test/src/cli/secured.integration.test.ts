import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '@chaperone/cli/command-error';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { startSecuredElasticsearch, type SecuredElasticsearch } from '@chaperone/e2e/elasticsearch/elasticsearch';
import type { UserName } from '@chaperone/e2e/elasticsearch/security';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newClient } from '../elasticsearch/client.ts';
import { newLocalStack, type LocalStack } from '../elasticsearch/local-stack.ts';
import { newSigningKey } from '../wal/open-log.ts';
import { chaperone, type Outcome } from './command.ts';
import { shipBy } from './shipped-records.ts';
import { entriesOf, publicKeyFile, writeLogs } from './written-records.ts';

const BOOT_TIMEOUT = 150_000;

let directory: string;
let stack: LocalStack;
let server: SecuredElasticsearch;
let keyFile: string;
const file = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cli-secured-'));
  stack = await newLocalStack();
  server = await startSecuredElasticsearch(stack.supervisor, {
    httpPort: stack.httpPort,
    report: () => {},
    certificateAuthority: await newCertificateAuthority('Elasticsearch under test'),
  });
  const key = newSigningKey();
  keyFile = publicKeyFile(directory, 'key.pem', key);
  await writeLogs(file('wal'), key, 20);
  const client = newClient({ node: server.url, auth: server.users.superuser, tls: { ca: server.ca } });
  await shipBy(client, 'default', await entriesOf(file('wal')));
  await client.close();
  writeFileSync(file('ca.pem'), server.ca);
  for (const [name, { password }] of Object.entries(server.users)) writeFileSync(file(name), `${password}\n`);
}, BOOT_TIMEOUT);

afterAll(async () => {
  await stack.stop();
  rmSync(directory, { recursive: true, force: true });
}, BOOT_TIMEOUT);

function as(user: UserName, passwordOf: UserName, ...args: readonly string[]): Promise<Outcome> {
  const credential = ['--username', server.users[user].username, '--password-file', file(passwordOf)];
  return chaperone([...args, '--elasticsearch', server.url, '--ca-file', file('ca.pem'), ...credential]);
}

test('who may only read can search, show and verify', async () => {
  const { code, out } = await as('reader', 'reader', 'search', '--user', 'deploy-bot', '-o', 'name');
  expect({ code, ids: out.split('\n').filter(Boolean) }).toMatchObject({ code: EXIT.ok, ids: { length: 6 } });
  expect(await as('reader', 'reader', 'show', 'audit-1')).toMatchObject({ code: EXIT.ok, error: '' });
  const verified = await as('reader', 'reader', 'verify', '--public-key', keyFile);
  expect(verified.out).toMatch(/^2 writers, 24 records, .*: no findings\n$/);
});

test('a wrong password is told', async () => {
  const { code, out, error } = await as('reader', 'writer', 'search');
  expect({ code, out }).toEqual({ code: EXIT.failed, out: '' });
  expect(error).toMatch(/^Error: Elasticsearch does not know the credential: check --username/);
});

test('a user who may not read is told which privilege is missing', async () => {
  const { code, error } = await as('writer', 'writer', 'search');
  expect(code).toBe(EXIT.failed);
  expect(error).toMatch(/^Error: Elasticsearch does not let this user read logs-kubernetes.audit_logs-default/);
});

test('a certificate that nobody vouches for is refused', async () => {
  const { code, error } = await chaperone(['search', '--elasticsearch', server.url]);
  expect(code).toBe(EXIT.failed);
  expect(error).toMatch(/^Error: Elasticsearch cannot be reached \(.*certificate.*check --elasticsearch and --ca-file/);
});
