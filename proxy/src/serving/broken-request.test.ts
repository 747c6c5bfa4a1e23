import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { answerBrokenRequest, answerConnect } from './broken-request.ts';
import { LINGER_MS } from './close-gently.ts';

let server: Server;

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.close();
});

/** Both ends of a connection, and all that arrives at the client. */
async function connected(): Promise<{ client: Socket; socket: Socket; received: Promise<string> }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const socket = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
  });
  const received = new Promise<string>((resolve) => {
    let text = '';
    client.on('data', (chunk) => (text += String(chunk)));
    client.once('end', () => resolve(text)).once('error', () => resolve(`${text}[reset]`));
  });
  return { client, socket, received };
}

const failure = (code: string): Error => Object.assign(new Error('broken'), { code });

describe('bytes that are no request', () => {
  test.each([
    ['HPE_INVALID_METHOD', 400, 'the request is not HTTP/1.1 as it has to be'],
    ['HPE_HEADER_OVERFLOW', 431, 'the headers of the request are too large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'the request did not arrive in time'],
  ])('%s: are answered by a Status, and the connection is closed', async (code, status, message) => {
    const { socket, received } = await connected();
    expect(answerBrokenRequest(failure(code), socket, 'Idle')).toBe(status);
    const [head = '', body = ''] = (await received).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('Connection: close');
    expect(head).toContain(`Content-Length: ${body.length}`);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', code: status, reason: 'BadRequest', message });
  });

  test('are answered once, though Node tells of them with every chunk', async () => {
    const { socket, received } = await connected();
    expect(answerBrokenRequest(failure('HPE_INVALID_METHOD'), socket, 'Receiving')).toBe(400);
    expect(answerBrokenRequest(failure('HPE_INVALID_METHOD'), socket, 'Receiving')).toBeUndefined();
    expect((await received).match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  test('behind a call that is under way cut the connection: an answer would be taken for that of the call', async () => {
    const { socket, received } = await connected();
    expect(answerBrokenRequest(failure('HPE_INVALID_METHOD'), socket, 'Answering')).toBeUndefined();
    expect(await received).toBe('');
    expect(socket.destroyed).toBe(true);
  });

  test('behind the last answer of a connection leave it alone', async () => {
    const { socket, received } = await connected();
    expect(answerBrokenRequest(failure('HPE_INVALID_METHOD'), socket, 'Closing')).toBeUndefined();
    socket.end('the answer');
    expect(await received).toBe('the answer');
  });

  test('of a client that has gone are answered by nothing', async () => {
    const { socket } = await connected();
    expect(answerBrokenRequest(failure('ECONNRESET'), socket, 'Idle')).toBeUndefined();
    expect(socket.destroyed).toBe(true);
  });

  test('do not take the answer with them while more of them come', async () => {
    const { client, socket, received } = await connected();
    client.write(Buffer.alloc(4 * 1_048_576));
    answerBrokenRequest(failure('HPE_HEADER_OVERFLOW'), socket, 'Idle');
    expect(await received).toMatch(/^HTTP\/1.1 431 .*"code":431\}\n$/s);
  });

  test('of a client that never closes hold no connection', async () => {
    const { socket } = await connected();
    answerBrokenRequest(failure('HPE_INVALID_METHOD'), socket, 'Idle');
    expect(socket.destroyed).toBe(false);
    await expect.poll(() => socket.destroyed, { timeout: LINGER_MS + 1_000 }).toBe(true);
  });
});

test('CONNECT is refused, with the methods that are served', async () => {
  const { socket, received } = await connected();
  expect(answerConnect(socket)).toBe(405);
  const text = await received;
  expect(text).toContain('Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  expect(text).toContain('"reason":"MethodNotAllowed"');
});
