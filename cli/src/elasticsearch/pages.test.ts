import { createServer, type Server } from 'node:http';
import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPages } from './pages.ts';

/** A real one cannot be made to be busy at will. */
let server: Server;
let client: Client;
let answers: number[];

beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(answers.shift() ?? 500, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  client = new Client({ node: `http://127.0.0.1:${port}`, maxRetries: 0 });
});

afterAll(async () => {
  await client.close();
  server.close();
});

const read = () => readPages({ client, index: 'logs-a-b', query: {}, sort: [], fields: [] }).next();

test('a server that is busy, or not ready yet, is asked again', async () => {
  answers = [503, 429, 404];
  await expect(read()).rejects.toThrow('Elasticsearch has no data stream logs-a-b');
  expect(answers).toEqual([]);
});

test('any other fault is told at once, and never by what the server says', async () => {
  answers = [500, 404];
  await expect(read()).rejects.toThrow('Elasticsearch cannot answer (500): ask it again, or look into its log');
  expect(answers).toEqual([404]);
});
