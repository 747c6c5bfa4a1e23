import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newConnectionExchanges, type ConnectionExchanges, type Turn } from './connection-exchanges.ts';

let server: Server;
let exchanges: ConnectionExchanges;
let turns: Turn[];
let arrived: { readonly request: IncomingMessage; readonly response: ServerResponse }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    arrived.push({ request, response });
    turns.push(exchanges.begin(request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.close();
});

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A client of a connection on which nothing has happened yet. */
async function newClient(): Promise<Socket> {
  exchanges = newConnectionExchanges();
  turns = [];
  arrived = [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined).resume();
  onTestFinished(() => void client.destroy());
  await once(client, 'connect');
  return client;
}

async function haveArrived(count: number): Promise<void> {
  await expect.poll(() => turns.length).toBe(count);
}

function only(at: number) {
  const exchange = arrived[at];
  if (exchange === undefined) throw new Error(`request ${at} has not arrived`);
  return exchange;
}

describe('requests on one connection', () => {
  test('are served one after the other', async () => {
    const client = await newClient();
    for (let at = 0; at < 3; at += 1) {
      client.write(GET);
      await haveArrived(at + 1);
      only(at).response.end();
    }
    expect(turns).toEqual(['Serve', 'Serve', 'Serve']);
  });

  test('are refused, and then cut, before their predecessor is answered', async () => {
    const client = await newClient();
    client.write(GET.repeat(3));
    await haveArrived(3);
    expect(turns).toEqual(['Serve', 'Refuse', 'Cut']);
  });

  test('are ignored where the connection is closed after the answer that is under way', async () => {
    const client = await newClient();
    client.write(GET);
    await haveArrived(1);
    only(0).response.shouldKeepAlive = false;
    client.write(GET.repeat(2));
    await haveArrived(3);
    expect(turns).toEqual(['Serve', 'Ignore', 'Cut']);
  });
});

describe('the progress of a connection', () => {
  test('is that of its latest request', async () => {
    const client = await newClient();
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
    await haveArrived(1);
    const { request, response } = only(0);
    const progress = () => exchanges.progress(request.socket);
    expect(progress()).toBe('Receiving');
    client.write('b');
    request.resume();
    await once(request, 'end');
    expect(progress()).toBe('Answering');
    response.end();
    expect(progress()).toBe('Idle');
  });

  test('is that of its answer once that has begun, though the request has not ended', async () => {
    const client = await newClient();
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
    await haveArrived(1);
    const { request, response } = only(0);
    response.writeHead(200).flushHeaders();
    expect(exchanges.progress(request.socket)).toBe('Answering');
    response.shouldKeepAlive = false;
    expect(exchanges.progress(request.socket)).toBe('Closing');
    response.end();
    expect(exchanges.progress(request.socket)).toBe('Closing');
  });

  test('is none where there was no request', async () => {
    const client = await newClient();
    expect(exchanges.progress(client)).toBe('Idle');
  });
});
