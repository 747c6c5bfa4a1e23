import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newBodyBudget, newRequestBody, type BodyBudget, type BodyLimits, type RequestBody } from './request-body.ts';

let server: Server;

beforeAll(async () => {
  server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.close();
});

const LIMITS: BodyLimits = { bytes: 100, streamBytes: 200, timeoutMs: 5_000 };

interface Arrived {
  readonly body: RequestBody;
  readonly request: IncomingMessage;
  readonly client: Socket;
  readonly invited: () => number;
}

/** A request whose headers have arrived at a real server, with what of its body was written. */
async function arrive(
  headers: string,
  written = '',
  { limits, budget }: { readonly limits?: Partial<BodyLimits>; readonly budget?: BodyBudget } = {},
): Promise<Arrived> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  onTestFinished(() => void client.destroy());
  client.write(`POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${written}`);
  const request = await new Promise<IncomingMessage>((resolve) => server.once('request', resolve));
  request.on('error', () => undefined);
  let invitations = 0;
  const body = newRequestBody({
    request,
    limits: { ...LIMITS, ...limits },
    budget: budget ?? newBodyBudget(4_000),
    invite: () => (invitations += 1),
  });
  return { body, request, client, invited: () => invitations };
}

const refused = (code: string): object => ({ name: 'GatewayError', code });

async function streamed({ body }: Arrived): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body.stream()) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a body that is read whole', () => {
  test('is all that its length says, read once and asked for once', async () => {
    const { body, invited } = await arrive('Content-Length: 4', 'abcd');
    expect(body.present).toBe(true);
    expect(invited()).toBe(0);
    expect(String(await body.read())).toBe('abcd');
    expect(await body.read()).toBe(await body.read());
    expect(invited()).toBe(1);
  });

  test('is all of its chunks', async () => {
    const { body } = await arrive('Transfer-Encoding: chunked', '2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n');
    expect(String(await body.read())).toBe('abcde');
  });

  test.each(['X-A: b', 'Content-Length: 0'])('is empty without asking for it: %s', async (headers) => {
    const { body, invited } = await arrive(headers);
    expect(body.present).toBe(false);
    expect(await body.read()).toHaveLength(0);
    expect(invited()).toBe(0);
  });

  test('is refused by its length before it is asked for', async () => {
    const { body, invited } = await arrive('Content-Length: 101');
    await expect(body.read()).rejects.toMatchObject(refused('BodyTooLarge'));
    expect(invited()).toBe(0);
  });

  test('is refused once its chunks are too many', async () => {
    const { body } = await arrive('Transfer-Encoding: chunked', `60\r\n${'a'.repeat(96)}\r\n`.repeat(2));
    await expect(body.read()).rejects.toMatchObject(refused('BodyTooLarge'));
  });

  test('is refused when it is late', async () => {
    const { body } = await arrive('Content-Length: 4', 'ab', { limits: { timeoutMs: 50 } });
    await expect(body.read()).rejects.toMatchObject(refused('BodyTooSlow'));
  });

  test('is refused when its client goes while it is read, and when it has gone before', async () => {
    const { body, client, request } = await arrive('Content-Length: 4', 'ab');
    const reading = body.read();
    client.destroy();
    await expect(reading).rejects.toMatchObject(refused('BodyIncomplete'));
    await expect.poll(() => request.destroyed).toBe(true);
    const late = newRequestBody({ request, limits: LIMITS, budget: newBodyBudget(1_000), invite: () => undefined });
    await expect(late.read()).rejects.toMatchObject(refused('BodyIncomplete'));
  });
});

describe('the memory of all bodies', () => {
  test('is taken by what is declared, however little has come, and given back once', async () => {
    const budget = newBodyBudget(400);
    const slow = await arrive('Content-Length: 80', 'a', { budget });
    void slow.body.read().catch(() => undefined);
    const next = await arrive('Content-Length: 30', '', { budget });
    await expect(next.body.read()).rejects.toMatchObject(refused('TooManyBodies'));
    slow.body.release();
    slow.body.release();
    expect(budget.take('', 100)).toBe(true);
    expect(budget.take('', 1)).toBe(false);
  });

  test('is a quarter for each caller, so that none takes it from all others', async () => {
    const budget = newBodyBudget(400);
    const hoard = await arrive('Content-Length: 90', 'a', { budget });
    hoard.body.claim('hoarder');
    void hoard.body.read().catch(() => undefined);
    const more = await arrive('Content-Length: 20', '', { budget });
    more.body.claim('hoarder');
    await expect(more.body.read()).rejects.toMatchObject(refused('TooManyBodies'));
    const other = await arrive('Content-Length: 20', 'a'.repeat(20), { budget });
    other.body.claim('other');
    expect((await other.body.read()).length).toBe(20);
  });

  test('ends, also for many callers', () => {
    const budget = newBodyBudget(400);
    const callers = ['a', 'b', 'c', 'd', 'e'];
    expect(callers.map((caller) => budget.take(caller, 100))).toEqual([true, true, true, true, false]);
    budget.giveBack('a', 100);
    expect(budget.take('e', 100)).toBe(true);
  });

  test('is taken by chunks as they come', async () => {
    const { body } = await arrive('Transfer-Encoding: chunked', `20\r\n${'a'.repeat(32)}\r\n`.repeat(2), {
      budget: newBodyBudget(200),
    });
    await expect(body.read()).rejects.toMatchObject(refused('TooManyBodies'));
  });
});

describe('a body that is passed on as it comes', () => {
  test('is whole, and asked for', async () => {
    const arrived = await arrive('Transfer-Encoding: chunked', `96\r\n${'a'.repeat(150)}\r\n0\r\n\r\n`);
    expect(await streamed(arrived)).toBe('a'.repeat(150));
    expect(arrived.invited()).toBe(1);
  });

  test('is refused by its length before it is asked for', async () => {
    const { body, invited } = await arrive('Content-Length: 201');
    expect(() => body.stream()).toThrow(expect.objectContaining({ code: 'BodyTooLarge' }));
    expect(invited()).toBe(0);
  });

  test('ends with an error past its bound, and leaves the connection to answer on', async () => {
    const arrived = await arrive('Transfer-Encoding: chunked', `96\r\n${'a'.repeat(150)}\r\n`.repeat(2));
    await expect(streamed(arrived)).rejects.toMatchObject(refused('BodyTooLarge'));
    expect(arrived.request.socket.writable).toBe(true);
  });

  test('ends with an error when its client goes', async () => {
    const arrived = await arrive('Content-Length: 100', 'a');
    const reading = streamed(arrived);
    arrived.client.destroy();
    await expect(reading).rejects.toMatchObject(refused('BodyIncomplete'));
  });
});
