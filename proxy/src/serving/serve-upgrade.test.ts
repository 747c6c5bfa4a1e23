import { setTimeout as sleep } from 'node:timers/promises';
import { clientFrame } from '@chaperone/test/streams/frames';
import { newUpgradeDoubles, type Peer, type UpgradeDoubles } from '@chaperone/test/streams/upgrade-doubles';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway-error.ts';
import { serverFrame } from '../recording/websocket.ts';

const EXEC = '/api/v1/namespaces/n/pods/p/exec?command=sh&stdin=true&stdout=true';
const PROXY = '/api/v1/namespaces/n/pods/p/proxy/socket';
const ACCEPTED = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
];
const EXEC_ACCEPTED = `${[...ACCEPTED, 'Sec-WebSocket-Protocol: v4.channel.k8s.io'].join('\r\n')}\r\n\r\n`;
const PROXY_ACCEPTED = `${ACCEPTED.join('\r\n')}\r\n\r\n`;

const handshake = (target: string, ...more: readonly string[]): string =>
  [
    `GET ${target} HTTP/1.1`,
    'Host: gateway',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(target === EXEC ? ['Sec-WebSocket-Protocol: v4.channel.k8s.io'] : []),
    ...more,
    '',
    '',
  ].join('\r\n');

let doubles: UpgradeDoubles;
beforeEach(async () => {
  doubles = await newUpgradeDoubles();
});
afterEach(() => doubles.close());

/** A session that has begun. */
async function begin(target: string): Promise<{ client: Peer; server: Peer }> {
  const client = await doubles.open(handshake(target));
  const server = await doubles.upstream();
  server.socket.write(target === EXEC ? EXEC_ACCEPTED : PROXY_ACCEPTED);
  await client.says('\r\n\r\n');
  return { client, server };
}

/** The body of an answer that the connection ends after. */
async function answerOf(client: Peer): Promise<{ head: string; status: unknown }> {
  await client.ended;
  const [head = '', body = ''] = client.received().toString().split('\r\n\r\n');
  expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
  expect(head).toContain('\r\nConnection: close');
  return { head, status: JSON.parse(body) as unknown };
}

const allGone = async (): Promise<void> => {
  await expect.poll(() => [doubles.upstreams(), doubles.clients(), doubles.live()]).toEqual([0, 0, 0]);
};

describe('the request to the API server', () => {
  test('holds what was offered, the identity of the caller, and nothing else of the client', async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from('token').toString('base64url')}`;
    await doubles.open(
      handshake(EXEC)
        .replace('Protocol: ', `Protocol: ${token}, `)
        .replace(
          '\r\n\r\n',
          '\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: a=b\r\nX-Remote-User: admin\r\nX-Forwarded-For: 198.51.100.7\r\nUser-Agent: a client\r\n\r\n',
        ),
    );
    const sent = (await doubles.upstream()).received().toString('latin1');
    const [line, ...headers] = sent.trimEnd().split('\r\n');
    expect(line).toBe(`GET ${EXEC} HTTP/1.1`);
    expect(
      headers.filter((header) => !/^(?:host|audit-id):/i.test(header)).map((header) => header.toLowerCase()),
    ).toEqual([
      'connection: upgrade',
      'upgrade: websocket',
      'authorization: bearer of-the-gateway',
      'impersonate-user: agent@example.com',
      'impersonate-uid: uid-of-agent@example.com',
      'impersonate-group: agents',
      'impersonate-extra-chaperone.dev%2fvia: replica',
      'x-forwarded-for: 192.0.2.1',
      'user-agent: a client',
      'sec-websocket-key: dghlihnhbxbszsbub25jzq==',
      'sec-websocket-version: 13',
      'sec-websocket-protocol: v4.channel.k8s.io',
    ]);
  });
});

describe('an answer that is no upgrade', () => {
  const status = JSON.stringify({ kind: 'Status', message: 'no such pod', code: 404 });
  const cases: Record<string, { answer: string; want: object }> = {
    'is passed on with a length where it is a refusal': {
      answer: `HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: ${status.length}\r\n\r\n${status}`,
      want: { code: 404, message: 'no such pod' },
    },
    'is passed on whole where it comes in chunks': {
      answer: `HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n${status.length.toString(16)}\r\n${status}\r\n0\r\n\r\n`,
      want: { code: 404, message: 'no such pod' },
    },
    "is the gateway's affair where its own rights lag behind": {
      answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 41\r\n\r\ncannot impersonate-on:user-info:get pods/x',
      want: { code: 429 },
    },
    'is an error where it says that all is well': {
      answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
      want: { code: 502 },
    },
    'is an error where it leads elsewhere': {
      answer: 'HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n',
      want: { code: 502 },
    },
    'is an error where it is too large': {
      answer: `HTTP/1.1 500 Error\r\nContent-Length: 1100000\r\n\r\n${' '.repeat(1_100_000)}`,
      want: { code: 502 },
    },
    'is an error where it upgrades to something else': {
      answer: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n',
      want: { code: 502 },
    },
    'is an error where it agrees on what was not offered': {
      answer: EXEC_ACCEPTED.replace('v4.', 'v5.'),
      want: { code: 502 },
    },
    'is an error where it is no HTTP': { answer: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', want: { code: 502 } },
  };
  test.each(Object.entries(cases))('%s', async (_, { answer, want }) => {
    const client = await doubles.open(handshake(EXEC));
    const server = await doubles.upstream();
    server.socket.write(answer);
    expect((await answerOf(client)).status).toMatchObject({ kind: 'Status', ...want });
    server.socket.end();
    await expect.poll(() => doubles.live()).toBe(0);
  });

  test('is told as such where the connection breaks', async () => {
    const client = await doubles.open(handshake(EXEC));
    (await doubles.upstream()).socket.destroy();
    expect((await answerOf(client)).status).toMatchObject({ code: 502 });
    await allGone();
  });

  test('is not needed where the upgrade has a body', async () => {
    const client = await doubles.open(handshake(EXEC, 'Content-Length: 2'));
    expect((await answerOf(client)).status).toMatchObject({ code: 400 });
    expect(doubles.upstreams()).toBe(0);
  });
});

describe('a session', () => {
  test('begins with what each side sent too early', async () => {
    const client = await doubles.open(handshake(PROXY) + 'early ');
    const server = await doubles.upstream();
    client.socket.write('and more');
    server.socket.write(`${PROXY_ACCEPTED}at once`);
    await server.says('early and more');
    await client.says('at once');
    expect(client.received().toString()).toMatch(/\r\n\r\nat once$/);
  });

  test('goes on in one direction when the other has ended', async () => {
    const { client, server } = await begin(PROXY);
    server.stayHalfOpen();
    client.socket.end('last of the client');
    await server.says('last of the client');
    await server.ended;
    server.socket.write('more of the server');
    await client.says('more of the server');
    server.socket.end();
    await client.ended;
    await allGone();
    expect(doubles.reports).toMatchObject([{ status: 101 }]);
  });

  test('passes all that the server sent before it closed, to a slow client too', async () => {
    const { client, server } = await begin(PROXY);
    client.socket.pause();
    const content = Buffer.alloc(3_000_000, 'x');
    server.socket.end(Buffer.concat([content, Buffer.from('end')]));
    await sleep(300);
    client.socket.resume();
    await client.says('end');
    expect(client.received().subarray(client.received().indexOf('\r\n\r\n') + 4)).toEqual(
      Buffer.concat([content, Buffer.from('end')]),
    );
    client.socket.end();
    await allGone();
  });

  test.each(['client', 'server'] as const)('takes no more than the %s reads', async (slow) => {
    const { client, server } = await begin(PROXY);
    const [reads, writes] = slow === 'client' ? [client, server] : [server, client];
    reads.socket.pause();
    const chunk = Buffer.alloc(65_536);
    let sent = 0;
    // A loopback connection holds some megabytes by itself.
    while (sent < 64 * 1_048_576 && (writes.socket.write(chunk) || (await drained(writes)))) sent += chunk.length;
    expect(sent).toBeLessThan(32 * 1_048_576);
  });

  test.each(['client', 'server'] as const)('ends when the connection of the %s breaks', async (broken) => {
    const { client, server } = await begin(PROXY);
    const [breaks, other] = broken === 'client' ? [client, server] : [server, client];
    breaks.socket.resetAndDestroy();
    await other.closed;
    await allGone();
    expect(doubles.reports).toMatchObject([{ status: 101 }]);
  });

  test('passes frames of the server when they are whole', async () => {
    const { client, server } = await begin(EXEC);
    const [first, second] = [
      serverFrame('binary', Buffer.from('\u0001first')),
      serverFrame('binary', Buffer.from('\u0001second')),
    ];
    server.socket.write(Buffer.concat([first, second.subarray(0, 5)]));
    await client.says(first);
    expect(client.received().subarray(-first.length)).toEqual(first);
    server.socket.write(second.subarray(5));
    await client.says(Buffer.concat([first, second]));
  });

  test('is ended where a frame is refused, of which nothing passes', async () => {
    const { client, server } = await begin(EXEC);
    client.socket.write(clientFrame(Buffer.from('\0good')));
    await server.says(clientFrame(Buffer.from('\0good')));
    client.socket.write(clientFrame(Buffer.from('\0bad'), { last: false }));
    await client.says('the session was ended');
    await server.closed;
    expect(server.received().includes(clientFrame(Buffer.from('\0bad'), { last: false }))).toBe(false);
    client.socket.end();
    await allGone();
    expect(doubles.reports).toMatchObject([{ status: 101, endedBy: 'FrameRefused' }]);
  });
});

/** Whether a socket takes more within a moment. */
const drained = (peer: Peer): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 500);
    peer.socket.once('drain', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });

describe('a session that is ended from inside', () => {
  test('passes nothing more, and tells the client why between two frames', async () => {
    const { client, server } = await begin(EXEC);
    const frame = serverFrame('binary', Buffer.from('\u0001output'));
    server.socket.write(Buffer.concat([frame, frame.subarray(0, 6)]));
    await client.says(frame);
    doubles.end(new GatewayError('StreamTokenExpired'));
    client.socket.write(clientFrame(Buffer.from('\0too late')));
    await client.ended;
    const told = client.received().subarray(client.received().indexOf(frame) + frame.length);
    expect(told.subarray(0, 1)).toEqual(Buffer.from([0x82]));
    expect(told.toString()).toContain('"message":"the token has expired while the stream was open');
    await server.closed;
    expect(server.received().includes('too late')).toBe(false);
    client.socket.end();
    await allGone();
    expect(doubles.reports).toMatchObject([{ status: 101, endedBy: 'StreamTokenExpired' }]);
  });

  test('is answered as a request where it has not begun', async () => {
    const client = await doubles.open(handshake(EXEC));
    const server = await doubles.upstream();
    doubles.end(new GatewayError('Draining'));
    expect((await answerOf(client)).status).toMatchObject({ code: 503 });
    await server.closed;
    await allGone();
  });

  test('is cut where nothing is known of its bytes, and where a frame has gone on in part', async () => {
    const proxied = await begin(PROXY);
    doubles.end(new GatewayError('Draining'));
    await proxied.client.closed;
    const { client, server } = await begin(EXEC);
    server.socket.write(serverFrame('binary', Buffer.alloc(4_000_000, 1)).subarray(0, 2_000_000));
    await expect.poll(() => client.received().length).toBeGreaterThan(1_500_000);
    doubles.end(new GatewayError('Draining'));
    await client.closed;
    expect(client.received().includes('shutting down')).toBe(false);
    await allGone();
  });

  test('leaves a client that does not read no longer than a few seconds', { timeout: 15_000 }, async () => {
    const { client, server } = await begin(EXEC);
    client.socket.pause();
    for (let sent = 0; sent < 40; sent++) server.socket.write(serverFrame('binary', Buffer.alloc(500_000, 1)));
    await sleep(300);
    doubles.end(new GatewayError('Draining'));
    await server.closed;
    expect(doubles.live()).toBe(0);
    expect(doubles.clients()).toBe(1);
    await expect.poll(() => doubles.clients(), { timeout: 10_000 }).toBe(0);
  });

  test('is over when its client goes while it waits', async () => {
    const client = await doubles.open(handshake(EXEC));
    const server = await doubles.upstream();
    client.socket.end();
    await server.closed;
    await allGone();
    expect(doubles.reports).toMatchObject([{ code: 'UpstreamBroken' }]);
  });
});
