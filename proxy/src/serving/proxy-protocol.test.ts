import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { newAddressRanges } from './address-ranges.ts';
import { newProxyProtocol, type ProxyProtocol } from './proxy-protocol.ts';

let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** A server that shows what comes after the header. */
async function start(trusted: readonly string[] = ['127.0.0.0/8'], timeoutMs = 5_000) {
  const accepted: { source: string | undefined; data: string; socket: Socket }[] = [];
  let refusals = 0;
  const protocol: ProxyProtocol = newProxyProtocol({
    trusted: newAddressRanges(trusted),
    timeoutMs,
    refused: () => (refusals += 1),
  });
  server = createServer((socket) =>
    protocol.read(socket, () => {
      const seen = { source: protocol.sourceOf(socket), data: '', socket };
      accepted.push(seen);
      socket.on('data', (chunk: Buffer) => (seen.data += chunk.toString('latin1')));
    }),
  );
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  const dial = (): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  return { accepted, refusals: () => refusals, protocol, dial };
}

const HEADER = 'PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n';
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

test('what comes after the header is handed on whole, however it arrives', async () => {
  const { accepted, dial } = await start();
  const whole = dial();
  whole.write(`${HEADER}hello`);
  const trickled = dial();
  for (const character of `${HEADER}hello`) {
    trickled.write(character);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await vi.waitFor(() => expect(accepted.map(({ data }) => data)).toEqual(['hello', 'hello']));
  expect(accepted.map(({ source }) => source)).toEqual(['203.0.113.7', '203.0.113.7']);
});

test('an address is forgotten with its connection', async () => {
  const { accepted, protocol, dial } = await start();
  dial().write(`${HEADER}x`);
  await vi.waitFor(() => expect(accepted).toHaveLength(1));
  const [{ socket } = { socket: undefined }] = accepted;
  const peer = { remoteAddress: socket?.remoteAddress, remotePort: socket?.remotePort };
  expect(protocol.sourceOf(peer)).toBe('203.0.113.7');
  sockets[0]?.destroy();
  await vi.waitFor(() => expect(protocol.sourceOf(peer)).toBeUndefined());
});

test('a connection from elsewhere is closed, whatever it says', async () => {
  const { accepted, refusals, dial } = await start(['10.0.0.0/8']);
  const socket = dial();
  socket.write(`${HEADER}hello`);
  await closed(socket);
  expect([accepted.length, refusals()]).toEqual([0, 1]);
});

test.each([
  ['says no header', 'hello, this is no header'],
  ['floods without an end', 'PROXY TCP4 '.padEnd(4_096, '1')],
])('a connection that %s is closed', async (_, text) => {
  const { accepted, refusals, dial } = await start();
  const socket = dial();
  socket.write(text);
  await closed(socket);
  expect([accepted.length, refusals()]).toEqual([0, 1]);
});

test('a connection that says nothing, or ends inside the header, is closed', async () => {
  const { accepted, refusals, dial } = await start(['127.0.0.0/8'], 100);
  const silent = dial();
  const short = dial();
  short.end('PROXY TCP4 203');
  await Promise.all([closed(silent), closed(short)]);
  expect([accepted.length, refusals()]).toEqual([0, 2]);
});
