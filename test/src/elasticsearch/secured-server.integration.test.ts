import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import {
  startSecuredElasticsearch,
  type SecuredElasticsearch,
  type SecuredElasticsearchOptions,
} from '@chaperone/e2e/elasticsearch/elasticsearch';
import type { UserName } from '@chaperone/e2e/elasticsearch/security';
import { errors, type Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newClient } from './client.ts';
import { dataStreamTemplate } from './data-stream-template.ts';
import { newLocalStack, type LocalStack } from './local-stack.ts';

const BOOT_TIMEOUT = 150_000;
const INDEXING_PRESSURE = 64 * 1024;
const CONTENT_LENGTH = 256 * 1024;
const INDEX = 'logs-kubernetes.audit_logs-secured';

let stack: LocalStack;
let options: SecuredElasticsearchOptions;
let server: SecuredElasticsearch;
let clients: Readonly<Record<UserName, Client>>;

beforeAll(async () => {
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
  const as = (name: UserName): Client =>
    newClient({ node: server.url, auth: server.users[name], tls: { ca: server.ca } });
  clients = { superuser: as('superuser'), installer: as('installer'), writer: as('writer'), reader: as('reader') };
  await clients.installer.indices.putIndexTemplate(dataStreamTemplate('logs-kubernetes.audit_logs-*'));
}, BOOT_TIMEOUT);

afterAll(async () => {
  await Promise.all(Object.values(clients).map((client) => client.close()));
  await stack.stop();
}, BOOT_TIMEOUT);

/** Appends one document whose text has `length` characters. */
function append(client: Client, id: string, length = 10) {
  return client.bulk({
    index: INDEX,
    refresh: false,
    operations: [{ create: { _id: id } }, { '@timestamp': '2026-01-01T00:00:00Z', text: 'x'.repeat(length) }],
  });
}

/** The error that a call ends with, or what it answered instead. */
const outcome = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

/** The HTTP status of a refused call; undefined when it was not refused by the server. */
async function refusal(call: Promise<unknown>): Promise<number | undefined> {
  const error = await outcome(call);
  return error instanceof errors.ResponseError ? error.statusCode : undefined;
}

describe('back-pressure', () => {
  test('a bulk over the indexing pressure limit is answered 429, and one below it is stored', async () => {
    const error = await outcome(append(clients.writer, 'pressure:1', INDEXING_PRESSURE + 1024));
    expect(error).toBeInstanceOf(errors.ResponseError);
    expect(error).toMatchObject({ statusCode: 429 });
    expect(String(error)).toContain('es_rejected_execution_exception');
    const answer = await append(clients.writer, 'pressure:1', INDEXING_PRESSURE / 4);
    expect(answer.items[0]?.create?.status).toBe(201);
  });

  test('a body over the content length limit is answered 413', async () => {
    expect(await refusal(append(clients.writer, 'length:1', CONTENT_LENGTH + 1024))).toBe(413);
  });
});

describe('the append-only user', () => {
  const onlyFirst = { ids: { values: ['append:1'] } };
  let backingIndex: string;

  beforeAll(async () => {
    const answer = await append(clients.writer, 'append:1');
    backingIndex = answer.items[0]?.create?._index ?? '';
    await clients.superuser.indices.refresh({ index: INDEX });
  });

  test('has appended to an index behind the stream', () => {
    expect(backingIndex).toMatch(/^\.ds-logs-kubernetes\.audit_logs-secured-/);
  });

  test('is told of a document that is there already', async () => {
    const answer = await append(clients.writer, 'append:1');
    expect(answer.items[0]?.create?.status).toBe(409);
  });

  test('creates a data stream with its first document', async () => {
    const index = 'logs-kubernetes.audit_logs-created';
    const answer = await clients.writer.bulk({
      index,
      require_data_stream: true,
      operations: [{ create: { _id: 'created:1' } }, { '@timestamp': '2026-01-01T00:00:00Z' }],
    });
    expect(answer.items[0]?.create?.status).toBe(201);
  });

  const refused: Record<string, (client: Client) => Promise<unknown>> = {
    search: (client) => client.search({ index: INDEX }),
    count: (client) => client.count({ index: INDEX }),
    get: (client) => client.get({ index: INDEX, id: 'append:1' }),
    update: (client) => client.update({ index: INDEX, id: 'append:1', doc: { text: 'other' } }),
    delete: (client) => client.delete({ index: INDEX, id: 'append:1' }),
    'delete an index of the stream': (client) => client.indices.delete({ index: backingIndex }),
    'put an index template': (client) => client.indices.putIndexTemplate(dataStreamTemplate('logs-other-*')),
    'delete an index template': (client) =>
      client.indices.deleteIndexTemplate({ name: 'logs-kubernetes.audit_logs-all' }),
    'change the mapping': (client) =>
      client.indices.putMapping({ index: INDEX, properties: { text: { type: 'keyword' } } }),
    'change settings': (client) => client.indices.putSettings({ index: INDEX, settings: { number_of_replicas: 3 } }),
    'create outside of logs-*': (client) => client.create({ index: 'metrics-a-b', id: '1', document: { a: 1 } }),
    'read the cluster health': (client) => client.cluster.health(),
  };
  test.each(Object.entries(refused))('is refused to %s', async (_, call) => {
    expect(await refusal(call(clients.writer))).toBe(403);
  });

  test('is refused to update, overwrite or delete within a bulk', async () => {
    // By the name of the index behind the stream: a stream refuses these to everybody, with 400.
    const [hit] = (await clients.superuser.search({ index: INDEX, seq_no_primary_term: true, query: onlyFirst })).hits
      .hits;
    const current = {
      _index: backingIndex,
      _id: 'append:1',
      if_seq_no: hit?._seq_no,
      if_primary_term: hit?._primary_term,
    };
    const answer = await clients.writer.bulk({
      operations: [
        { index: current },
        { '@timestamp': '2026-01-01T00:00:00Z', text: 'overwritten' },
        { update: { _index: backingIndex, _id: 'append:1' } },
        { doc: { text: 'updated' } },
        { delete: { _index: backingIndex, _id: 'append:1' } },
      ],
    });
    expect(answer.items.flatMap((item) => Object.values(item)).map(({ status }) => status)).toEqual([403, 403, 403]);
    const kept = await clients.superuser.search<{ text: string }>({ index: INDEX, query: onlyFirst });
    expect(kept.hits.hits.map(({ _source }) => _source?.text)).toEqual(['x'.repeat(10)]);
  });
});

describe('the other users', () => {
  test('the reader finds what the writer appended', async () => {
    await append(clients.writer, 'read:1');
    await clients.superuser.indices.refresh({ index: INDEX });
    const found = await clients.reader.search({ index: INDEX, query: { ids: { values: ['read:1'] } } });
    expect(found.hits.hits.map((hit) => hit._id)).toEqual(['read:1']);
  });

  test('the reader is refused to append', async () => {
    expect(await refusal(append(clients.reader, 'read:2'))).toBe(403);
  });

  test('the installer changes templates and rolls streams over, and is refused to read them', async () => {
    await append(clients.writer, 'rollover:1');
    expect(await clients.installer.indices.rollover({ alias: INDEX })).toMatchObject({ rolled_over: true });
    expect(await refusal(clients.installer.search({ index: INDEX }))).toBe(403);
  });
});

describe('who is let in', () => {
  test('nobody without a user', async () => {
    const client = newClient({ node: server.url, tls: { ca: server.ca } });
    expect(await refusal(client.search({ index: INDEX }))).toBe(401);
    await client.close();
  });

  test('nobody with a wrong password', async () => {
    const auth = { ...server.users.superuser, password: server.users.writer.password };
    const client = newClient({ node: server.url, tls: { ca: server.ca }, auth });
    expect(await refusal(client.search({ index: INDEX }))).toBe(401);
    await client.close();
  });

  test('a client that trusts another authority does not connect', async () => {
    const other = await newCertificateAuthority('Elasticsearch under test');
    const client = newClient({
      node: server.url,
      auth: server.users.superuser,
      tls: { ca: other.keyPair.certificate },
    });
    const error = await outcome(client.cluster.health());
    expect(error).toBeInstanceOf(errors.ConnectionError);
    expect(String(error)).toMatch(/certificate/i);
    await client.close();
  });

  test('the same users after the stack is started again, and the same process', async () => {
    expect(await startSecuredElasticsearch(stack.supervisor, options)).toEqual(server);
  });
});
