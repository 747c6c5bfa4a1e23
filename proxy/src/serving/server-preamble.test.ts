import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { newCertificateAuthority, type CertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { newAddressRanges } from './address-ranges.ts';
import { newOriginOf } from './client-origin.ts';
import { newProxyProtocol } from './proxy-protocol.ts';
import { newGatewayServer, type GatewayServer } from './server.ts';

let authority: CertificateAuthority;
let server: GatewayServer | undefined;

beforeAll(async () => {
  authority = await newCertificateAuthority('authority of a server behind a load balancer');
});

afterEach(() => server?.close());

async function start(handshakeMs = 10_000) {
  const { certificate, key } = await authority.issue({
    commonName: 'gateway',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  const protocol = newProxyProtocol({
    trusted: newAddressRanges(['127.0.0.0/8']),
    timeoutMs: 1_000,
    refused: () => undefined,
  });
  const originOf = newOriginOf({ kind: 'ProxyProtocol', protocol });
  server = newGatewayServer({
    host: '127.0.0.1',
    port: 0,
    certificate: { cert: certificate, key },
    maxConnections: 100,
    timeouts: { handshake: handshakeMs, headers: 5_000, request: 5_000, idle: 5_000 },
    handlers: {
      request: (request, response) => response.end(originOf(request).clientAddress),
      pipelined: (_request, response) => response.end(),
      upgrade: (_request, socket) => socket.destroy(),
    },
    preamble: protocol,
  });
  return server.listen();
}

async function dial(port: number): Promise<Socket> {
  const socket = connectPlain(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** TLS over what has been said before, and one request. */
async function ask(socket: Duplex): Promise<string> {
  const { certificate: ca } = authority.keyPair;
  const secure = connectTls({ socket, ca, servername: 'localhost' });
  let text = '';
  secure.on('data', (chunk: Buffer) => (text += chunk.toString()));
  secure.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(secure, 'close');
  return text;
}

/** A connection whose first bytes go out together with these. */
function withFirst(socket: Socket, first: Buffer): Duplex {
  let prefix = first;
  const joined = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      socket.write(Buffer.concat([prefix, chunk]), done);
      prefix = Buffer.alloc(0);
    },
  });
  socket.on('data', (chunk: Buffer) => joined.push(chunk)).once('close', () => joined.destroy());
  return joined;
}

test('the address before TLS is the client of every request on the connection, whatever its headers say', async () => {
  const { port } = await start();
  const socket = await dial(port);
  socket.write('PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n');
  expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*203\.0\.113\.7/u);
});

test('TLS that arrives in one piece with its header is not lost', async () => {
  const { port } = await start();
  const header = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x0a\0\0\x01\x30\x39\x01\xbb', 'latin1');
  const answer = ask(withFirst(await dial(port), header));
  expect(await answer).toContain('203.0.113.7');
});

test('TLS without a header is closed before a handshake', async () => {
  const { port } = await start();
  await expect(ask(await dial(port))).rejects.toThrow(/ECONNRESET|disconnected|hang up/u);
});

test('a handshake that does not come is not waited for', async () => {
  const { port } = await start(200);
  const socket = await dial(port);
  socket.write('PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n');
  await once(socket, 'close');
  expect(server?.connections()).toBe(0);
});
