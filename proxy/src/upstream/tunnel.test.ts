import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Tunnel, type TunnelOutcome } from './tunnel.ts';

const CHUNK = Buffer.alloc(65_536);
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a connection. */
async function connection(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const near = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
  const far = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  for (const socket of [near, far]) socket.on('error', () => undefined);
  return { near, far };
}

/** A client and a server, and a tunnel between them of whose bytes nothing is known. */
async function start(): Promise<{ client: Socket; server: Socket; outcome: Promise<TunnelOutcome> }> {
  const [outside, inside] = await Promise.all([connection(), connection()]);
  const tunnel = new Tunnel({ client: outside.far, server: inside.near, early: [], conversation: undefined });
  return { client: outside.near, server: inside.far, outcome: tunnel.run() };
}

/** Sends more than the client reads, until all buffers on the way are full, and returns how much. */
async function fill(server: Socket, client: Socket): Promise<number> {
  client.pause();
  for (let sent = CHUNK.length; ; sent += CHUNK.length) {
    const flushed = new Promise<boolean>((resolve) => server.write(CHUNK, () => resolve(true)));
    if (await Promise.race([flushed, sleep(200, false)])) continue;
    client.resume();
    await flushed;
    client.pause();
    return sent;
  }
}

/** Counts what comes until the connection is closed. */
function counted(socket: Socket): () => Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  return async () => {
    if (!socket.closed) await once(socket.resume(), 'close');
    return bytes;
  };
}

describe('what the server has sent before it closed reaches a client', () => {
  test('that reads late', async () => {
    const { client, server, outcome } = await start();
    const received = counted(client);
    const sent = await fill(server, client);
    server.destroy();
    await sleep(100);
    expect(await received()).toBe(sent);
    expect(await outcome).toEqual({});
  });

  // A real one drops what it has not yet sent when something comes for it, so that how much is there to be read is chance.
  test('that goes on to send meanwhile', async () => {
    const { near: client, far } = await connection();
    const server = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(new Error('write EPIPE')),
    });
    const received = counted(client);
    const tunnel = new Tunnel({ client: far, server, early: [], conversation: undefined });
    const outcome = tunnel.run();
    server.push('first ');
    for (let ping = 0; ping < 3; ping++) {
      client.write('ping');
      await sleep(20);
    }
    server.push('last');
    server.push(null);
    expect(await received()).toBe('first last'.length);
    expect(await outcome).toEqual({});
  });
});

test('a server that breaks off leaves no client waiting', async () => {
  const { client, server, outcome } = await start();
  client.write('on');
  await once(server.resume(), 'data');
  server.resetAndDestroy();
  expect(await counted(client)()).toBe(0);
  expect(await outcome).toEqual({});
});

test('a client that breaks off leaves no server waiting', async () => {
  const { client, server, outcome } = await start();
  server.write('on');
  await once(client.resume(), 'data');
  client.resetAndDestroy();
  await counted(server)();
  expect(await outcome).toEqual({});
});
