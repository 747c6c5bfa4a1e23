import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { DEFAULT_LIMITS } from '../request/limits.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { answerBrokenRequest } from './broken-request.ts';
import type { ServingCertificate } from './tls.ts';

/** What to do with what comes in. */
export interface Handlers {
  /** @param invite answers `Expect: 100-continue`, once the body is wanted. */
  request(request: IncomingMessage, response: ServerResponse, invite: () => void): void;
  /** The socket is the handler's: it answers or destroys it. `head` are bytes that came after the request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A request that is no HTTP was answered by this much. */
  broken?(status: number): void;
}

export interface GatewayServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: ServingCertificate;
  readonly maxConnections: number;
  readonly handlers: Handlers;
}

/** Where callers connect: TLS, HTTP/1.1 and nothing else. */
export interface GatewayServer {
  listen(): Promise<{ readonly port: number }>;
  /** For connections from now on; those that are open keep theirs. */
  useCertificate(certificate: ServingCertificate): void;
  /** Takes no more connections, and ends each open one after its current answer. Resolves when all have ended. */
  drain(): Promise<void>;
  /** Cuts all that is left. */
  close(): void;
  connections(): number;
}

/** Longer than load balancers keep idle connections, so that they close them and not the gateway under a request. */
const KEEP_ALIVE_TIMEOUT = 95_000;
const HEADERS_TIMEOUT = 20_000;
/** For a request to arrive whole. Answers and streams have no bound here. */
const REQUEST_TIMEOUT = 120_000;

export function newGatewayServer({
  host,
  port,
  certificate,
  maxConnections,
  handlers,
}: GatewayServerOptions): GatewayServer {
  const sockets = new Set<Duplex>();
  const server: Server = createServer(
    {
      ...certificate,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      // Asked for, so that callers who have nothing else are told why it is of no use; never believed.
      requestCert: true,
      rejectUnauthorized: false,
      maxHeaderSize: DEFAULT_LIMITS.headerBytes,
      requireHostHeader: true,
      insecureHTTPParser: false,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: 2_000,
      handshakeTimeout: 10_000,
      // Everything that asks for no upgrade that is served gets its answer as a request.
      shouldUpgradeCallback: asksForServedUpgrade,
    },
    (request, response) => handlers.request(request, response, () => undefined),
  );
  server.maxConnections = maxConnections;
  // Node would join or drop repeated headers past this many; all are read, and counted, from rawHeaders.
  server.maxHeadersCount = DEFAULT_LIMITS.headers + 1;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    handlers.request(request, response, () => response.writeContinue()),
  );
  // Headers are judged with all others; Node's own 417 would be no Status.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    handlers.request(request, response, () => undefined),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    handlers.upgrade(request, socket, head),
  );
  server.on('clientError', (error: Error, socket: Duplex) => {
    const status = answerBrokenRequest(error, socket);
    if (status !== undefined) handlers.broken?.(status);
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : port };
    },
    useCertificate: (next) => server.setSecureContext({ ...next, minVersion: 'TLSv1.2' }),
    drain: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    connections: () => sockets.size,
  };
}

function asksForServedUpgrade(request: IncomingMessage): boolean {
  const headers = inboundHeaders(request.rawHeaders);
  return !(headers instanceof Rejection) && headers.upgrade !== undefined;
}
