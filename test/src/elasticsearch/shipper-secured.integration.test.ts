import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@chaperone/crds/client/clock';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import {
  startSecuredElasticsearch,
  type SecuredElasticsearch,
  type SecuredElasticsearchOptions,
} from '@chaperone/e2e/elasticsearch/elasticsearch';
import type { UserName } from '@chaperone/e2e/elasticsearch/security';
import { installTemplates, InstallError } from '@chaperone/proxy/audit/elasticsearch/install-templates';
import { elasticsearchOptions } from '@chaperone/proxy/audit/elasticsearch/options';
import type { SourceEntry } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import { installFromSettings } from '@chaperone/proxy/audit/elasticsearch/start-shipper';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callEvent, newWrittenLog } from './call-records.ts';
import { newClient } from './client.ts';
import { newLocalStack, type LocalStack } from './local-stack.ts';
import { ship } from './shipping.ts';
import { storedDocuments } from './stored-documents.ts';

const BOOT_TIMEOUT = 150_000;
/** Less than a batch of the shipper's: the server refuses what is more. */
const CONTENT_LENGTH = 256 * 1024;
const INDEXING_PRESSURE = 128 * 1024;

let stack: LocalStack;
let options: SecuredElasticsearchOptions;
let server: SecuredElasticsearch;
let superuser: Client;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chaperone-secured-'));
  stack = await newLocalStack();
  options = {
    httpPort: stack.httpPort,
    report: () => {},
    certificateAuthority: await newCertificateAuthority('Elasticsearch under test'),
    settings: {
      'indexing_pressure.memory.limit': `${INDEXING_PRESSURE}b`,
      'http.max_content_length': `${CONTENT_LENGTH}b`,
    },
  };
  server = await startSecuredElasticsearch(stack.supervisor, options);
  superuser = newClient({ node: server.url, auth: server.users.superuser, tls: { ca: server.ca } });
  await writeFile(join(directory, 'ca.pem'), server.ca);
}, BOOT_TIMEOUT);

afterAll(async () => {
  await superuser.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}, BOOT_TIMEOUT);

/** As in the configuration; each with a file of its own. */
async function credentialOf(name: UserName, password = server.users[name].password) {
  const passwordFile = join(directory, `${name}-${randomUUID()}`);
  await writeFile(passwordFile, `${password}\n`);
  return { basic: { username: server.users[name].username, passwordFile } };
}

async function settingsFor(namespace: string, name: UserName = 'writer') {
  return {
    nodes: [server.url],
    namespace,
    tls: { caFile: join(directory, 'ca.pem') },
    authentication: await credentialOf(name),
    installTemplates: { authentication: await credentialOf('installer'), retentionDays: 7 },
  };
}

async function install(namespace: string, name: UserName = 'installer') {
  const settings = elasticsearchOptions.parse({
    ...(await settingsFor(namespace)),
    installTemplates: { authentication: await credentialOf(name), retentionDays: 7 },
  });
  return installFromSettings({ settings, version: '0.1.0', clock: systemClock, failed: () => {} });
}

async function newNamespace(): Promise<string> {
  const namespace = `secured_${randomUUID().slice(0, 8)}`;
  await install(namespace);
  return namespace;
}

function entriesOf(count: number, bytes = 0): SourceEntry<number>[] {
  const log = newWrittenLog(randomUUID());
  const requestObject = JSON.stringify({ data: 'x'.repeat(bytes) });
  return Array.from({ length: count }, () => log.add(callEvent(), { requestObject }));
}

const stored = (namespace: string) => storedDocuments(superuser, `logs-kubernetes.audit_logs-${namespace}`);
const sequencesOf = (documents: Awaited<ReturnType<typeof stored>>): number[] =>
  documents.map(({ id }) => Number(id.split(':')[1]));
const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('templates', () => {
  test('are installed by the installer, and the second time nothing is changed', async () => {
    const namespace = `installed_${randomUUID().slice(0, 8)}`;
    expect((await install(namespace))?.changed).toEqual([
      `chaperone-logs-kubernetes.audit_logs-${namespace}`,
      `chaperone-logs-chaperone.session-${namespace}`,
      `chaperone-logs-chaperone.checkpoint-${namespace}`,
    ]);
    expect((await install(namespace))?.changed).toEqual([]);
    const { index_templates: templates } = await superuser.indices.getIndexTemplate({
      name: `chaperone-logs-*-${namespace}`,
    });
    expect(templates.map(({ index_template: { template } }) => template?.lifecycle?.data_retention)).toEqual([
      '7d',
      '7d',
      '7d',
    ]);
  });

  test.each(['writer', 'reader'] as const)('are refused to the %s, in words that say what is missing', async (name) => {
    const error = await install(`refused_${randomUUID().slice(0, 8)}`, name).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InstallError);
    expect(error).toMatchObject({ code: 'Forbidden' });
    expect(String(error)).toContain('manage_index_templates');
    expect(JSON.stringify(error) + String(error)).not.toContain(server.users[name].password);
  });

  test('that change are what the next document finds', async () => {
    const namespace = await newNamespace();
    const [first, second] = entriesOf(2);
    const settings = await settingsFor(namespace);
    await (
      await ship({ settings, entries: first === undefined ? [] : [first] })
    ).shipper.ended;
    await installTemplates(superuser, { namespace, retentionDays: 7, version: '0.2.0' });
    await (
      await ship({ settings, entries: second === undefined ? [] : [second] })
    ).shipper.ended;
    const indices = await superuser.indices.get({ index: `logs-kubernetes.audit_logs-${namespace}` });
    expect(Object.keys(indices)).toHaveLength(2);
    expect(sequencesOf(await stored(namespace))).toEqual([1, 2]);
  });

  test('have as text what another stream has as text, so that one search reads both', async () => {
    const namespace = `beside_${randomUUID().slice(0, 8)}`;
    const other = `logs-kubernetes.audit_logs-other_${randomUUID().slice(0, 8)}`;
    await superuser.indices.putIndexTemplate({
      name: other,
      index_patterns: [other],
      priority: 600,
      data_stream: {},
      template: {
        mappings: {
          properties: {
            kubernetes: {
              properties: { audit: { properties: { user: { properties: { groups: { type: 'text' } } } } } },
            },
          },
        },
      },
    });
    await superuser.bulk({
      index: other,
      operations: [
        { create: {} },
        { '@timestamp': '2026-01-01T00:00:00Z', kubernetes: { audit: { user: { groups: ['a'] } } } },
      ],
    });
    await install(namespace);
    await superuser.indices
      .delete({ index: '.ds-logs-kubernetes.audit_logs-other_*', expand_wildcards: 'all' })
      .catch(() => {});
    const simulated = await superuser.indices.simulateIndexTemplate({
      name: `logs-kubernetes.audit_logs-${namespace}`,
    });
    expect(simulated.template.mappings).toMatchObject({
      properties: {
        kubernetes: {
          properties: {
            audit: {
              properties: {
                user: {
                  properties: {
                    groups: { type: 'text', fields: { keyword: { type: 'keyword' } } },
                    username: { type: 'keyword' },
                  },
                },
              },
            },
          },
        },
      },
    });
  });
});

test('a credential that may append, and nothing else, is enough', async () => {
  const namespace = await newNamespace();
  const shipping = await ship({ settings: await settingsFor(namespace), entries: entriesOf(25) });
  await shipping.shipper.ended;
  expect(sequencesOf(await stored(namespace))).toEqual(all(25));
  expect(shipping.told('Delayed')).toEqual([]);
});

describe('a credential', () => {
  test('that may not append: nothing is lost, nothing is given up, and the obstacle is told', async () => {
    const namespace = await newNamespace();
    const shipping = await ship({ settings: await settingsFor(namespace, 'reader'), entries: entriesOf(3) });
    await expect.poll(() => shipping.shipper.state().obstacle).toBe('Forbidden');
    await shipping.shipper.close(0);
    expect(shipping.acknowledged).toEqual([]);
    expect(await shipping.deadLetters()).toEqual([]);
  });

  test('that is replaced in its file is used without a restart', async () => {
    const namespace = await newNamespace();
    const settings = await settingsFor(namespace);
    const wrong = await credentialOf('writer', 'not the password');
    const shipping = await ship({ settings: { ...settings, authentication: wrong }, entries: entriesOf(3) });
    await expect.poll(() => shipping.shipper.state().obstacle).toBe('Forbidden');
    await writeFile(`${wrong.basic.passwordFile}.new`, server.users.writer.password);
    await rename(`${wrong.basic.passwordFile}.new`, wrong.basic.passwordFile);
    await shipping.shipper.ended;
    expect(sequencesOf(await stored(namespace))).toEqual(all(3));
  });

  test('whose file is missing: told once, and used when it comes', async () => {
    const namespace = await newNamespace();
    const settings = await settingsFor(namespace);
    const late = await credentialOf('writer');
    await rm(late.basic.passwordFile);
    const shipping = await ship({ settings: { ...settings, authentication: late }, entries: entriesOf(3) });
    await expect.poll(() => shipping.told('Delayed').length).toBeGreaterThan(1);
    expect(shipping.faults.map(String)).toEqual([
      `ConnectionFileError: ${late.basic.passwordFile} cannot be read (ENOENT)`,
    ]);
    await writeFile(late.basic.passwordFile, server.users.writer.password);
    await shipping.shipper.ended;
    expect(sequencesOf(await stored(namespace))).toEqual(all(3));
  });

  test('is not sent to a server of another authority', async () => {
    const namespace = await newNamespace();
    const other = await newCertificateAuthority('Elasticsearch under test');
    const caFile = join(directory, 'other.pem');
    await writeFile(caFile, other.keyPair.certificate);
    const shipping = await ship({
      settings: { ...(await settingsFor(namespace)), tls: { caFile } },
      entries: entriesOf(1),
    });
    await expect.poll(() => shipping.told('Delayed').length).toBeGreaterThan(0);
    await shipping.shipper.close(0);
    expect(shipping.acknowledged).toEqual([]);
  });
});

test('a batch over the server’s limits (413), or over what it can hold at once (429), is stored in parts', async () => {
  const namespace = await newNamespace();
  const shipping = await ship({ settings: await settingsFor(namespace), entries: entriesOf(60, 10_000) });
  await shipping.shipper.ended;
  expect(sequencesOf(await stored(namespace))).toEqual(all(60));
  expect(shipping.told('Halved').length).toBeGreaterThan(0);
  expect(shipping.told('Delayed').some((event) => event.type === 'Delayed' && event.status === 429)).toBe(true);
  expect([shipping.told('Reduced'), await shipping.deadLetters()]).toEqual([[], []]);
}, 60_000);

test('a document over the limit alone is sent with less in it, and kept whole in a dead letter', async () => {
  const namespace = await newNamespace();
  const entries = entriesOf(1, 2 * CONTENT_LENGTH);
  const shipping = await ship({ settings: await settingsFor(namespace), entries });
  await shipping.shipper.ended;
  const [document] = await stored(namespace);
  expect(document?.source).toMatchObject({
    chaperone: { reduced: 'WithoutOriginal' },
    kubernetes: { audit: { verb: 'get' } },
  });
  const [letter = ''] = await shipping.deadLetters();
  expect(letter).toContain('x'.repeat(2 * CONTENT_LENGTH));
  expect(shipping.acknowledged).toEqual([1]);
});

test(
  'a server that is restarted in the middle, and away for a while, costs nothing',
  async () => {
    const namespace = await newNamespace();
    const entries = entriesOf(400, 200);
    async function* slowly(): AsyncGenerator<SourceEntry<number>> {
      for (const entry of entries) {
        yield entry;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const settings = { ...(await settingsFor(namespace)), batch: { documents: 10 }, requestTimeout: '5s' };
    const shipping = await ship({ settings, entries: slowly() });
    await expect.poll(() => shipping.acknowledged.length).toBeGreaterThan(2);
    await stack.supervisor.stop('elasticsearch');
    await expect.poll(() => shipping.shipper.state().obstacle).toBe('Unavailable');
    // No more is read than the requests under way and one batch hold.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(shipping.shipper.state().documents).toBeLessThanOrEqual(31);
    server = await startSecuredElasticsearch(stack.supervisor, options);
    await shipping.shipper.ended;
    expect(sequencesOf(await stored(namespace))).toEqual(all(400));
    expect([shipping.told('Reduced'), shipping.told('Conflict'), await shipping.deadLetters()]).toEqual([[], [], []]);
    expect(shipping.acknowledged.at(-1)).toBe(400);
  },
  BOOT_TIMEOUT,
);
