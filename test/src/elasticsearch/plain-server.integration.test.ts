import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { startElasticsearch, type Elasticsearch } from '@chaperone/e2e/elasticsearch/elasticsearch';
import { LaunchError } from '@chaperone/e2e/process/launch-error';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newClient } from './client.ts';
import { dataStreamTemplate } from './data-stream-template.ts';
import { newLocalStack, type LocalStack } from './local-stack.ts';

const BOOT_TIMEOUT = 150_000;
const silent = (): void => {};

let stack: LocalStack;
let server: Elasticsearch;
let client: Client;

beforeAll(async () => {
  stack = await newLocalStack();
  server = await startElasticsearch(stack.supervisor, { httpPort: stack.httpPort, report: silent });
  client = newClient({ node: server.url });
  await client.indices.putIndexTemplate(dataStreamTemplate('logs-plain-*'));
}, BOOT_TIMEOUT);

afterAll(async () => {
  await client.close();
  await stack.stop();
}, BOOT_TIMEOUT);

test('started again with the same options, the same process runs on', async () => {
  const again = await startElasticsearch(stack.supervisor, { httpPort: stack.httpPort, report: silent });
  expect(again).toEqual(server);
});

test('does not run as root, and as the caller where that is not root', () => {
  const uid = Number(execFileSync('ps', ['-o', 'uid=', '-p', String(server.process.pid)], { encoding: 'utf8' }));
  const own = process.getuid?.();
  expect(uid).not.toBe(0);
  expect(own === 0 || uid === own).toBe(true);
});

test(
  'a port that is taken is told in one line',
  async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, '127.0.0.1', resolve);
    });
    const address = holder.address();
    const httpPort = typeof address === 'object' && address !== null ? address.port : 0;
    const error: unknown = await startElasticsearch(stack.supervisor, {
      name: 'second',
      httpPort,
      report: silent,
    }).catch((reason: unknown) => reason);
    holder.close();
    expect(error).toBeInstanceOf(LaunchError);
    expect(error).toMatchObject({ code: 'PortTaken' });
    expect(String(error)).toMatch(
      new RegExp(`^LaunchError: second did not start: 127\\.0\\.0\\.1:${httpPort} was taken[^\\n]*$`),
    );
  },
  BOOT_TIMEOUT,
);

describe('a data stream', () => {
  test('comes into being with the first bulk create, and what was created is found', async () => {
    const index = 'logs-plain-first';
    const answer = await client.bulk({
      index,
      require_data_stream: true,
      refresh: true,
      operations: [
        { create: { _id: 'writer:1' } },
        { '@timestamp': '2026-01-01T00:00:00Z', message: 'one' },
        { create: { _id: 'writer:2' } },
        { '@timestamp': '2026-01-01T00:00:01Z', message: 'two' },
      ],
    });
    expect(answer.items.map((item) => item.create?.status)).toEqual([201, 201]);
    expect(answer.items[0]?.create?._index).toMatch(/^\.ds-logs-plain-first-/);
    const found = await client.search({ index, query: { term: { message: 'two' } } });
    expect(found.hits.hits.map((hit) => hit._id)).toEqual(['writer:2']);
  });

  test('answers 409 to a second create of an _id, and keeps the first document', async () => {
    const index = 'logs-plain-conflict';
    const create = (message: string) =>
      client.bulk({
        index,
        refresh: true,
        operations: [{ create: { _id: 'writer:1' } }, { '@timestamp': '2026-01-01T00:00:00Z', message }],
      });
    const first = await create('first');
    const second = await create('second');
    expect(first.errors).toBe(false);
    expect(second.errors).toBe(true);
    expect(second.items[0]?.create).toMatchObject({
      status: 409,
      error: { type: 'version_conflict_engine_exception' },
    });
    const found = await client.search<{ message: string }>({ index });
    expect(found.hits.hits.map((hit) => hit._source?.message)).toEqual(['first']);
  });

  test('is not replaced by a plain index where no template makes one', async () => {
    const answer = await client.bulk({
      index: 'no-template',
      require_data_stream: true,
      operations: [{ create: { _id: 'writer:1' } }, { '@timestamp': '2026-01-01T00:00:00Z' }],
    });
    expect(answer.items[0]?.create?.status).toBe(404);
    expect(await client.indices.exists({ index: 'no-template' })).toBe(false);
  });
});

test('stopping ends every process and leaves nothing on disk', async () => {
  const data = server.process.commandLine.find((argument) => argument.startsWith('path.data='))?.split('=')[1] ?? '';
  expect(existsSync(data)).toBe(true);
  await stack.stop();
  expect(existsSync(data)).toBe(false);
  expect(existsSync(stack.supervisor.directory)).toBe(false);
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
});
